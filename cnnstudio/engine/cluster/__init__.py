"""What several hosts need that train one network together, in their child processes and before."""
