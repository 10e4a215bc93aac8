"""Text that is safe to print, wherever it came from."""


def printable(text: str) -> str:
    """The text without line breaks and control characters, which could write to a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text)


def cut_end(text: str, most: int) -> str:
    """The text, or its beginning where it has more than ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def cut_middle(text: str, most: int) -> str:
    """The text, or its two ends where it has more than ``most`` characters."""
    if len(text) <= most:
        return text
    tail = most // 2
    return f"{text[: most - tail - 1]}…{text[-tail:]}"
