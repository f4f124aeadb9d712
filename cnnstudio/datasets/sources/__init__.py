"""Where pictures come from besides class folders, and where a curated collection goes."""
