"""Pieces that are judged as soon as they are read, so that nothing of them is held but the rows.

That is right where nothing in others can change what is found: no object asked for another, no
kustomization stands around, and no Namespace says anything of rules. A piece of which that turns
out otherwise in the end is read once more.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from linter.input.documents import Contents, Entry
from linter.input.pieces import Piece
from linter.judging.coverage import Coverage
from linter.judging.elsewhere import Elsewhere
from linter.judging.judge import DocumentJudge
from linter.judging.task import FileEngines, Task
from rules.annotations import PROFILE_LABEL
from rules.inventory import Inventory
from rules.kinds.lookups import Neighbour
from rules.manifest import Manifest
from rules.model import ObjectKey
from rules.record import NamedTuple

if TYPE_CHECKING:
    from linter.row_types import CoverageRow, FindingRow, PassedRow, WorkloadRow


class Verdict(NamedTuple):
    """What was found in a piece, and the namespaces that its objects live in."""

    piece: Piece
    namespaces: frozenset[str]
    findings: "list[FindingRow]"
    workloads: "list[WorkloadRow]"
    passed: "list[PassedRow]"
    suppressed: int
    coverage: "CoverageRow"


class WatchedInventory(Inventory):
    """An inventory of nothing that notes whether anybody asked it."""

    __slots__ = ("asked",)

    def __init__(self, *, namespace: str | None = None, complete: bool = False) -> None:
        super().__init__(namespace=namespace, complete=complete)
        self.asked = False

    def find(self, key: ObjectKey) -> Sequence[Neighbour]:
        self.asked = True
        return super().find(key)

    def find_all(
        self, group: str, kind: str, namespace: str | None
    ) -> Iterable[Sequence[Neighbour]]:
        self.asked = True
        return super().find_all(group, kind, namespace)

    def knows(self, group: str, kind: str) -> bool:
        self.asked = True
        return super().knows(group, kind)


class EarlyJudge:
    """Judges pieces by themselves."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._inventory = WatchedInventory(namespace=task.namespace, complete=task.complete)
        self._engines = FileEngines(task, self._inventory)
        self._judged = Counter[str]()
        self._asked = Counter[str]()

    def judge(self, piece: Piece, contents: Contents) -> Verdict | None:
        """The verdict on a piece; None where an object of it asked for others, or where it holds
        operations, which are for others."""
        kinds = {one.body["kind"] for one in contents.entries}
        if contents.operations or any(map(self._mostly_asks, kinds)):
            return None
        self._inventory.asked = False
        coverage = Coverage()
        nowhere = Elsewhere(self._inventory, tuple)
        judge = DocumentJudge(self._task, self._engines, (), coverage, nowhere)
        judge_contents(judge, piece.file, contents)
        self._judged.update(kinds)
        if self._inventory.asked:
            self._asked.update(kinds)
            return None
        inside = frozenset(map(self._find_namespace, contents.entries))
        found = judge.findings, judge.workloads, judge.passed, judge.suppressed, coverage.export()
        return Verdict(piece, inside, *found)

    def _mostly_asks(self, kind: str) -> bool:
        """Whether objects of a kind have asked for others so often that it is not worth trying."""
        return self._asked[kind] > 4 + self._judged[kind] // 2

    def _find_namespace(self, entry: Entry) -> str:
        return Manifest(entry.body).identity.namespace or self._task.namespace or ""


def judge_contents(judge: DocumentJudge, file: str, contents: Contents) -> None:
    """All that a file holds but operations."""
    for broken in contents.broken:
        judge.judge_broken(file, broken)
    # Objects of one document are neighbours, and its comments are read for all of them at once.
    for _, entries in groupby(contents.entries, lambda entry: id(entry.document)):
        judge.judge_document(list(entries))
    for document in contents.loose:
        judge.judge_loose(file, document)


def find_telling(task: Task, namespaces: Iterable[tuple[str, dict[str, str]]]) -> frozenset[str]:
    """The namespaces whose labels may change what is found in them."""
    policies = task.list_policies()
    keys = {PROFILE_LABEL, *(one.parameters["roles"]["label"] for one in policies)}
    entries = (entry for policy in policies for entry in policy.namespaces)
    by_label = any(entry.labels is not None for entry in entries)
    return frozenset(name for name, labels in namespaces if by_label or not keys.isdisjoint(labels))
