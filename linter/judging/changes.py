"""Which documents of a file have changed: a change of one is no reason to read of all others."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from linter.input.revisions import FileChange
from rules.reader import Document, ReadError, Unreadable, decode, read
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow, RelatedRow


def select_changed(
    rows: "Iterable[FindingRow]",
    changes: Mapping[str, FileChange],
    read_bytes: Callable[[str], bytes],
) -> "list[FindingRow]":
    """The findings in documents that changed, or that speak of a place in one that did, and rules
    that crashed: they have judged nothing.

    ``read_bytes`` gives a changed file as it was judged, and raises OSError: in what has gone since
    there is nothing to say of.
    """
    changed: set[tuple[str, int]] = set()
    for file, change in changes.items():
        with suppress(OSError):
            numbers = find_changed_documents(change.before, read_bytes(file))
            changed.update((file, number) for number in numbers)
    return [row for row in rows if _touches(row, changed)]


def _touches(row: "FindingRow", changed: set[tuple[str, int]]) -> bool:
    places: list[FindingRow | RelatedRow] = [row, *row["related"]]
    return row["rule"] == "MLG005" or any(
        (place["file"], place["document"]) in changed for place in places
    )


def find_changed_documents(before: bytes | None, after: bytes) -> set[int]:
    """Numbers of the documents of ``after`` whose text did not stand in ``before``, wherever there.

    The text counts, and not the object: a comment that went may have been an ignore. What cannot
    be read has changed.
    """
    old = {_content(one) for one in _read(before or b"")}
    return {
        one.number
        for one in _read(after)
        if isinstance(one, Unreadable) or _content(one) not in old
    }


def _content(document: "Document | Unreadable") -> str | None:
    """A document's text without what parts it from others."""
    if isinstance(document, Unreadable):
        return None
    return document.text.removeprefix("---").strip()


def _read(raw: bytes) -> "list[Document | Unreadable]":
    try:
        return list(read(decode(raw)))
    except ReadError:
        return []
