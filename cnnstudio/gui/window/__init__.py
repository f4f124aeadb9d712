"""The main window, what surrounds its pages, and all wiring between them."""
