"""What teaches: benches that calculate as one would on a blackboard, lessons with tasks, assignments."""
