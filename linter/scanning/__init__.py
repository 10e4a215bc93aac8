"""A live cluster judged: what runs there, as the linter judges files."""
