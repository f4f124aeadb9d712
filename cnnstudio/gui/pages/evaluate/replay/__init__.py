"""The time machine: kept epochs of a run, one after the other, and films of them."""
