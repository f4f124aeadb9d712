"""`cnnstudio coach`."""
