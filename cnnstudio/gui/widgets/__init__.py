"""The widgets that all pages are made of. Each module holds one family."""
