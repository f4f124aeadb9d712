"""State shared by the pages: the open project, its pictures, jobs. No widgets."""
