"""The course: lessons to read, with tasks that are done in the program and check themselves."""
