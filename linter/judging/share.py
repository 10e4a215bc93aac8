"""One process's part of a run: its files are read, their facts told, their objects judged."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from linter.input.documents import (
    FOREIGN,
    RENDER,
    TEMPLATE,
    Contents,
    Entry,
    Skipped,
    read_bodies,
    read_contents,
)
from linter.input.kustomize import Kustomizations
from linter.input.sources import Source, SourceError, make_error, read_source
from linter.judging.coverage import Coverage
from linter.judging.judge import Judge, Task
from rules.engine import Engine
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.reader import ReadError, Unreadable, decode

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, RunResult

_UNFILLED = f"{TEMPLATE}: what Helm fills in is unknown; {RENDER}"
_COMMENTED_JSON = re.compile(r"^\s*(?://|/\*)|[,{\[]\s*//", re.MULTILINE)


class Facts(NamedTuple):
    """What the objects of one share tell the others: plain data."""

    inventory: list[Any]
    namespaces: list[tuple[str, dict[str, str]]]


class Share:
    """Files that one process reads and judges. ``read`` and ``read_text`` come first, then
    ``facts``; ``judge`` takes the facts of every share."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._coverage = Coverage()
        self._errors: list[ErrorRow] = []
        self._entries: list[Entry] = []
        self._partial: set[str] = set()
        self._broken: list[tuple[str, Unreadable]] = []
        self._kustomizations = Kustomizations(_read_bodies)

    def read(self, sources: Iterable[Source]) -> None:
        """Read files. What cannot be read is an error of the report."""
        for source in sources:
            try:
                raw = read_source(source)
            except SourceError as error:
                self._coverage.files += 1
                self._errors.append(make_error(source.path, str(error)))
                continue
            self.read_raw(source.path, raw, named=source.named)

    def read_raw(self, file: str, raw: bytes, *, named: bool) -> None:
        """Take in the bytes of a file; ``file`` names it for charts and kustomizations."""
        self._coverage.files += 1
        try:
            text = decode(raw)
        except ReadError as error:
            broken = Unreadable(0, error.line, error.column, error.reason)
            self._take(file, Contents(1, broken=(broken,)), named=named)
            return
        contents = read_contents(file, text)
        if not named and contents.broken and _is_foreign_json(file, text):
            contents = Contents(1, skipped=(Skipped(None, FOREIGN),))
        if contents.entries and self._kustomizations.names_patch(file):
            self._partial.add(file)
        self._take(file, contents, named=named)

    def facts(self) -> Facts:
        """What look-ups from other objects may ask of these."""
        inventory = Inventory()
        engine = self._engine(inventory)
        namespaces = []
        for entry in self._entries:
            manifest = Manifest(entry.body)
            kind = engine.kind_of(manifest)
            if kind is not None:
                inventory.add(manifest, kind)
            elif entry.body["kind"] == "Namespace" and not manifest.group:
                namespaces.append((manifest.identity.name or "", _read_labels(manifest)))
        return Facts(inventory.rows(), namespaces)

    def judge(self, facts: Facts) -> "RunResult":
        """The result for these files, its lists not yet in order."""
        inventory = Inventory(namespace=self._task.namespace)
        inventory.merge(facts.inventory)
        judge = Judge(self._task, self._engine(inventory), facts.namespaces, self._coverage)
        for file, broken in self._broken:
            judge.judge_broken(file, broken)
        for _, entries in groupby(self._entries, lambda entry: id(entry.document)):
            group = list(entries)
            judge.judge_document(group, partial=group[0].file in self._partial)
        return {
            "findings": judge.findings,
            "workloads": judge.workloads,
            "errors": self._errors,
            "suppressed": judge.suppressed,
            "coverage": self._coverage.export(),
        }

    def _engine(self, inventory: Inventory) -> Engine:
        task = self._task
        return Engine(
            task.policy,
            inventory,
            task.today,
            rules=task.rules,
            flag_profile=task.flag_profile,
            ignores="allow" if task.ignores else "forbid",
        )

    def _take(self, file: str, contents: Contents, *, named: bool) -> None:
        self._coverage.documents += contents.documents
        self._entries += contents.entries
        refused = named and not self._task.hook
        for one in contents.skipped:
            if refused and not one.expected:
                reason = f"{one.reason}; {one.hint}" if one.hint else one.reason
                self._errors.append(make_error(file, reason, one.document, one.line, one.column))
            else:
                self._coverage.skip(file, one.document, one.reason)
        for broken in contents.broken:
            self._broken.append((file, broken))
            self._errors.append(
                make_error(file, broken.reason, broken.number, broken.line, broken.column)
            )
        if refused:
            self._errors += [make_error(file, _UNFILLED, number) for number in contents.templated]


def _read_bodies(path: str) -> list[Any]:
    """The values in a kustomization; nothing where it cannot be read."""
    try:
        return read_bodies(decode(read_source(Source(path, path, 0, named=False))))
    except (SourceError, ReadError):
        return []


def _is_foreign_json(file: str, text: str) -> bool:
    """Whether a file is some program's JSON with comments, which is no JSON: no manifest."""
    return (
        file.endswith(".json")
        and "apiVersion" not in text
        and _COMMENTED_JSON.search(text) is not None
    )


def _read_labels(manifest: Manifest) -> dict[str, str]:
    return {
        key: value
        for key, value in manifest.mapping("metadata", "labels").items()
        if isinstance(value, str)
    }
