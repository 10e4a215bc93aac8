"""What to read: named files, folders walked, standard input."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator

from linter.input.entries import is_left_out, is_manifest, is_passed_by
from linter.input.repository import find_root
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from linter.input.excludes import Excludes
    from linter.input.gitignore import IgnoreScope
    from linter.row_types import ErrorRow

STDIN = "-"
SIZE_LIMIT = 32 * 1024 * 1024
"""Bytes of one file. More is refused before it is read."""

EXCLUDED = "excluded by the policy"
LEFT_OUT = "left out as in a walk: hidden, vendored or ignored by git"

_GIT = ".git"
_SPECIAL = "neither a file nor a folder: it is not read (pipe its text to `mlgate lint -`)"


class Source(NamedTuple):
    """One file to read. ``path`` as it was reached, ``real`` with every link resolved; ``named``
    on the command line, or met while walking."""

    path: str
    real: str
    size: int
    named: bool
    linked: bool = False


class PassedOver(NamedTuple):
    """A named file that is not read, and why."""

    path: str
    reason: str


class Collection(NamedTuple):
    """The files of a run in the order of their paths, and what could not be reached.

    ``left_out`` counts, by their name, the hidden and vendored folders that were met.
    """

    sources: list[Source]
    errors: "list[ErrorRow]"
    passed_over: list[PassedOver]
    left_out: dict[str, int]


class SourceError(Exception):
    """A file that cannot be read: the reason alone."""


def make_error(
    file: str,
    reason: str,
    document: int | None = None,
    line: int | None = None,
    column: int | None = None,
) -> "ErrorRow":
    """An entry of the report's ``errors``: ``line`` and ``column`` from 1."""
    return {"file": file, "document": document, "line": line, "column": column, "reason": reason}


def collect(paths: Iterable[str], excludes: "Excludes", *, hook: bool = False) -> Collection:
    """Everything that ``paths`` lead to, each file once.

    Folders are walked: hidden ones, ``node_modules``, ``vendor``, what git ignores and what the
    policy excludes are left out. A named file is read whatever its suffix; with ``hook`` (where
    another program names the files) all of that holds for it too.
    """
    walk = _Walk(excludes)
    passed_over = []
    boundary = None
    if hook:
        from linter.input.boundaries import Boundary

        boundary = Boundary(os.curdir)
    # Sorted and normalised: neither order nor spelling of the arguments shows in the report.
    for path in sorted({os.path.normpath(path) for path in paths}):
        if boundary and excludes.match(path):
            passed_over.append(PassedOver(path, EXCLUDED))
        elif boundary and boundary.leaves_out(path):
            passed_over.append(PassedOver(path, LEFT_OUT))
        else:
            walk.start(path)
    walk.follow_links()
    return Collection(_drop_repeated(walk.sources), walk.errors, passed_over, walk.left_out)


def read_source(source: Source) -> bytes:
    """The bytes of a file. Raises SourceError."""
    if source.size > SIZE_LIMIT:
        raise SourceError(_too_large(f"{source.size:,} bytes"))
    try:
        # Unbuffered: nearly every file comes in one read, and a buffer would copy it.
        with open(source.path, "rb", buffering=0) as file:
            data = file.read(source.size + 1) or b""
            # A raw read may give less than was asked for, and a file may have grown.
            while len(data) != source.size and (more := file.read(SIZE_LIMIT + 1 - len(data))):
                data += more
    except OSError as error:
        raise SourceError(explain_error(error)) from None
    except ValueError:  # a NUL, as a kustomization may hold
        raise SourceError("no file has such a name") from None
    return _bounded(data)


def read_stdin(stream: BinaryIO) -> bytes:
    """All of standard input. Raises SourceError."""
    try:
        return _bounded(stream.read(SIZE_LIMIT + 1))
    except OSError as error:
        raise SourceError(explain_error(error)) from None


def explain_error(error: OSError) -> str:
    """Why the system refused, in a line."""
    if error.errno == errno.ENOENT:
        return "no such file or folder"
    if error.errno == errno.ELOOP:
        return "a loop of symbolic links"
    return (error.strerror or "cannot be read").lower()


def _bounded(data: bytes) -> bytes:
    if len(data) > SIZE_LIMIT:
        raise SourceError(_too_large(f"more than {SIZE_LIMIT:,} bytes"))
    return data


def _too_large(found: str) -> str:
    return f"too large: {found}, the limit is {SIZE_LIMIT:,} (32 MiB)"


def _drop_repeated(sources: list[Source]) -> list[Source]:
    """One source for each real file: its own path before a link's, then the first by name."""
    best: dict[str, Source] = {}
    for source in sorted(sources, key=lambda one: (one.linked, one.path)):
        held = best.setdefault(source.real, source)
        if source.named and not held.named:
            best[source.real] = held._replace(named=True)
    return sorted(best.values())


class _Walk:
    """Folders read once each. Links to folders wait until every plain folder has been read, so
    that the order of the arguments never decides by which path a file is reached."""

    def __init__(self, excludes: "Excludes") -> None:
        self.sources: list[Source] = []
        self.errors: list[ErrorRow] = []
        self.left_out: dict[str, int] = {}
        self._excludes = excludes
        self._seen: set[str] = set()
        self._links: list[tuple[str, str]] = []

    def start(self, path: str) -> None:
        """Add what one argument leads to."""
        try:
            status = os.stat(path)
        except OSError as error:
            self._refuse(path, error)
            return
        real = os.path.realpath(path)
        if stat.S_ISDIR(status.st_mode):
            self._walk(path, real)
        else:
            linked = real != os.path.abspath(path)
            self._take(path, real, status, named=True, linked=linked)

    def follow_links(self) -> None:
        """Walk the folders that links lead to and nothing else has reached. A link to a folder
        above itself is a loop: what is to be read there has been named, or was not meant."""
        while self._links:
            links, self._links = sorted(self._links), []
            for path, real in links:
                here = os.path.realpath(os.path.dirname(path))
                # A link to a folder around itself would make its walk endless.
                if os.path.commonpath((here, real)) != real:
                    self._walk(path, real)

    def _walk(self, top: str, real: str) -> None:
        from linter.input.boundaries import narrow
        from linter.input.gitignore import find_scope

        scope = find_scope(real, find_root(real))
        pending = [(top, real, scope, self._excludes.scope(os.path.abspath(top)))]
        while pending:
            path, real, scope, excluded = pending.pop()
            if real in self._seen:
                continue
            self._seen.add(real)
            entries = self._list(path)
            named = any(entry.name == ".gitignore" for entry in entries)
            scope = narrow(real, scope, has_ignore_file=named)
            # Joined here and not for each entry: a path that ends with a slash is a prefix.
            reached = "" if path == os.curdir else os.path.join(path, "")
            inside = os.path.join(real, "")
            for entry in entries:
                if is_passed_by(entry, scope, excluded):
                    continue
                if is_left_out(entry):
                    self._leave_out(entry)
                else:
                    pending += self._visit(entry, reached, inside, scope, excluded)

    def _list(self, path: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(path) as entries:
                return list(entries)
        except OSError as error:
            self._refuse(path, error)
            return []

    def _leave_out(self, entry: os.DirEntry[str]) -> None:
        """Count a folder that is not entered, but for git's own."""
        if entry.name != _GIT and entry.is_dir(follow_symlinks=False):
            self.left_out[entry.name] = self.left_out.get(entry.name, 0) + 1

    def _visit(
        self,
        entry: os.DirEntry[str],
        reached: str,
        inside: str,
        scope: "IgnoreScope",
        excluded: "IgnoreScope",
    ) -> "Iterator[tuple[str, str, IgnoreScope, IgnoreScope]]":
        """Add a file; yield a folder that is still to be walked."""
        reached, inside = reached + entry.name, inside + entry.name
        if entry.is_dir(follow_symlinks=False):
            # The directory entry knows its type: no stat for the folders of a large tree.
            yield reached, inside, scope.enter(entry.name), excluded.enter(entry.name)
        elif entry.is_symlink():
            self._visit_link(reached)
        elif is_manifest(entry.name):
            self._take(reached, inside, entry.stat(), named=False, linked=False)

    def _visit_link(self, path: str) -> None:
        manifest = is_manifest(path)
        try:
            status = os.stat(path)
        except OSError as error:
            if manifest:
                self._refuse(path, error)
            return
        real = os.path.realpath(path)
        if stat.S_ISDIR(status.st_mode):
            self._links.append((path, real))
        elif manifest:
            self._take(path, real, status, named=False, linked=True)

    def _take(
        self, path: str, real: str, status: os.stat_result, *, named: bool, linked: bool
    ) -> None:
        if stat.S_ISREG(status.st_mode):
            self.sources.append(Source(path, real, status.st_size, named, linked))
        else:
            self.errors.append(make_error(path, _SPECIAL))

    def _refuse(self, path: str, error: OSError) -> None:
        self.errors.append(make_error(path, explain_error(error)))
