"""What a file's documents are: objects, lists of objects, fragments, templates, something else."""

import os
import re
from collections.abc import Iterator

from linter.input.foreign import FOREIGN, describe_foreign, is_object, is_operations
from linter.input.kustomization_files import KUSTOMIZATION_NAMES
from rules.lazy_pattern import LazyPattern
from rules.paths import Path
from rules.reader import Document, Part, Unreadable, read, read_one
from rules.record import NamedTuple
from rules.type_names import Any

MARKER = "mlgate"
"""A text without it has no ignore comment (linter/suppression/scopes.py)."""

EMPTY = "empty"
NAMED_EMPTY = "empty: the file that was named has no content"
TEMPLATE = "unrendered chart template"
RENDER = "judge what it renders: `mlgate lint --helm CHART`"

_KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}

_HELM = LazyPattern(r"\{\{-?\s*(?:\.(?:Values|Release|Chart|Capabilities|Files)\b|include\s+\")")
"""What only Helm fills in. Argo, Go templates in KServe's presets and alerting rules have braces
of their own."""

_ARGO = "inputs|outputs|workflow|steps|tasks|item|pod|retries|lastRetry|cronworkflow"
_DIRECTIVE = LazyPattern(
    r"\{\{-|-\}\}|\{\{\s*(?:\.|\$|/\*|(?:if|else|end|range|with|define|include|template|block)\b)"
    r"|^[ \t]*(?:- )?(?:[\w./-]+:[ \t]+)?\{\{(?![ \t]*(?:=|(?:" + _ARGO + r")\b))"
    r"|\{%",
    re.MULTILINE,
)
"""Directives that keep a text from being YAML before it is rendered. An Argo placeholder that
lacks its quotes is not among them: that manifest is broken."""


_SEPARATOR = LazyPattern("^---", re.MULTILINE)
_LOOKED_AT = 1_000_000
"""Characters of a document in which a directive is looked for."""


class Entry(NamedTuple):
    """One object: in which file and document, and at which path of it."""

    file: str
    document: Document
    prefix: Path
    body: dict[str, Any]

    def read_text(self, path: Path) -> str:
        """The text in the file of a scalar of the object."""
        return self.document.written((*self.prefix, *path))


class Skipped(NamedTuple):
    """A document that holds nothing to judge. ``document`` is None where the whole file is meant.

    ``expected``: it was no manifest on purpose, even if named.
    """

    document: int | None
    reason: str
    line: int | None = None
    column: int | None = None
    expected: bool = False
    hint: str = ""


class Contents(NamedTuple):
    """What a file holds. Each of its ``documents`` is among the entries, skipped or broken.

    ``templated`` are the numbers of documents that could be read though Helm has not filled them
    in: what it would fill in is unknown. ``operations`` are those of JSON Patches: whether anybody
    knows what they are for is not told here. ``loose`` are documents without an object, in which
    somebody may have written to mlgate all the same.
    """

    documents: int
    entries: tuple[Entry, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    broken: tuple[Unreadable, ...] = ()
    templated: tuple[int, ...] = ()
    operations: tuple[Document, ...] = ()
    loose: tuple[Document, ...] = ()


def read_contents(file: str, text: str) -> Contents:
    """The documents of ``text``, which stands in ``file`` (a path, for the names of charts and
    kustomizations)."""
    if is_unrendered(file, text):
        return Contents(1, skipped=(Skipped(None, TEMPLATE, hint=RENDER),))
    found = read_part(file, Part(text.removeprefix("\ufeff")))
    loose = [one for one in found.loose if found.entries or one.value is None]
    return found._replace(loose=tuple(loose))


def read_part(file: str, part: Part) -> Contents:
    """The same of a part of a text; ``loose`` are then all documents without an object."""
    collector = _Collector(file, part)
    for document in read_one(part):
        collector.take(document)
    return collector.export()


def is_unrendered(file: str, text: str) -> bool:
    """Whether a text is a template of the chart that its file is in."""
    return _has_braces(text) and is_chart_template(file)


def _has_braces(text: str) -> bool:
    return "{{" in text or "{%" in text


class _Collector:
    """What is found in a file or a part of one, document by document."""

    def __init__(self, file: str, part: Part) -> None:
        self._file = file
        self._part = part
        self._braces = _has_braces(part.text)
        self._pieces: _Pieces | None = None
        self._documents = 0
        self._entries: list[Entry] = []
        self._skipped: list[Skipped] = []
        self._broken: list[Unreadable] = []
        self._templated: list[int] = []
        self._operations: list[Document] = []
        self._loose: list[Document] = []

    def take(self, document: Document | Unreadable) -> None:
        self._documents += 1
        if isinstance(document, Unreadable):
            self._take_broken(document)
        elif is_operations(document.value):
            self._operations.append(document)
        else:
            found = _find_entries(self._file, document, self._skipped)
            self._entries += found
            if not found and MARKER in document.text:
                self._loose.append(document)
            if self._braces and found and _awaits_helm(document):
                self._templated.append(document.number)

    def _take_broken(self, document: Unreadable) -> None:
        if self._braces and self._pieces is None:
            self._pieces = _Pieces(self._part)
        if self._pieces is not None and self._pieces.is_template(document):
            place = document.number, TEMPLATE, document.line, document.column
            self._skipped.append(Skipped(*place, hint=RENDER))
        else:
            self._broken.append(document)

    def export(self) -> Contents:
        return Contents(
            self._documents,
            tuple(self._entries),
            tuple(self._skipped),
            tuple(self._broken),
            tuple(self._templated),
            tuple(self._operations),
            tuple(self._loose),
        )


def read_bodies(text: str) -> list[Any]:
    """The values of the documents that can be read."""
    return [document.value for document in read(text) if isinstance(document, Document)]


def is_chart_template(file: str) -> bool:
    """Whether ``file`` stands in the ``templates`` folder of a Helm chart."""
    folder = os.path.dirname(os.path.abspath(file))
    while (parent := os.path.dirname(folder)) != folder:
        chart = os.path.join(parent, "Chart.yaml")
        if os.path.basename(folder) == "templates" and os.path.isfile(chart):
            return True
        folder = parent
    return False


def is_list(body: dict[str, Any]) -> bool:
    """Whether an object is a List, or a typed one such as JobList: its items are the objects."""
    return str(body.get("kind")).endswith("List") and isinstance(body.get("items"), list)


def _find_entries(file: str, document: Document, skipped: list[Skipped]) -> list[Entry]:
    """The document's objects; what holds none, and a List's items that are none, are skipped."""
    body = document.value
    if os.path.basename(file) in KUSTOMIZATION_NAMES and isinstance(body, dict):
        # kustomize lets both keys be left out; the file's name says what it is.
        body = {**_KUSTOMIZATION, **body}
    found = [] if body is None else list(list_objects(body))
    if not found:
        skipped.append(Skipped(document.number, EMPTY, expected=True))
    entries = [Entry(file, document, path, one) for path, one in found if one is not None]
    skipped += [_skip(document, path) for path, one in found if one is None]
    return entries


def _skip(document: Document, path: Path) -> Skipped:
    """What stands at ``path`` and is no object: the whole document, or an item of a list."""
    place = document.key_span(path)[:2]
    if path:
        return Skipped(document.number, f"{FOREIGN} (item {path[-1]} of the list)", *place)
    reason, hint = describe_foreign(document.value)
    return Skipped(document.number, reason, *place, hint=hint)


def list_objects(body: Any) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """The objects in ``body`` with their paths; None stands for what is no object.

    Lists in lists are opened too. The API server's typed lists leave their items' kind out.
    """
    pending: list[tuple[Path, Any]] = [((), body)]
    while pending:
        path, one = pending.pop()
        if not is_object(one):
            yield path, None
        elif not is_list(one):
            yield path, one
        else:
            # JobList holds Jobs: the API server leaves kind and apiVersion out of the items of
            # typed lists.
            typed = {"apiVersion": one["apiVersion"], "kind": one["kind"].removesuffix("List")}
            # The stack is emptied from its end: reversed, the items come in written order.
            for index, item in reversed(list(enumerate(one["items"]))):
                named = {**typed, **item} if typed["kind"] and isinstance(item, dict) else item
                pending.append(((*path, "items", index), named))


def _awaits_helm(document: Document) -> bool:
    """Whether a value of one line is Helm's to fill in. Text of more lines is data that an
    object holds: a template in a ConfigMap, a description."""
    if _HELM.search(document.text) is None:
        return False
    return any("\n" not in text and _HELM.search(text) for text in _strings(document.value))


def _strings(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, list):
            pending += one


class _Pieces:
    """The pieces of a text between its ``---`` lines: where each begins, by line and by index."""

    def __init__(self, part: Part) -> None:
        self._text = text = part.text
        self._starts = [0]
        self._lines = [part.line + 1]
        for match in _SEPARATOR.finditer(text):
            self._lines.append(self._lines[-1] + text.count("\n", self._starts[-1], match.start()))
            self._starts.append(match.start())
        self._starts.append(len(text))

    def is_template(self, broken: Unreadable) -> bool:
        """Whether a document that could not be read waits to be rendered."""
        from bisect import bisect_right

        index = bisect_right(self._lines, broken.line) - 1
        if index and broken.column == 1 and self._lines[index] == broken.line:
            index -= 1  # it ends where the next one begins
        start, end = self._starts[index], self._starts[index + 1]
        return _DIRECTIVE.search(self._text, start, min(end, start + _LOOKED_AT)) is not None
