"""Rules on the input itself."""
