"""Rules on scheduled retraining."""
