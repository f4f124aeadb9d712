"""The tour: it opens the sample, trains it, lets the user draw, and shows why."""
