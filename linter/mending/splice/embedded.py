"""Edits of a manifest that is a string in another object, written as a literal block."""

import difflib
import io
from collections.abc import Iterable, Iterator

from linter.mending.splice.difference import replace_spans, splice
from linter.mending.splice.nodes import Change, Unspliceable, content_end, line_end
from linter.mending.splice.source_text import SourceText, find_node
from rules.model import Edit
from rules.paths import Path, dotted
from rules.reader import Document, read
from rules.type_names import Any


def splice_embedded(text: str, value: Any, path: Path, number: int, edits: Iterable[Edit]) -> str:
    """``text``, which reads as ``value``, with ``edits`` made to a manifest in the string at
    ``path``: its document ``number``, from 0.

    Only a literal block (``|``) is edited, and only the lines that the edits need: raises
    ``Unspliceable`` otherwise. The caller reads the result and compares.
    """
    source = SourceText(text)
    node = find_node(source, value, path)
    if node.kind != "scalar" or node.style != "|":
        raise Unspliceable(f"{dotted(path)}: the manifest inside is not a literal block (|)")
    start = line_end(source.text, node.body)
    lines = _lines(source.text[start : line_end(source.text, content_end(source.text, node))])
    width = _width(lines, node.value)
    # Blank lines may have less than the block's indentation.
    before = [line[min(width, len(line.rstrip("\r\n"))) :] for line in lines]
    if "".join(before).replace("\r\n", "\n").rstrip() != node.value.rstrip():
        raise Unspliceable(f"{dotted(path)}: the lines of the manifest inside were not understood")
    after = _lines(_splice_document("".join(before), number, edits))
    return replace_spans(source.text, _changes(start, lines, before, after, " " * width))


def _splice_document(text: str, number: int, edits: Iterable[Edit]) -> str:
    for document in read(text):
        if isinstance(document, Document) and document.number == number:
            start = find_document(text, document, 0)
            end = start + len(document.text)
            return text[:start] + splice(document.text, document.value, edits) + text[end:]
    raise Unspliceable("the manifest inside was not found in its lines")


def find_document(text: str, document: Document, at: int) -> int:
    """Where in ``text``, from ``at``, the text of one of its documents stands."""
    found = text.find(document.text, at)
    # The same text may stand there twice; its line says which of them is meant.
    while found >= 0 and text.count("\n", 0, found) != document.line:
        found = text.find(document.text, found + 1)
    if found < 0:
        raise LookupError(f"document {document.number} does not stand in its text")
    return found


def _lines(text: str) -> list[str]:
    """Lines with their ends; nothing but a line feed ends one."""
    return io.StringIO(text, newline="\n").readlines()


def _width(lines: list[str], value: str) -> int:
    """How many spaces the block's content is indented by."""
    raw = next((line for line in lines if line.strip()), "")
    first = next((line for line in value.split("\n") if line.strip()), "")
    return (len(raw) - len(raw.lstrip(" "))) - (len(first) - len(first.lstrip(" ")))


def _changes(
    start: int, lines: list[str], before: list[str], after: list[str], indent: str
) -> Iterator[Change]:
    """The outer lines of every inner line that differs."""
    offsets = [start]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    # autojunk drops lines that are frequent, such as `---`, from long texts.
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag != "equal":
            fresh = (indent + line if line.strip() else line for line in after[new_first:new_last])
            yield Change(offsets[first], offsets[last], "".join(fresh))
