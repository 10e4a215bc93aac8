"""The tests' own manifests: what each says it expects, and what the engine finds in it."""

import datetime
import re
from pathlib import Path
from typing import NamedTuple

from rules.engine import Engine
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.model import Finding
from rules.policy import Policy
from rules.reader import Document, read

CASES = Path(__file__).parent / "cases"
TODAY = datetime.date(2026, 6, 1)
_EXPECT = re.compile(
    r"  # expect: (?P<codes>[A-Z0-9]+(?:/[a-z-]+)?(?:, [A-Z0-9]+(?:/[a-z-]+)?)*)$", re.MULTILINE
)


class Case(NamedTuple):
    """A manifest without its expectations, and those: (line from 1, CODE or CODE/form)."""

    path: Path
    text: str
    expected: list[tuple[int, str]]

    @property
    def fixed(self) -> Path:
        return self.path.with_suffix(".fixed.yaml")


class Found(NamedTuple):
    """A finding with its document and line (from 1)."""

    document: Document
    finding: Finding
    line: int


def read_case(path: Path) -> Case:
    marked = path.read_text()
    expected = [
        (number, code)
        for number, line in enumerate(marked.splitlines(), 1)
        for match in _EXPECT.finditer(line)
        for code in match["codes"].split(", ")
    ]
    return Case(path, _EXPECT.sub("", marked), expected)


def read_cases() -> list[Case]:
    paths = sorted(CASES.glob("*/*.yaml"))
    return [read_case(path) for path in paths if ".fixed" not in path.name]


def read_documents(text: str) -> list[Document]:
    """Every document of a text; a test's own manifest that cannot be read fails the test."""
    documents = list(read(text))
    assert all(isinstance(document, Document) for document in documents), documents
    return [document for document in documents if isinstance(document, Document)]


def find(text: str, policy: Policy | None = None) -> list[Found]:
    """All findings of a text, in the order of their lines."""
    documents = [one for one in read_documents(text) if isinstance(one.value, dict)]
    inventory = Inventory()
    engine = Engine(policy or Policy(), inventory, TODAY)
    manifests = [Manifest(document.value) for document in documents]
    for manifest in manifests:
        kind = engine.kind_of(manifest)
        if kind is not None:
            inventory.add(manifest, kind)
    found = [
        Found(document, finding, locate(document, finding))
        for document, manifest in zip(documents, manifests, strict=True)
        for finding in engine.evaluate(manifest).findings
    ]
    return sorted(found, key=lambda one: (one.line, one.finding.rule))


def locate(document: Document, finding: Finding) -> int:
    """The line on which a finding stands, inside embedded text too."""
    embedded = finding.embedded
    if embedded is None or not embedded.text:
        return document.span(finding.path).line
    inner = next(one for one in document.embedded(finding.path) if one.number == embedded.number)
    assert isinstance(inner, Document)
    return inner.span(embedded.path).line
