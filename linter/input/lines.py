"""The lines of a text as YAML counts them: they end with LF, CR LF or CR, and nothing else."""

from rules.lazy_pattern import LazyPattern

LINE_BREAK = LazyPattern(r"\r\n|\n|\r")


def split_lines(text: str) -> list[str]:
    """The lines of ``text`` without their ends."""
    return LINE_BREAK.split(text) if "\r" in text else text.split("\n")
