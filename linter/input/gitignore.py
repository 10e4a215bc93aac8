"""What ``.gitignore`` says of a path, as gitignore(5) has it, in time linear in the name.

The same patterns serve the policy's ``exclude``.
"""

import os
import re
from collections.abc import Iterable

from rules.record import NamedTuple
from rules.type_names import TypeAlias

PatternPart: TypeAlias = str | re.Pattern[str] | None
"""One component of a pattern: literal text, a glob, or None for ``**``."""

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-\/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class Pattern(NamedTuple):
    """One line of an ignore file. ``anchored``: it speaks of the whole path below the file."""

    parts: tuple[PatternPart, ...]
    negated: bool
    folders_only: bool
    anchored: bool

    def match(self, parts: tuple[str, ...], *, folder: bool) -> bool:
        """Whether the path ``parts``, from the ignore file's folder, is meant."""
        if self.folders_only and not folder:
            return False
        if not self.anchored:
            return _fits(self.parts[0], parts[-1])
        return _match_parts(self.parts, parts)


class IgnoreFile:
    """The patterns of one file: the last one that matches decides."""

    __slots__ = ("_patterns",)

    def __init__(self, lines: Iterable[str]) -> None:
        parsed = [parse_pattern(line) for line in lines]
        # The last pattern that matches decides: reversed, it is the first.
        self._patterns = [pattern for pattern in reversed(parsed) if pattern is not None]

    def judge(self, parts: tuple[str, ...], *, folder: bool) -> bool | None:
        """True if ignored, False if included again, None if no pattern matches."""
        for pattern in self._patterns:
            if pattern.match(parts, folder=folder):
                return not pattern.negated
        return None


class IgnoreScope:
    """The ignore files that hold in one folder, each with the folder's path below it."""

    __slots__ = ("_files",)

    def __init__(self, files: tuple[tuple[IgnoreFile, tuple[str, ...]], ...] = ()) -> None:
        self._files = files

    def add(self, file: IgnoreFile, below: tuple[str, ...] = ()) -> "IgnoreScope":
        """The scope with one more file, which wins over those before it."""
        return IgnoreScope((*self._files, (file, below)))

    def enter(self, name: str) -> "IgnoreScope":
        """The scope of the folder ``name`` inside this one."""
        return IgnoreScope(tuple((file, (*below, name)) for file, below in self._files))

    def ignores(self, name: str, *, folder: bool) -> bool:
        """Whether the entry ``name`` of this folder is ignored."""
        # The nearest file comes last, and git asks it first.
        for file, below in reversed(self._files):
            verdict = file.judge((*below, name), folder=folder)
            if verdict is not None:
                return verdict
        return False

    def excludes(self, parts: tuple[str, ...]) -> bool:
        """Whether the file ``parts`` below this folder, or a folder on the way to it, is
        ignored."""
        scope: IgnoreScope = self
        for name in parts[:-1]:
            # git enters no ignored folder: no pattern takes back a file inside one.
            if scope.ignores(name, folder=True):
                return True
            scope = scope.enter(name)
        return bool(parts) and scope.ignores(parts[-1], folder=False)


def read_ignore_file(path: str) -> IgnoreFile | None:
    """The ignore file at ``path``; None where there is none, or git could not read it either."""
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape") as file:
            return IgnoreFile(file.read().split("\n"))
    except OSError:
        return None


def find_scope(folder: str, root: str | None) -> IgnoreScope:
    """What holds in ``folder`` (absolute) from the ignore files above it, up to ``root``.

    The folder's own ``.gitignore`` is not among them.
    """
    scope = IgnoreScope()
    if root is None:
        return scope
    parts = tuple(os.path.relpath(folder, root).split(os.sep)) if folder != root else ()
    # It yields to every .gitignore, so it comes first.
    exclude = read_ignore_file(os.path.join(root, ".git", "info", "exclude"))
    if exclude is not None:
        scope = scope.add(exclude, parts)
    for depth in range(len(parts)):
        file = read_ignore_file(os.path.join(root, *parts[:depth], ".gitignore"))
        if file is not None:
            scope = scope.add(file, parts[depth:])
    return scope


def parse_pattern(line: str) -> Pattern | None:
    """One line; None for a comment, a blank line, and what can match nothing."""
    line = _strip_end(line.removesuffix("\r"))
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    body = line[negated:]
    folders_only = body.endswith("/")
    body = body[:-1] if folders_only else body
    # Only a slash at the beginning or in the middle ties a pattern to its folder.
    anchored = "/" in body
    body = body.removeprefix("/")
    if not body:
        return None
    try:
        parts = _read_parts(body) if anchored else (_read_part(body),)
    except re.error:
        return None
    return Pattern(parts, negated, folders_only, anchored)


def _strip_end(line: str) -> str:
    """Trailing spaces go, unless a backslash keeps one."""
    stripped = line.rstrip(" ")
    slashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if slashes % 2 and len(stripped) < len(line) else stripped


def _read_parts(body: str) -> tuple[PatternPart, ...]:
    parts: list[PatternPart] = [
        None if part == "**" else _read_part(part) for part in body.split("/")
    ]
    # A last "**" stands for what is inside, never for the folder itself.
    return (*parts, re.compile("(?s:.+)")) if parts[-1] is None else tuple(parts)


def _read_part(glob: str) -> PatternPart:
    if not any(char in glob for char in "*?[\\"):
        return glob
    pieces: list[str] = [""]
    index = 0
    while index < len(glob):
        if glob[index] == "*":
            pieces.append("")
            index += 1
        else:
            text, index = _read_char(glob, index)
            pieces[-1] += text
    return re.compile(_join(pieces), re.DOTALL)


def _join(pieces: list[str]) -> str:
    """``pieces`` with a star between each two. A star takes as little as it can, and never more
    (an atomic group): no pattern makes the match try every combination."""
    head, *rest = pieces
    if not rest:
        return head
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1] if piece)
    return f"{head}{middle}.*{rest[-1]}"


def _read_char(glob: str, index: int) -> tuple[str, int]:
    """The expression of what stands at ``index``, and where the next begins."""
    char = glob[index]
    if char == "?":
        return ".", index + 1
    if char == "[":
        return _read_set(glob, index + 1)
    if char != "\\":
        return re.escape(char), index + 1
    if index + 1 == len(glob):
        raise re.error("a backslash at the end matches nothing")
    return re.escape(glob[index + 1]), index + 2


def _read_set(glob: str, index: int) -> tuple[str, int]:
    """A bracket expression whose ``[`` stands before ``index``."""
    negated = glob[index : index + 1] in ("!", "^")
    index += negated
    out, start = "", index
    while index < len(glob) and (glob[index] != "]" or index == start):
        text, index = _read_member(glob, index)
        out += text
    if index >= len(glob):
        raise re.error("a bracket that does not close matches nothing")
    return f"[{'^' if negated else ''}{out}]", index + 1


def _read_member(glob: str, index: int) -> tuple[str, int]:
    # POSIX character classes; a name that is none is read as single characters.
    if glob.startswith("[:", index):
        end = glob.find(":]", index)
        name = glob[index + 2 : end]
        if end > 0 and name in _CLASSES:
            return _CLASSES[name], end + 2
    if glob[index] == "-":
        return "-" if _between(glob, index) else r"\-", index + 1
    index += glob[index] == "\\"
    return re.escape(glob[index : index + 1]), index + 1


def _between(glob: str, index: int) -> bool:
    """Whether the hyphen at ``index`` makes a range."""
    return glob[index - 1] not in "[!^" and glob[index + 1 : index + 2] not in ("]", "")


def _fits(part: PatternPart, name: str) -> bool:
    if isinstance(part, str):
        return part == name
    return part is None or part.fullmatch(name) is not None


def _match_parts(parts: tuple[PatternPart, ...], names: tuple[str, ...]) -> bool:
    """Match components; on a mismatch only the last ``**`` takes one name more."""
    part = name = 0
    star, taken = -1, 0
    while name < len(names):
        if part < len(parts) and parts[part] is None:
            star, taken, part = part, name, part + 1
        elif part < len(parts) and _fits(parts[part], names[name]):
            part, name = part + 1, name + 1
        elif star >= 0:
            taken += 1
            # An earlier ** need not be tried again: what it could take, the last one can.
            part, name = star + 1, taken
        else:
            return False
    return part == len(parts)
