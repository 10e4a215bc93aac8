"""What git says of the files of a run: which have changed since a revision, and how they were."""

import os
from collections.abc import Iterable

from linter.errors import UserError
from linter.input.repository import find_root
from rules.record import NamedTuple

_OF_A_REPOSITORY = frozenset(
    f"GIT_{name}"
    for name in (
        *("DIR", "COMMON_DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY"),
        *("ALTERNATE_OBJECT_DIRECTORIES", "PREFIX", "SHALLOW_FILE"),
    )
)
"""``git rev-parse --local-env-vars``, but for settings."""


class FileChange(NamedTuple):
    """A file that changed: how it was (None: it was not there), and how it is in git's index where
    that is to be judged (None: as it is in the work tree)."""

    before: bytes | None
    staged: bytes | None = None


def find_changes(files: Iterable[str], since: str | None) -> dict[str, FileChange]:
    """Those of ``files`` that changed since revision ``since``: since the work began that is now
    at hand, if that is another branch (its merge base). With None, what is staged for a commit.

    Raises UserError where git does not know the revision, or is not there.
    """
    tops: dict[str, str] = {}
    folders: dict[str, dict[str, str]] = {}
    for file in files:
        folder = os.path.realpath(os.path.dirname(os.path.abspath(file)))
        # Git is asked once for all folders of a repository: each question is a process.
        nearest = find_root(folder) or folder
        if nearest not in tops:
            tops[nearest] = _find_top(nearest)
        name = _name_in(tops[nearest], os.path.join(folder, os.path.basename(file)))
        folders.setdefault(tops[nearest], {})[name] = file
    home = tops.get(find_root(os.path.realpath(os.curdir)) or "")
    changes = {}
    for folder, named in folders.items():
        base = _find_base(folder, since, home) if since is not None else _find_head(folder)
        for name in _list_changed(folder, base, staged=since is None):
            if name in named:
                staged = _show(folder, f":0:{name}") if since is None else None
                before = _show(folder, f"{base}:{name}") if base else None
                changes[named[name]] = FileChange(before, staged)
    return changes


def _find_top(folder: str) -> str:
    top = _ask(folder, "rev-parse", "--show-toplevel")
    if top is None:
        raise UserError(
            f"mlgate lint: {folder} is in no git repository: leave out --since, --staged"
        )
    return os.fsdecode(top.rstrip(b"\n"))


def _name_in(top: str, path: str) -> str:
    """What git calls a file whose folder is resolved; a link stays a link, for git and here."""
    return os.path.relpath(path, top).replace(os.sep, "/")


def _find_head(top: str) -> str | None:
    """HEAD, or None before the first commit."""
    return "HEAD" if _ask(top, "rev-parse", "--verify", "--quiet", "HEAD") else None


def _find_base(top: str, since: str, home: str | None) -> str | None:
    """The commit to compare a work tree with; None for a submodule that was not there then. A
    revision is one of the repository at hand, ``home``, which says of its submodules where they
    stood."""
    outer = _ask(top, "rev-parse", "--show-superproject-working-tree") if top != home else None
    if not outer:
        return _find_common(top, since)
    around = os.fsdecode(outer.rstrip(b"\n"))
    base = _find_base(around, since, home)
    name = f"{base}:{_name_in(around, top)}"
    commit = _ask(around, "rev-parse", "--verify", "--quiet", name) if base else None
    if commit is None:
        return None
    found = commit.decode().strip()
    if _ask(top, "cat-file", "-e", found) is None:
        raise UserError(
            f"mlgate lint: --since {since}: the submodule {top} lacks its commit of then, {found}: "
            "fetch it (git submodule update)"
        )
    return found


def _find_common(top: str, since: str) -> str:
    commit = _ask(
        top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}"
    )
    shallow = _ask(top, "rev-parse", "--is-shallow-repository") == b"true\n"
    advice = "; this clone is shallow: fetch more of it (git fetch --unshallow)" if shallow else ""
    if commit is None:
        raise UserError(
            f"mlgate lint: --since {since}: git knows no such revision in {top}{advice}"
        )
    base = _ask(top, "merge-base", commit.decode().strip(), "HEAD")
    if base is None:
        raise UserError(f"mlgate lint: --since {since} and HEAD have no common commit{advice}")
    return base.decode().strip()


def _list_changed(top: str, base: str | None, *, staged: bool) -> list[str]:
    if base is None:  # before the first commit everything is new
        return _list_names(top, "ls-files")
    flags = ["--cached"] if staged else []
    names = _list_names(top, "diff", "--name-only", "--no-renames", *flags, base, "--")
    if not staged:
        names += _list_names(top, "ls-files", "--others", "--exclude-standard")
    return names


def _show(top: str, name: str) -> bytes | None:
    return _ask(top, "cat-file", "blob", name)


def _list_names(top: str, command: str, *arguments: str) -> list[str]:
    """The names that a command of git lists. Where it fails nothing may pass for unchanged."""
    listed = _ask(top, command, "-z", *arguments)
    if listed is None:
        raise UserError(f"mlgate lint: `git {command}` failed in {top}")
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _find_environment(folder: str) -> dict[str, str] | None:
    """The variables with which git is asked in a folder; None: those of this process. A hook has
    the index and the folders of its own repository in some, and a submodule is another."""
    if find_root(folder) == find_root(os.path.realpath(os.curdir)):
        return None
    return {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}


def _ask(folder: str, *arguments: str) -> bytes | None:
    """The output of a git command; None if git fails."""
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - no shell, and a revision stands behind --end-of-options
            ["git", "-C", folder, *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            env=_find_environment(folder),
        )
    except OSError as error:
        raise UserError(f"mlgate lint: git cannot be run: {error.strerror}") from None
    return done.stdout if done.returncode == 0 else None
