"""Hyperparameter searches: trials that are ordinary runs, proposed and judged by Optuna."""
