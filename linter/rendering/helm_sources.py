"""From a line that Helm rendered back to the line of the template that wrote it.

A template is no YAML. Its lines, and those of what was rendered, are told apart by the keys that
they stand under: a line is claimed where it is the only one of its kind. What a helper or a value
filled in stands in no line of the template, and is shown at the key around it.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import pairwise

from linter.input.lines import split_lines
from linter.input.sources import Source, SourceError, read_source
from rules.lazy_pattern import LazyPattern
from rules.reader import ReadError, decode
from rules.record import NamedTuple

_LINE = LazyPattern(r"( *)((?:- +)*)(.*)")
_KEY = LazyPattern(r"""["']?([\w./-]+)["']?:(?:[ \t]+(.*))?$""")
_DIRECTIVE_LINE = LazyPattern(r"\{\{.*\}\}")
_SEPARATOR_LINE = LazyPattern(r"---(?:\s|$)")


class OutlineLine(NamedTuple):
    """A line (from 1) with the keys around it and its own, the column (from 1) of its text, and
    where its value begins in that (0: it has none)."""

    line: int
    column: int
    chain: tuple[str, ...]
    text: str
    value: int


class TemplatePlace(NamedTuple):
    """A place in a template: lines and columns from 1, its end exclusive."""

    line: int
    column: int
    end_column: int


def outline(lines: Sequence[str], first: int = 1) -> Iterator[OutlineLine]:
    """The lines that say something, by their indentation. ``first`` is the number of the first."""
    around: list[tuple[int, str]] = []
    for number, line in enumerate(lines, first):
        match = _LINE.match(line)
        indent, dashes, text = match.groups() if match else ("", "", "")
        text = text.rstrip(" \t\r")
        if not text or text.startswith("#") or _DIRECTIVE_LINE.fullmatch(text):
            continue
        column = len(indent) + len(dashes)
        while around and around[-1][0] >= column:
            around.pop()
        key = _KEY.match(text)
        around.append((column, key[1] if key else text))
        chain = tuple(name for _, name in around)
        yield OutlineLine(number, column + 1, chain, text, key.start(2) if key and key[2] else 0)


class ChartSources:
    """The templates of a chart in a folder; what is packed, or elsewhere, has none."""

    def __init__(self, chart: str) -> None:
        self._chart = chart
        self._templates: dict[str, list[str] | None] = {}

    def find_file(self, source: str) -> str | None:
        """The file that ``# Source: source`` names; its first part is the chart's name."""
        _, _, below = source.partition("/")
        file = os.path.normpath(os.path.join(self._chart, below))
        return file if below and self._read(file) is not None else None

    def find(self, file: str, rendered: str, line: int, column: int) -> TemplatePlace | None:
        """Where that stands in a template which the document ``rendered`` has at ``line`` (from 1)
        and ``column`` of its own."""
        lines = split_lines(rendered)
        own = list(outline(lines))
        found = next((one for one in own if one.line == line), None)
        template = self._read(file)
        if found is None or template is None:
            return None
        known = list(_select_section(template, own))
        for depth in range(len(found.chain), 0, -1):
            chain = found.chain[:depth]
            place = _pick(found, chain, own, known)
            if place is not None:
                whole = depth == len(found.chain)
                return _point(place, found, column if whole else None)
        return None

    def _read(self, file: str) -> list[str] | None:
        if file not in self._templates:
            try:
                raw = read_source(Source(file, file, 0, named=False))
                self._templates[file] = split_lines(decode(raw).removeprefix("\ufeff"))
            except (SourceError, ReadError):
                self._templates[file] = None
        return self._templates[file]


def _select_section(template: Sequence[str], own: Sequence[OutlineLine]) -> Iterator[OutlineLine]:
    """The lines of the template that may have written a document: of several sections those that
    say its kind, if any does."""
    starts = [at for at, line in enumerate(template) if _SEPARATOR_LINE.match(line)]
    bounds = [0, *(at + 1 for at in starts), len(template) + 1]
    sections = [
        list(outline(template[start : end - 1], start + 1)) for start, end in pairwise(bounds)
    ]
    kind = next((one.text for one in own if one.chain == ("kind",)), None)
    of_kind = [one for one in sections if any(line.text == kind for line in one)]
    for section in of_kind or sections:
        yield from section


def _pick(
    found: OutlineLine,
    chain: tuple[str, ...],
    own: Sequence[OutlineLine],
    known: Sequence[OutlineLine],
) -> OutlineLine | None:
    """The one line of a template under these keys; of several the one of the same text, or the one
    of the same number."""
    there = [one for one in known if one.chain == chain]
    alike = [one for one in there if one.text == found.text]
    if len(there) == 1 or len(alike) == 1:
        return (there if len(there) == 1 else alike)[0]
    here = [one for one in own if one.chain == chain]
    if len(here) == len(there) and found in here:
        return there[here.index(found)]
    return None


def _point(place: OutlineLine, found: OutlineLine, column: int | None) -> TemplatePlace:
    """The value in a template's line, or its key: ``column`` (None: the key) is where in the
    rendered line the value stands."""
    key_end = place.column + len(place.text.partition(":")[0])
    if column is None or not place.value or column < found.column + found.value:
        return TemplatePlace(place.line, place.column, key_end)
    start = place.column + place.value
    return TemplatePlace(place.line, start, place.column + len(place.text))
