"""Rules on what an organisation decides: off until its policy says something."""
