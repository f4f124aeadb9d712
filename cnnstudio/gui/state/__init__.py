"""What pages share: the open project, its pictures, jobs. No widgets."""
