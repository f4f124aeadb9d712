"""Child processes: starting and watching them, what is said to them, and the folder a run leaves."""
