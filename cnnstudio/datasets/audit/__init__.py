"""The audit: measures of every picture, and findings that follow from them."""
