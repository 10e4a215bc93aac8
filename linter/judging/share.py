"""One process's part of a run: its files are read, their facts shared, their objects judged."""

import os
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from linter.input.documents import (
    NAMED_EMPTY,
    RENDER,
    TEMPLATE,
    Contents,
    Entry,
    read_bodies,
    read_contents,
)
from linter.input.entries import is_manifest
from linter.input.foreign import FOREIGN, OPERATIONS, is_commented_json, names_object
from linter.input.kustomization import (
    KUSTOMIZATION_NAMES,
    FolderKustomizations,
    ToldKustomization,
    key_of,
)
from linter.input.sources import STDIN, Source, SourceError, make_error, read_source
from linter.judging.coverage import Coverage
from linter.judging.elsewhere import Elsewhere, source_of
from linter.judging.judge import DocumentJudge, Task
from rules.engine import Engine
from rules.inventory import Inventory
from rules.kinds import IN_FILES
from rules.manifest import Manifest
from rules.reader import Document, ReadError, Unreadable, decode
from rules.record import NamedTuple

if TYPE_CHECKING:
    from linter.input.kustomize import Kustomizations
    from linter.row_types import ErrorRow, RunResult

_UNFILLED = f"{TEMPLATE}: what Helm fills in is unknown; {RENDER}"


class Facts(NamedTuple):
    """What other shares need to know of the objects of one: plain data. ``objects`` are their files
    (absolute) and keys, where some kustomization may patch them; ``unread`` are the files of which
    something could not be read."""

    inventory: list[Any]
    namespaces: list[tuple[str, dict[str, str]]]
    kustomizations: list[ToldKustomization]
    objects: list[tuple[str, tuple[str, str, str, str]]]
    unread: list[str]


class Share:
    """Files that one process reads and judges. ``read`` and ``read_text`` come first, then
    ``facts``; ``judge`` takes the facts of every share."""

    def __init__(self, task: Task, *, alone: bool = False) -> None:
        self._task = task
        self._alone = alone
        self._inventory = Inventory(namespace=task.namespace)
        self._coverage = Coverage()
        self._errors: list[ErrorRow] = []
        self._entries: list[Entry] = []
        self._operations: list[tuple[str, Document, bool]] = []
        self._loose: list[tuple[str, Document]] = []
        self._broken: list[tuple[str, Unreadable]] = []
        self._bodies: dict[str, list[Any]] = {}
        self._folders = FolderKustomizations(self._read_bodies)

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
        """Read the documents in a file's bytes; ``file`` names it for charts and kustomizations."""
        self._coverage.files += 1
        named = named and not self._task.hook
        try:
            text = decode(raw)
            contents = read_contents(file, text)
        except ReadError as error:
            text = raw.replace(b"\0", b"").decode("latin-1")  # its words, whatever the encoding
            broken = Unreadable(0, error.line, error.column, error.reason)
            contents = Contents(1, broken=(broken,))
        if contents.broken and not named and not (is_manifest(file) and names_object(text)):
            self._pass_over(file, text, contents)
            return
        if contents.entries or contents.operations:
            self._look_around(file, contents)
        self._take(file, contents, named=named)

    def _look_around(self, file: str, contents: Contents) -> None:
        """Find the kustomizations that may say what the file is for."""
        if file == STDIN:
            return
        if os.path.basename(file) in KUSTOMIZATION_NAMES and contents.entries:
            self._folders.add(os.path.abspath(file), contents.entries[0].body)
        self._folders.look_above(file)

    def facts(self) -> Facts:
        """What look-ups from other objects may ask of these."""
        engine = self._engine(self._inventory)
        namespaces = []
        for entry in self._entries:
            manifest = Manifest(entry.body)
            kind = engine.neighbour_kind_of(manifest)
            if kind is not None:
                self._inventory.add(manifest, kind, source_of(entry))
            elif entry.body["kind"] == "Namespace" and not manifest.group:
                namespaces.append((manifest.identity.name or "", _read_labels(manifest)))
        kustomizations = self._folders.export()
        # Where there is no other process nobody needs the facts as data: they are read when asked.
        rows = [] if self._alone else self._inventory.rows()
        unread = [error["file"] for error in self._errors]
        return Facts(rows, namespaces, kustomizations, self._keys(kustomizations), unread)

    def _keys(self, kustomizations: list[ToldKustomization]) -> list[Any]:
        """The objects that may be patched; without them their files are read once more."""
        if not kustomizations:
            return []
        return [(os.path.abspath(one.file), tuple(key_of(one.body))) for one in self._entries]

    def judge(self, facts: Facts) -> "RunResult":
        """The result for these files, its lists not yet in order."""
        inventory = self._inventory
        if not self._alone:
            inventory = Inventory(namespace=self._task.namespace)
            inventory.merge(facts.inventory)
        # What could not be read may hold what is missing.
        inventory.complete = self._task.complete and not facts.unread
        judge = DocumentJudge(
            self._task,
            self._engine(inventory),
            facts.namespaces,
            self._coverage,
            Elsewhere(inventory, lambda: self._entries),
            self._read_kustomizations(facts),
        )
        for file, broken in self._broken:
            judge.judge_broken(file, broken)
        # Objects of one document are neighbours, and its comments are read for all of them at once.
        for _, entries in groupby(self._entries, lambda entry: id(entry.document)):
            judge.judge_document(list(entries))
        for file, document in self._loose:
            judge.judge_loose(file, document)
        for file, document, named in self._operations:
            if not judge.judge_operations(file, document):
                self._pass_over_document(file, document, named=named)
        return {
            "findings": judge.findings,
            "workloads": judge.workloads,
            "errors": self._errors,
            "suppressed": judge.suppressed,
            "coverage": self._coverage.export(),
        }

    def _read_kustomizations(self, facts: Facts) -> "Kustomizations | None":
        if not facts.kustomizations:
            return None
        from linter.input.kustomize import Kustomizations

        for entry in self._entries:
            self._bodies.setdefault(os.path.abspath(entry.file), []).append(entry.body)
        for file, document, _ in self._operations:
            self._bodies.setdefault(os.path.abspath(file), []).append(document.value)
        told = facts.kustomizations, facts.objects
        return Kustomizations(*told, self._folders, self._read_bodies)

    def _read_bodies(self, path: str) -> list[Any]:
        """The values in a file; nothing where it cannot be read. Each file is read once."""
        if path not in self._bodies:
            try:
                raw = read_source(Source(path, path, 0, named=False))
                self._bodies[path] = read_bodies(decode(raw))
            except (SourceError, ReadError):
                self._bodies[path] = []
        return self._bodies[path]

    def _engine(self, inventory: Inventory) -> Engine:
        task = self._task
        return Engine(
            task.policy,
            inventory,
            task.today,
            rules=task.rules,
            flag_profile=task.flag_profile,
            ignores="allow" if task.ignores else "forbid",
            kinds=IN_FILES,
        )

    def _pass_over(self, file: str, text: str, contents: Contents) -> None:
        """A file that cannot be read, and if it could, would hold no manifest."""
        self._coverage.documents += 1
        if self._task.hook or is_commented_json(file, text):
            self._coverage.skip(file, None, FOREIGN)
            return
        for broken in contents.broken:
            self._refuse(file, broken)

    def _pass_over_document(self, file: str, document: Document, *, named: bool) -> None:
        """The operations of a patch whose object is not at hand."""
        if named:
            place = document.number, *document.key_span(())[:2]
            self._errors.append(make_error(file, OPERATIONS, *place))
        else:
            self._coverage.skip(file, document.number, OPERATIONS)

    def _refuse(self, file: str, broken: Unreadable) -> None:
        place = broken.number, broken.line, broken.column
        self._errors.append(make_error(file, broken.reason, *place))

    def _take(self, file: str, contents: Contents, *, named: bool) -> None:
        self._coverage.documents += contents.documents
        self._entries += contents.entries
        self._operations += [(file, document, named) for document in contents.operations]
        self._loose += [(file, document) for document in contents.loose]
        for one in contents.skipped:
            if named and not one.expected:
                reason = f"{one.reason}; {one.hint}" if one.hint else one.reason
                self._errors.append(make_error(file, reason, one.document, one.line, one.column))
            else:
                alone = named and contents.documents == 1
                self._coverage.skip(file, one.document, NAMED_EMPTY if alone else one.reason)
        for broken in contents.broken:
            self._broken.append((file, broken))
            self._refuse(file, broken)
        if named:
            self._errors += [make_error(file, _UNFILLED, number) for number in contents.templated]


def _read_labels(manifest: Manifest) -> dict[str, str]:
    return {
        key: value
        for key, value in manifest.mapping("metadata", "labels").items()
        if isinstance(value, str)
    }
