"""Setting up a search: what varies, by what it is judged, and how it goes on."""
