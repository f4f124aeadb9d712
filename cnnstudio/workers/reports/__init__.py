"""Reports about runs, to be read without the program."""
