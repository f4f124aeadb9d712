"""What is seen and done while a network trains."""
