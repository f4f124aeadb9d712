"""Analysis of a network: shapes, structure, checks, advice, fixes."""
