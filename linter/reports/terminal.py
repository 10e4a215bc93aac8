"""Text that is safe to print: manifests are other people's, and a terminal obeys what it reads."""

import os

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;34",
    "good": "1;32",
    "frame": "1;34",
    "strong": "1",
    "dim": "2",
}


def paint(text: str, style: str, *, colour: bool) -> str:
    """``text`` in a style (a severity, ``good``, ``frame``, ``strong``, ``dim``), if at all."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour else text


def link(text: str, url: str, *, links: bool) -> str:
    """``text`` as a link (OSC 8), if at all. ``url`` holds nothing that a terminal obeys."""
    return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if links else text


def file_url(path: str) -> str:
    """The URL of a file (absolute); all but plain characters are percent-encoded."""
    return "file://" + "".join(map(_encode_byte, os.fsencode(path)))


def _encode_byte(byte: int) -> str:
    character = chr(byte)
    plain = byte < 0x80 and (character.isalnum() or character in "/-._~")
    return character if plain else f"%{byte:02X}"


def escape(text: str) -> str:
    """``text`` in one line, with a backslash sequence for each character that does not print:
    control characters, escape sequences, marks that turn the writing direction, lone surrogates."""
    if text.isprintable():
        return text
    return "".join(map(_escape_character, text))


def expand_line(text: str) -> list[str]:
    """What stands on the screen for each character of a line: a tab is four spaces."""
    if text.isprintable():
        return list(text)
    return ["    " if one == "\t" else _escape_character(one) for one in text]


def width(text: str) -> int:
    """How many columns a terminal gives to printable ``text``."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _escape_character(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def _character_width(character: str) -> int:
    import unicodedata

    # Combining marks stand on the character before.
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
