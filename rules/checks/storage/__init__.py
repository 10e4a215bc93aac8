"""Rules on what outlives a pod."""
