"""Exports: written, reopened by their own runtime, compared, and moved into place."""
