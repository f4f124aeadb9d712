"""The main window, its frame around the pages, and the connections between them."""
