"""The audit: measures of every picture, and what they say is wrong, as findings."""
