"""The tests' own manifests: what each says it expects, and what the engine finds in it."""

import datetime
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from rules.checks import ALL, BY_CODE
from rules.engine import Engine
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.model import Finding
from rules.policy import Policy
from rules.policy.file import read_policy
from rules.reader import Document, read

CASES = Path(__file__).parent / "cases"
TODAY = datetime.date(2026, 6, 1)
_EXPECT = re.compile(
    r"  # expect: (?P<codes>[A-Z0-9]+(?:/[a-z-]+)?(?:, [A-Z0-9]+(?:/[a-z-]+)?)*)$", re.MULTILINE
)


_POLICY = re.compile(r"\A# policy: (?P<policy>.*)$", re.MULTILINE)
_CODE = re.compile(r"\b[A-Z]{3}\d{3}\b")


class Case(NamedTuple):
    """A manifest without its expectations, and those: (line from 1, CODE or CODE/form).

    ``header`` is what its first line says of the policy that it is judged under: rules with their
    parameters, and beside them any other key of a policy file. ``judges`` are the rules that judge
    it: in a rule's folder that rule and those that its text names, so that a new rule changes no
    old case; all of them elsewhere.
    """

    path: Path
    text: str
    expected: list[tuple[int, str]]
    header: dict[str, Any]
    judges: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def bad(self) -> bool:
        return self.path.name.startswith("bad-")

    @property
    def fixed(self) -> Path:
        """What is left of it after its safe fixes."""
        return self.path.with_suffix(".fixed.yaml")

    @property
    def report(self) -> Path:
        """What ``mlgate lint`` says of it."""
        return self.path.with_suffix(".txt")

    @property
    def policy_text(self) -> str:
        others = {rule.code: "off" for rule in ALL if rule.code not in self.judges}
        return write_policy({**others, **self.header})

    @property
    def policy(self) -> Policy:
        return _read_policy(self.policy_text)

    @property
    def readable(self) -> bool:
        """Whether every document of it can be read."""
        return all(isinstance(document, Document) for document in read(self.text))

    @property
    def complete(self) -> bool:
        """Whether it is all that there is in its namespaces."""
        return self.path.name.startswith(("good-complete-", "bad-complete-"))

    @property
    def kustomized(self) -> bool:
        """Whether it is a kustomization, built from the folders that stand beside the cases."""
        return self.path.name.endswith("-kustomization.yaml")

    @property
    def whole(self) -> bool:
        """Whether a cluster could be given it: it can be read as objects, and none is a patch."""
        return (
            self.readable
            and not self.kustomized
            and not self.path.name.startswith(("good-patch-", "bad-patch-"))
            and all(isinstance(one.value, dict) for one in read_documents(self.text))
        )


class Found(NamedTuple):
    """A finding with its document and line (from 1)."""

    document: Document
    finding: Finding
    line: int


def write_policy(header: dict[str, Any]) -> str:
    """The policy file that a case's header stands for."""
    rules = {key: value for key, value in header.items() if _CODE.match(key)}
    others = {key: value for key, value in header.items() if key not in rules}
    return json.dumps(
        {"apiVersion": "mlgate.dev/v1", "kind": "Policy", "rules": rules, **others}, indent=1
    )


@cache
def _read_policy(text: str) -> Policy:
    return read_policy(text, ALL)


def read_case(path: Path) -> Case:
    marked = path.read_text()
    expected = [
        (number, code)
        for number, line in enumerate(marked.splitlines(), 1)
        for match in _EXPECT.finditer(line)
        for code in match["codes"].split(", ")
    ]
    header = _POLICY.search(marked)
    stated = yaml.safe_load(header["policy"]) if header else {}
    return Case(path, _EXPECT.sub("", marked), expected, stated, _judges(path, marked))


def _judges(path: Path, marked: str) -> frozenset[str]:
    folder = path.parent.name
    return frozenset({folder, *_CODE.findall(marked)} if folder in BY_CODE else BY_CODE)


def read_every_case() -> list[Case]:
    paths = sorted(CASES.glob("*/*.yaml"))
    return [read_case(path) for path in paths if ".fixed" not in path.name]


def read_cases() -> list[Case]:
    """The cases of which every document can be read."""
    return [case for case in read_every_case() if case.readable]


def read_documents(text: str) -> list[Document]:
    """Every document of a text; a test's own manifest that cannot be read fails the test."""
    documents = list(read(text))
    assert all(isinstance(document, Document) for document in documents), documents
    return [document for document in documents if isinstance(document, Document)]


def find(text: str, policy: Policy | None = None, *, complete: bool = False) -> list[Found]:
    """All findings of a text, in the order of their lines."""
    documents = [one for one in read_documents(text) if isinstance(one.value, dict)]
    manifests = [Manifest(one.value, written=one.written) for one in documents]
    engine = Engine(policy or Policy(), Inventory(complete=complete), TODAY)
    take_in(engine, manifests)
    labels = labels_of_namespaces(manifests)
    found = [
        Found(document, finding, locate(document, finding))
        for document, manifest in zip(documents, manifests, strict=True)
        for finding in engine.evaluate(
            manifest, namespace_labels=labels.get(manifest.identity.namespace or "")
        ).findings
    ]
    return sorted(found, key=lambda one: (one.line, one.finding.rule))


def take_in(engine: Engine, manifests: Iterable[Manifest]) -> None:
    """Let an engine's inventory hold some objects."""
    for manifest in manifests:
        kind = engine.neighbour_kind_of(manifest)
        if kind is not None:
            engine.inventory.add(manifest, kind)


def labels_of_namespaces(manifests: Iterable[Manifest]) -> dict[str, dict[str, str]]:
    """The labels of the Namespaces among some objects, by their names."""
    return {
        one.identity.name or "": one.mapping("metadata", "labels")
        for one in manifests
        if one.identity.kind == "Namespace"
    }


def locate(document: Document, finding: Finding) -> int:
    """The line on which a finding stands, inside embedded text too."""
    embedded = finding.embedded
    if embedded is None or not embedded.text:
        return document.span(finding.path).line
    inner = next(one for one in document.embedded(finding.path) if one.number == embedded.number)
    assert isinstance(inner, Document)
    return inner.span(embedded.path).line
