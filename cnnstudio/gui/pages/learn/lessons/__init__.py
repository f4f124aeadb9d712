"""The lessons on the Learn page: their list, their pages, and the tasks beside the work."""
