"""Dialogs of the Data page: adding, recording, downloading and exporting pictures."""
