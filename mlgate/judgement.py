"""``lint`` and what it returns."""

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from linter.errors import UserError
from linter.input.excludes import Excludes
from linter.input.repository import find_place
from linter.input.sources import collect
from linter.judging import run
from linter.judging.file_policies import FilePolicies
from linter.judging.selection import select_rules
from linter.judging.settings import find_today, load_policy
from linter.judging.task import Task
from rules.policy import DEFAULT
from rules.policy.values import PROFILES
from rules.wording import show_value

if TYPE_CHECKING:
    from linter.row_types import FindingRow, RunResult

Input: TypeAlias = Mapping[str, Any] | str | os.PathLike[str]
"""An object as plain data, or the path of a file or folder."""

Action: TypeAlias = Literal["deny", "warn", "audit", "excepted"]

_HINTS = {"list": ", or an object: those of a list are given as lint(*objects)"}
_HINTS["generator"] = _HINTS["tuple"] = _HINTS["list"]

_WEIGHTS = {"deny": 3, "warn": 2, "audit": 1, "never": 9}


class LintError(Exception):
    """A policy, a path or an argument that cannot be used; the message says what is wrong."""


class ObjectName(NamedTuple):
    """What an object calls itself; None where it does not say."""

    api_version: str | None
    kind: str | None
    namespace: str | None
    name: str | None


class Finding(NamedTuple):
    """One finding, as the JSON report has it (docs/json.md).

    ``path`` is a tuple of keys and indexes into the object. ``file``, ``line`` and ``column`` (from
    1) say where that stands; ``file`` is None for an object that was given as data, and ``number``
    tells which of those it is, from 0.
    """

    rule: str
    form: str
    action: Action
    severity: str
    message: str
    object: ObjectName
    path: tuple[str | int, ...]
    file: str | None
    number: int | None
    line: int | None
    column: int | None
    fingerprint: str
    url: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.file else ""
        name = "/".join(filter(None, (self.object.kind, self.object.namespace, self.object.name)))
        return f"{place}{self.action}[{self.rule}/{self.form}] {name}: {self.message}"


class Unread(NamedTuple):
    """A file, or a document of one, that could not be read."""

    file: str
    line: int | None
    reason: str


class Report(NamedTuple):
    """What a run found, in order, and what it could not read."""

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]

    def passes(self, fail_on: Literal["deny", "warn", "audit", "never"] = "warn") -> bool:
        """Whether everything was read, and nothing found at or above ``fail_on``. Raises
        LintError for another word."""
        return not self.select(fail_on) and not self.unread

    def select(
        self, at_least: Literal["deny", "warn", "audit", "never"] = "warn"
    ) -> tuple[Finding, ...]:
        """The findings of an action at or above ``at_least``. Raises LintError for another word."""
        if at_least not in _WEIGHTS:
            raise LintError(f"expected one of {', '.join(_WEIGHTS)}, found {at_least}")
        least = _WEIGHTS[at_least]
        return tuple(one for one in self.findings if _WEIGHTS.get(one.action, 0) >= least)

    def __str__(self) -> str:
        lines = [f"{one.file}: cannot be read: {one.reason}" for one in self.unread]
        return "\n".join([*lines, *map(str, self.findings)])


def lint(
    *inputs: Input,
    policy: str | os.PathLike[str] | None = None,
    profile: Literal["observe", "standard", "strict"] | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    namespace: str | None = None,
    complete: bool = False,
) -> Report:
    """Judge objects, files and folders together, so that rules which look at other objects see
    them all.

    ``policy`` is the path of a policy file; without one the built-in policy holds, and no file is
    looked for. ``select`` and ``ignore`` name rules as the command line does. ``complete`` says
    that the input is all there is in its namespaces.

    Raises LintError.
    """
    _check_words(profile, namespace, select, ignore)
    try:
        file = _read_path(policy, "policy") if policy is not None else None
        chosen = load_policy(file) if file is not None else DEFAULT
        selection = select_rules(select, ignore)
        task = Task(
            chosen,
            find_today(),
            selection.rules,
            selection.unwanted,
            flag_profile=profile,
            namespace=namespace,
            complete=complete,
            policies=FilePolicies(chosen, file, stated=True),
        )
        objects, paths = _part(inputs)
        collection = collect(paths, Excludes(find_place(), chosen.exclude))
        names = {f"<object {index}>": index for index in range(len(objects))}
        texts = list(zip(names, map(_encode, objects), strict=True))
        result = run.lint(task, collection, texts, jobs=1)
    except UserError as error:
        raise LintError(str(error)) from None
    found = (_export(row, names.get(row["file"])) for row in result["findings"])
    return Report(tuple(found), _list_unread(result, paths))


def _check_words(
    profile: object, namespace: object, select: Sequence[str], ignore: Sequence[str]
) -> None:
    if profile is not None and profile not in PROFILES:
        raise LintError(f"profile is {profile}; expected one of {', '.join(PROFILES)}")
    if namespace is not None and (not isinstance(namespace, str) or not namespace):
        raise LintError(f"namespace is {show_value(namespace or None)}; expected a name")
    for name, words in (("select", select), ("ignore", ignore)):
        # A text is a collection too, of letters with which codes of rules begin.
        if not isinstance(words, Collection) or isinstance(words, str):
            raise LintError(f"{name} is {show_value(words)}; expected a list of rules")
        for word in words:
            if not isinstance(word, str):
                raise LintError(f"{name} holds {show_value(word)}; expected rules")


def _list_unread(result: "RunResult", paths: Sequence[str]) -> tuple[Unread, ...]:
    """What could not be read, and, where nothing at all was judged, the paths that led nowhere."""
    unread = [Unread(one["file"], one["line"], one["reason"]) for one in result["errors"]]
    if not unread and not result["coverage"]["objects"]:
        unread = [Unread(path, None, "nothing to check in it") for path in paths]
    return tuple(unread)


def _part(inputs: Iterable[Input]) -> tuple[list[Mapping[str, Any]], list[str]]:
    objects: list[Mapping[str, Any]] = []
    paths: list[str] = []
    for one in inputs:
        if isinstance(one, Mapping):
            objects.append(one)
        else:
            paths.append(_read_path(one, "an input"))
    if not objects and not paths:
        raise LintError("nothing is given to judge: expected objects, or paths")
    return objects, paths


def _read_path(path: object, name: str) -> str:
    if not isinstance(path, str | os.PathLike):
        kind = type(path).__name__
        raise LintError(f"{name} is of type {kind}; expected a path" + _HINTS.get(kind, ""))
    text = os.fsdecode(path)
    if not text or "\0" in text:
        raise LintError(f"{name} is {'empty' if not text else 'no text'}; expected a path")
    return text


def _encode(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, default=_unwrap).encode()
    except RecursionError:
        raise LintError("an object is nested too deep") from None
    except (TypeError, ValueError) as error:
        raise LintError(f"an object is no plain data: {error}") from None


def _unwrap(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a value is of type {type(value).__name__}")


def _export(row: "FindingRow", index: int | None) -> Finding:
    name = row["object"]
    given = index is not None
    action: Any = row["action"]
    return Finding(
        row["rule"],
        row["form"],
        action,
        row["severity"],
        row["message"],
        ObjectName(name["apiVersion"], name["kind"], name["namespace"], name["name"]),
        tuple(row["path"]),
        None if given else row["file"],
        index,
        None if given else row["line"],
        None if given else row["column"],
        row["fingerprint"],
        row["url"],
    )
