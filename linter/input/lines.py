"""The lines of a text as YAML counts them: they end with LF, CR LF or CR, and nothing else."""

import re

LINE_BREAK = re.compile(r"\r\n|\n|\r")


def split_lines(text: str) -> list[str]:
    """The lines of ``text`` without their ends."""
    return LINE_BREAK.split(text)
