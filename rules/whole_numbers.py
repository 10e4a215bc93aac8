"""Whole numbers in texts that anybody may have written."""

_MOST_DIGITS = 18  # of which any number fits into 64 bits


def parse_whole(text: str) -> int | None:
    """``"16"`` as a number; None for what is no row of digits, or too long a one: Python refuses to
    read thousands of them."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None
