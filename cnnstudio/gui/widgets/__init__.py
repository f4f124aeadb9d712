"""The widgets of all pages. Each module holds one family."""
