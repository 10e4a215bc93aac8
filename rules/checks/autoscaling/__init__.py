"""Rules on autoscalers."""
