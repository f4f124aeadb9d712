"""What the benches draw with: matrices as on a blackboard, sums written out, and the controls that play them."""
