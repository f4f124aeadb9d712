"""What is known of a network as such: shapes, structure, checks, advice, fixes."""
