"""The look of the program: tokens, style sheet, icons."""
