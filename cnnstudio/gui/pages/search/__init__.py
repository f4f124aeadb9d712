"""The page of hyperparameter searches: what is varied, how it goes, and what was found."""
