"""The HTTP service for a trained model: requests come in here, a child process of the engine answers them in batches."""
