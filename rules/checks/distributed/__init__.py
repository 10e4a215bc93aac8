"""Rules on what several pods do together."""
