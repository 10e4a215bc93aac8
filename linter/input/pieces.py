"""What is read at a time: a file, or one document of a large text.

A large text is divided at its document marks, so that several processes can judge it and none has
to hold all that it says.
"""

import os
from collections.abc import Container, Iterable, Iterator

from linter.input.documents import Contents, is_unrendered, read_contents, read_part
from linter.input.entries import is_manifest
from linter.input.foreign import names_object
from linter.input.kustomization_files import KUSTOMIZATION_NAMES, FolderKustomizations
from linter.input.sources import STDIN, Source, SourceError, read_source
from rules.reader import Part, ReadError, Unreadable, decode, divide
from rules.record import NamedTuple

LARGE = 1_000_000
"""Bytes of a text from which on it is divided."""


class Piece(NamedTuple):
    """A file to read, bytes that came by standard input, or one document of a large text.

    ``named`` on the command line, as ``Source`` says; ``size`` in bytes, or characters.
    """

    file: str
    content: Source | bytes | Part
    named: bool
    size: int

    @property
    def number(self) -> int:
        """How many documents of its file stand before it."""
        return self.content.number if isinstance(self.content, Part) else 0

    @property
    def whole(self) -> bool:
        return not isinstance(self.content, Part)


def cut_sources(sources: Iterable[Source], *, hook: bool) -> Iterator[Piece]:
    """The pieces of files. ``hook``: another program named them, so that their names say nothing of
    what they hold."""
    for source in sources:
        whole = Piece(source.path, source, source.named, source.size)
        if source.size < LARGE:
            yield whole
            continue
        try:
            yield from _cut(whole, read_source(source), hook=hook)
        except SourceError:
            yield whole  # whoever reads it says what is wrong


def cut_texts(
    texts: Iterable[tuple[str, bytes]], *, hook: bool, walked: Container[str] = ()
) -> Iterator[Piece]:
    """The pieces of what was read from standard input, or is staged: name and bytes of each.
    Those in ``walked`` were met on a walk, and not named."""
    for name, raw in texts:
        whole = Piece(name, raw, named=name not in walked, size=len(raw))
        yield from _cut(whole, raw, hook=hook) if len(raw) >= LARGE else (whole,)


def _cut(whole: Piece, raw: bytes, *, hook: bool) -> list[Piece]:
    """A large file in pieces; itself where all of it together tells what becomes of it."""
    file = whole.file
    try:
        text = decode(raw)
    except ReadError:
        return [whole]  # as above
    must_read = (whole.named and not hook) or (is_manifest(file) and names_object(text))
    if not must_read or is_unrendered(file, text) or _is_customized(file):
        return [whole]
    parts = list(divide(text))
    if len(parts) < 2:
        return [whole]
    return [Piece(file, part, whole.named, len(part.text)) for part in parts]


def _is_customized(file: str) -> bool:
    """Whether a kustomization may say what a file is for, or the file is one."""
    if file == STDIN:
        return False
    beside = FolderKustomizations(lambda _path: [None])
    return os.path.basename(file) in KUSTOMIZATION_NAMES or beside.look_above(file)


def read_piece(piece: Piece) -> tuple[str, Contents]:
    """The text of a piece and what it holds; of bytes that are no text the words. Raises
    SourceError."""
    if isinstance(piece.content, Part):
        return piece.content.text, read_part(piece.file, piece.content)
    raw = piece.content if isinstance(piece.content, bytes) else read_source(piece.content)
    try:
        text = decode(raw)
    except ReadError as error:
        broken = Unreadable(0, error.line, error.column, error.reason)
        return raw.replace(b"\0", b"").decode("latin-1"), Contents(1, broken=(broken,))
    return text, read_contents(piece.file, text)
