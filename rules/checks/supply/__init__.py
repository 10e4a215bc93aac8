"""Rules on what is brought in, and on secrets."""
