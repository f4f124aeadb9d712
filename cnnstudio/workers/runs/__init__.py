"""What is known of runs: their folders, names, groups, weights and figures."""
