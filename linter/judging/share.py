"""One process's part of a run: its files are read, their facts shared, their objects judged."""

import os
from collections.abc import Iterator, Mapping, Sequence

from linter.input.documents import (
    NAMED_EMPTY,
    RENDER,
    TEMPLATE,
    Contents,
    Entry,
    read_bodies,
)
from linter.input.entries import is_manifest
from linter.input.foreign import FOREIGN, OPERATIONS, is_commented_json, names_object
from linter.input.kustomization_files import (
    KUSTOMIZATION_NAMES,
    FolderKustomizations,
    ToldKustomization,
)
from linter.input.pieces import Piece, read_piece
from linter.input.sources import STDIN, Source, SourceError, make_error, read_source
from linter.judging.coverage import Coverage
from linter.judging.elsewhere import Elsewhere, source_of
from linter.judging.judge import DocumentJudge
from linter.judging.task import FileEngines, Task
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.reader import Document, ReadError, Unreadable, decode
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.input.kustomize import Kustomizations
    from linter.judging.workers import Turns
    from linter.row_types import ErrorRow, ShareResult

MOST_HELD = 2_000_000
"""Bytes of files whose documents are held until all are known, in each process; they take ten times
as much. What is beyond that is read once more."""

_UNFILLED = f"{TEMPLATE}: what Helm fills in is unknown; {RENDER}"


class Facts(NamedTuple):
    """What other shares need to know of the objects of one: plain data. ``objects`` are their files
    (absolute) and keys, where some kustomization may patch them; ``unread`` are the files of which
    something could not be read, ``left`` the numbers of pieces that are judged when they have been
    read again, by whoever is free."""

    inventory: list[Any]
    namespaces: list[tuple[str, dict[str, str]]]
    kustomizations: list[ToldKustomization]
    objects: list[tuple[str, tuple[str, str, str, str]]]
    unread: list[str]
    left: list[int]


class Share:
    """What one process reads and judges of the ``pieces`` of a run, which are sorted from the
    largest on. ``read`` comes first, then ``facts``; ``judge`` takes the facts of every share.

    ``alone``: there is no other share, and all is held. ``texts`` are the pieces of what was read
    before, by file. With ``turns`` processes share what is left when they have judged their own.
    """

    def __init__(
        self,
        task: Task,
        pieces: Sequence[Piece],
        *,
        alone: bool = False,
        texts: Mapping[str, Sequence[Piece]] | None = None,
        turns: "Turns | None" = None,
    ) -> None:
        self._task = task
        self._pieces = pieces
        self._texts = texts or {}
        self._alone = alone
        self._turns = turns
        # Small pieces are soon read again: which process judges them evens out the rest.
        self._small = len(pieces) * 3 // 4 if turns is not None else len(pieces)
        self._inventory = Inventory(namespace=task.namespace)
        self._engines = FileEngines(task, self._inventory)
        self._rows: list[Any] = []
        self._coverage = Coverage()
        self._errors: list[ErrorRow] = []
        self._held: list[tuple[Piece, Contents]] = []
        self._held_bytes = 0
        self._left: list[int] = []
        self._namespaces: list[tuple[str, dict[str, str]]] = []
        self._bodies: dict[str, list[Any]] = {}
        self._folders = FolderKustomizations(self._read_bodies)

    def read(self, numbers: Sequence[int]) -> None:
        """Read the pieces of these numbers. What cannot be read is an error of the report."""
        for number in self._task.follow("reading", numbers):
            piece = self._pieces[number]
            self._coverage.files += piece.whole or not piece.number
            try:
                text, contents = read_piece(piece)
            except SourceError as error:
                self._errors.append(make_error(piece.file, str(error)))
                continue
            self._read_one(number, text, contents)

    def _read_one(self, number: int, text: str, contents: Contents) -> None:
        piece = self._pieces[number]
        file, named = piece.file, self._is_named(piece)
        # Folders hold all sorts of YAML: what nobody named is broken only if it says that it is an
        # object.
        must_read = named or not piece.whole or (is_manifest(file) and names_object(text))
        if contents.broken and not must_read:
            self._pass_over(file, text, contents)
            return
        around = bool(contents.entries or contents.operations) and self._look_around(file, contents)
        self._take(file, contents, named=named, alone=piece.whole and contents.documents == 1)
        self._learn(contents)
        # What patches bear on is looked up from other files too, and held whatever it weighs.
        must_hold = self._alone or around or contents.operations
        if must_hold or (self._held_bytes < MOST_HELD and number < self._small):
            self._held.append((piece, contents))
            self._held_bytes += piece.size
        elif contents.entries or contents.broken or contents.loose:
            self._left.append(number)

    def _is_named(self, piece: Piece) -> bool:
        return piece.named and not self._task.hook

    def _look_around(self, file: str, contents: Contents) -> bool:
        """Find the kustomizations that may say what the file is for; whether there are any."""
        if file == STDIN:
            return False
        if os.path.basename(file) in KUSTOMIZATION_NAMES and contents.entries:
            self._folders.add(os.path.abspath(file), contents.entries[0].body)
        return self._folders.look_above(file)

    def _learn(self, contents: Contents) -> None:
        """Take in what look-ups from other objects may ask of a file's."""
        inventory = self._inventory if self._alone else Inventory()
        for entry in contents.entries:
            manifest = Manifest(entry.body)
            kind = self._engines.find(entry.file).neighbour_kind_of(manifest)
            if kind is not None:
                inventory.add(manifest, kind, source_of(entry))
            elif entry.body["kind"] == "Namespace" and not manifest.group:
                self._namespaces.append((manifest.identity.name or "", _read_labels(manifest)))
        # Where there is no other process nobody needs the facts as data: they are read when asked.
        self._rows += [] if self._alone else inventory.rows()

    def facts(self) -> Facts:
        """What look-ups from other objects may ask of these."""
        kustomizations = self._folders.export()
        unread = [error["file"] for error in self._errors]
        keys = self._keys(kustomizations)
        return Facts(self._rows, self._namespaces, kustomizations, keys, unread, self._left)

    @property
    def _entries(self) -> Iterator[Entry]:
        """The objects that are held."""
        return (entry for _, contents in self._held for entry in contents.entries)

    def _keys(self, kustomizations: list[ToldKustomization]) -> list[Any]:
        """The objects that may be patched; without them their files are read once more."""
        if not kustomizations:
            return []
        from linter.input.kustomization import key_of

        return [(os.path.abspath(one.file), tuple(key_of(one.body))) for one in self._entries]

    def judge(self, facts: Facts) -> "ShareResult":
        """The result for these files, its lists not yet in order."""
        inventory = self._join_inventory(facts)
        kustomizations = self._read_kustomizations(facts)
        elsewhere = Elsewhere(inventory, lambda: self._entries, self._texts)
        judge = DocumentJudge(
            self._task,
            FileEngines(self._task, inventory),
            facts.namespaces,
            self._coverage,
            elsewhere,
            kustomizations,
        )
        for piece, contents in self._task.follow("judging", self._held):
            judge.judge_contents(piece.file, contents)
            for document in contents.operations:
                if not judge.judge_operations(piece.file, document):
                    self._pass_over_document(piece.file, document, named=self._is_named(piece))
        # What has been judged makes room for what is read again.
        self._held.clear()
        elsewhere.let_go()
        left = sorted(facts.left)
        dealt = left if self._turns is None else self._turns.deal(left)
        for number in self._task.follow("judging what is read again", dealt):
            piece = self._pieces[number]
            judge.judge_contents(piece.file, self._read_again(piece))
        return {
            "findings": judge.findings.list_runs(),
            "workloads": judge.workloads,
            "passed": judge.passed.list_runs(),
            "errors": self._errors,
            "suppressed": judge.suppressed,
            "coverage": self._coverage.export(),
        }

    def _join_inventory(self, facts: Facts) -> Inventory:
        """The objects of all shares, and what kustomize generates."""
        inventory = self._inventory
        if not self._alone:
            inventory = Inventory(namespace=self._task.namespace)
            inventory.merge(facts.inventory)
        # What could not be read may hold what is missing.
        inventory.complete = self._task.complete and not facts.unread
        if inventory.complete:
            # Generators make ConfigMaps and Secrets that stand in no file.
            from linter.input.kustomization import list_generated

            inventory.merge(list_generated(facts.kustomizations))
        return inventory

    def _read_again(self, piece: Piece) -> Contents:
        """What a piece holds of which more is known by now: nothing, and an error, where its file
        is gone meanwhile."""
        try:
            return read_piece(piece)[1]
        except SourceError as error:
            self._errors.append(make_error(piece.file, str(error)))
            return Contents(0)

    def _read_kustomizations(self, facts: Facts) -> "Kustomizations | None":
        if not facts.kustomizations:
            return None
        from linter.input.kustomize import Kustomizations
        from linter.input.overlays import list_overlays

        for entry in self._entries:
            self._bodies.setdefault(os.path.abspath(entry.file), []).append(entry.body)
        for piece, contents in self._held:
            for document in contents.operations:
                self._bodies.setdefault(os.path.abspath(piece.file), []).append(document.value)
        self._coverage.overlays.update(list_overlays(facts.kustomizations))
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

    def _take(self, file: str, contents: Contents, *, named: bool, alone: bool) -> None:
        self._coverage.documents += contents.documents
        for one in contents.skipped:
            if named and not one.expected:
                reason = f"{one.reason}; {one.hint}" if one.hint else one.reason
                self._errors.append(make_error(file, reason, one.document, one.line, one.column))
            else:
                reason = NAMED_EMPTY if named and alone else one.reason
                self._coverage.skip(file, one.document, reason)
        for broken in contents.broken:
            self._refuse(file, broken)
        if named:
            self._errors += [make_error(file, _UNFILLED, number) for number in contents.templated]


def _read_labels(manifest: Manifest) -> dict[str, str]:
    return {
        key: value
        for key, value in manifest.mapping("metadata", "labels").items()
        if isinstance(value, str)
    }
