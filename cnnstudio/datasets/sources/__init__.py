"""Sources of pictures besides class folders, and the export of a curated collection."""
