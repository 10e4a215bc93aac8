"""The webhook configurations: what is registered, and how it is kept."""
