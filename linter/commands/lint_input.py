"""What ``mlgate lint`` judges: the files of a run, and what came on standard input."""

import os
from collections.abc import Mapping
from types import SimpleNamespace

from linter.commands.outputs import ReportRequest
from linter.errors import UNREADABLE, UserError
from linter.input.excludes import Excludes
from linter.input.sources import (
    EXCLUDED,
    STDIN,
    Collection,
    PassedOver,
    Source,
    SourceError,
    collect,
    make_error,
    read_source,
    read_stdin,
)
from linter.reports.summary import count
from linter.reports.terminal import escape
from rules.reader import ReadError, decode
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.commands.narrowing import Narrowing
    from linter.input.stamps import Stamps
    from linter.judging.task import Task


class LintInput(NamedTuple):
    """The files of a run, texts that came on standard input or are staged (name and bytes, and
    which of them a walk met), the policy in words, and the reports that are wanted."""

    collection: Collection
    texts: Mapping[str, bytes] = {}
    walked: frozenset[str] = frozenset()
    policy: str = ""
    reports: tuple[ReportRequest, ...] = ()

    def list_files(self) -> list[str]:
        """All that is judged, by the names that findings give."""
        return [*(source.path for source in self.collection.sources), *self.texts]

    def read_bytes(self, path: str) -> bytes:
        """A file as it is judged. Raises OSError."""
        try:
            known = self.texts.get(path)
            return read_source(Source(path, path, 0, named=True)) if known is None else known
        except SourceError as error:
            raise OSError(str(error)) from None

    def read_text(self, path: str) -> str:
        """Its text, as the reader takes it. Raises OSError."""
        try:
            return decode(self.read_bytes(path))
        except ReadError as error:
            raise OSError(str(error)) from None

    def put(self, staged: dict[str, bytes]) -> "LintInput":
        """The input with other texts for some of its files."""
        sources = [one for one in self.collection.sources if one.path not in staged]
        replaced = (one for one in self.collection.sources if one.path in staged)
        return self._replace(
            collection=self.collection._replace(sources=sources),
            texts={**self.texts, **staged},
            walked=frozenset(one.path for one in replaced if not one.named),
        )


class FixInput(NamedTuple):
    """What fixing judges anew; ``stamps`` are those of the files before they were judged."""

    task: "Task"
    given: LintInput
    narrowing: "Narrowing"
    stamps: "Stamps"


def gather_input(arguments: SimpleNamespace, excludes: Excludes) -> LintInput:
    """The files that the arguments lead to. Raises UserError."""
    name = arguments.stdin_filename
    if "" in arguments.paths:
        raise UserError("mlgate lint: a path is empty; the working directory is .")
    paths = arguments.paths or [os.curdir if name is None else STDIN]
    if name is not None and STDIN not in paths:
        raise UserError("mlgate lint: --stdin-filename names what is read from -: give - as a path")
    files = [path for path in paths if path != STDIN]
    collection = collect(files, excludes, hook=arguments.hook)
    if STDIN not in paths:
        return LintInput(collection)
    if name is not None and excludes.match(name):
        collection.passed_over.append(PassedOver(name, EXCLUDED))
        return LintInput(collection)
    name = name or STDIN
    try:
        return LintInput(collection, {name: read_stdin(arguments.stdin.buffer)})
    except SourceError as error:
        collection.errors.append(make_error(name, str(error)))
        return LintInput(collection)


def show_files(given: LintInput, out: TextIO) -> int:
    """List what would be read, and what is not and why."""
    collection = given.collection
    lines = [escape(file) for file in sorted(given.list_files())]
    lines += [f"{escape(file)}: not read: {reason}" for file, reason in collection.passed_over]
    lines += [f"{escape(row['file'])}: not read: {row['reason']}" for row in collection.errors]
    lines += [
        f"{name}: not entered: {count(number, 'folder')} of this name"
        for name, number in sorted(collection.left_out.items())
    ]
    out.write("".join(f"{line}\n" for line in lines))
    return UNREADABLE if collection.errors else 0
