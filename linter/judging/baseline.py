"""A baseline: the findings that a repository had when it began, so that only new ones count.

An entry is a finding's fingerprint, which names rule, form, object and field and survives moved
lines, below the file that it stands in. A new container with an old fault is a new finding.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterable

from linter.errors import UserError
from linter.whole_file import write_whole
from rules.policy.keys import API_VERSION
from rules.reader import Document, ReadError, decode, read
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import BaselineRow, FindingRow

BASELINE_KIND = "Baseline"

_LISTED = frozenset({"deny", "warn"})
_NEVER = frozenset({"MLG001", "MLG005"})
"""What cannot be read, and a rule that crashed, are no old findings: nobody knows what is there."""

_HEAD = f"""\
# Findings that mlgate does not report again. Written by `mlgate lint --write-baseline`: run that
# again to drop what has been mended. An entry is CODE/form, the object, and the field.
apiVersion: {API_VERSION}
kind: {BASELINE_KIND}
findings:
"""


class BaselineEntry(NamedTuple):
    """A finding by the file that it stands in (absolute) and its fingerprint."""

    file: str
    fingerprint: str


class Baseline(NamedTuple):
    """The entries of a baseline file, repeated where a finding is there twice."""

    path: str
    entries: tuple[BaselineEntry, ...] = ()


def read_baseline(path: str) -> Baseline:
    """The baseline in the file at ``path``. Raises UserError, naming line and column."""
    try:
        with open(path, "rb") as file:
            documents = list(read(decode(file.read())))
    except OSError as error:
        raise UserError(f"mlgate lint: cannot read {path}: {error.strerror}") from None
    except ReadError as error:
        raise UserError(f"{path}:{error}") from None
    if len(documents) != 1:
        raise UserError(f"{path}: {len(documents)} documents; expected one baseline")
    document = documents[0]
    if not isinstance(document, Document):
        raise UserError(f"{path}:{document.line}:{document.column}: {document.reason}")
    return Baseline(path, tuple(_read_entries(path, document)))


def _read_entries(path: str, document: Document) -> Iterable[BaselineEntry]:
    body = document.value
    head = {"apiVersion": API_VERSION, "kind": BASELINE_KIND}
    if not isinstance(body, dict) or any(body.get(key) != value for key, value in head.items()):
        raise UserError(f"{path}:1:1: expected apiVersion {API_VERSION}, kind {BASELINE_KIND}")
    _refuse_unless(isinstance(body.get("findings"), dict), path, document, ("findings",))
    folder = os.path.dirname(os.path.abspath(path))
    for file, marks in body["findings"].items():
        _refuse_unless(isinstance(marks, list), path, document, ("findings", file))
        for index, mark in enumerate(marks):
            _refuse_unless(isinstance(mark, str), path, document, ("findings", file, index))
            yield BaselineEntry(os.path.normpath(os.path.join(folder, file)), mark)


def _refuse_unless(right: bool, path: str, document: Document, at: tuple[Any, ...]) -> None:  # noqa: FBT001
    if right:
        return
    span = document.span(at)
    expected = ("a mapping of files", "a list of findings", "a finding's text")[len(at) - 1]
    raise UserError(f"{path}:{span.line}:{span.column}: expected {expected}")


def compare_with_baseline(
    rows: "Collection[FindingRow]", baseline: Baseline, files: Iterable[str]
) -> "tuple[list[FindingRow], BaselineRow]":
    """The findings that are new, and what became of the baseline's entries.

    ``files`` are all that this run read. An entry of another file that has the same fingerprint
    counts too, so that a file can be moved. Stale are the entries of files that were read, or are
    gone, and that no finding matches.
    """
    seen = {os.path.abspath(file) for file in files}
    # The same file first: a moved one takes no entry that another still needs.
    left = Counter(baseline.entries)
    fresh = [row for row in rows if not (_may_list(row) and _take(left, _identify(row)))]
    moved: dict[str, list[BaselineEntry]] = {}
    for entry in left.elements():
        if entry.file not in seen:
            moved.setdefault(entry.fingerprint, []).append(entry)
    fresh = [row for row in fresh if not (_may_list(row) and _take_moved(left, moved, row))]
    stale = sorted(
        entry for entry in left.elements() if entry.file in seen or not os.path.exists(entry.file)
    )
    folder = os.path.dirname(os.path.abspath(baseline.path))
    return fresh, {
        "file": baseline.path,
        "matched": len(rows) - len(fresh),
        "stale": [
            {"file": _relate(entry.file, folder), "fingerprint": entry.fingerprint}
            for entry in stale
        ],
    }


def write_baseline(
    rows: "Iterable[FindingRow]", path: str, files: Iterable[str]
) -> tuple[int, int]:
    """Write a baseline of the denials and warnings among ``rows`` to ``path``: how many, and in
    how many files. Entries of files that this run did not read, and that are still there, are kept.

    Raises UserError.
    """
    seen = {os.path.abspath(file) for file in files}
    entries = [_identify(row) for row in rows if _may_list(row)]
    if os.path.exists(path):
        old = read_baseline(path).entries
        # A run over a part of the repository drops nothing of the rest.
        entries += [one for one in old if one.file not in seen and os.path.exists(one.file)]
    text = _render(sorted(entries), os.path.dirname(os.path.abspath(path)))
    try:
        write_whole(path, text, errors="surrogateescape")
    except OSError as error:
        raise UserError(f"mlgate lint: cannot write {path}: {error.strerror}") from None
    return len(entries), len({entry.file for entry in entries})


def _render(entries: list[BaselineEntry], folder: str) -> str:
    lines = []
    last = None
    for file, mark in entries:
        if file != last:
            lines.append(f"  {_quote(_relate(file, folder))}:\n")
            last = file
        lines.append(f"    - {_quote(mark)}\n")
    return _HEAD + "".join(lines) if lines else _HEAD.replace("findings:\n", "findings: {}\n")


def _quote(text: str) -> str:
    """A YAML string: JSON's quotes are YAML's too."""
    import json

    return json.dumps(text, ensure_ascii=not text.isprintable())


def _identify(row: "FindingRow") -> BaselineEntry:
    return BaselineEntry(os.path.abspath(row["file"]), row["fingerprint"])


def _may_list(row: "FindingRow") -> bool:
    return row["action"] in _LISTED and row["rule"] not in _NEVER


def _take(left: "Counter[BaselineEntry]", entry: BaselineEntry) -> bool:
    if not left[entry]:
        return False
    left[entry] -= 1
    return True


def _take_moved(
    left: "Counter[BaselineEntry]", moved: dict[str, list[BaselineEntry]], row: "FindingRow"
) -> bool:
    entries = moved.get(row["fingerprint"]) or []
    return bool(entries) and _take(left, entries.pop())


def _relate(file: str, folder: str) -> str:
    return os.path.relpath(file, folder).replace(os.sep, "/")
