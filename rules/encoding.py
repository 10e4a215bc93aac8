"""The text in a file's bytes."""

from rules.marks import position

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class ReadError(Exception):
    """Bytes that are no text: where (from 1) and why."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(f"{line}:{column}: {reason}")
        self.line = line
        self.column = column
        self.reason = reason


def decode(raw: bytes) -> str:
    """The text in ``raw``: UTF-8, or UTF-16 with a byte order mark, as ``kubectl`` takes them.

    Raises ReadError at the first NUL or byte that is not of that encoding.
    """
    encoding = "utf-16" if raw.startswith(_UTF16) else "utf-8"
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode(encoding, "ignore")
        reason = f"not {encoding.upper()}: {error.reason}"
        raise ReadError(*position(before, len(before)), reason) from None
    if "\0" in text:
        raise ReadError(*position(text, text.index("\0")), "NUL character: this is no text")
    return text
