"""Rules on training runs."""
