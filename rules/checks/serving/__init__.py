"""Rules on model servers."""
