"""What a policy finds in files, and what another one would change."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping

from linter.errors import UserError, WorkerError
from linter.input.excludes import Excludes
from linter.input.sources import collect
from linter.judging.comparison import (
    NOTHING,
    TOLD_ACTIONS,
    FindingChange,
    compare_findings,
    count_actions,
    count_changes,
)
from linter.judging.file_policies import FilePolicies
from linter.judging.run import lint
from linter.judging.settings import FILE_NAMES, find_today
from linter.judging.task import Task
from linter.reports.terminal import escape
from rules.checks import ALL
from rules.model import Rule
from rules.policy.values import Policy
from rules.type_names import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, RunResult

_MOST = 200
"""Findings that are listed."""


def judge_paths(
    paths: list[str],
    policy: Policy,
    folder: str,
    rules: tuple[Rule, ...] = ALL,
    profile: str | None = None,
) -> "RunResult":
    """The result of a run over files and folders. ``folder`` is the one that the policy's
    ``exclude`` is relative to. Raises UserError."""
    policies = FilePolicies(policy, os.path.join(folder, FILE_NAMES[0]), stated=True)
    task = Task(policy, find_today(), rules, flag_profile=profile, policies=policies)
    try:
        return lint(task, collect(paths, Excludes(folder, policy.exclude)))
    except WorkerError as error:
        raise UserError(f"mlgate: {error}") from None


Difference: TypeAlias = tuple[str, str, str]
"""What differs between two policies: its name, and what it is in each, as text."""


def compare_policies(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What differs in what two policies come to, as ``mlgate policy show`` describes them."""
    old, new = (dict(_flatten(one)) for one in (before, after))
    names = dict.fromkeys((*old, *new))
    return [
        (name, old.get(name, NOTHING), new.get(name, NOTHING))
        for name in names
        if old.get(name) != new.get(name) and name != "file"
    ]


def _flatten(tree: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each value with its name; where it is from, and what rules are called, is no part of it."""
    if not isinstance(tree, Mapping):
        yield name, json.dumps(tree, ensure_ascii=False)
        return
    if set(tree) in ({"value", "from"}, {"action", "from"}):
        value = tree.get("value", tree.get("action"))
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return
    for key, one in tree.items():
        if key != "name" or not name:
            yield from _flatten(one, _shorten_name(f"{name}.{key}" if name else key))


def _shorten_name(name: str) -> str:
    """``TRN001/batch`` for ``rules.TRN001.forms.batch``, ``TRN002.max`` for its parameter."""
    return name.removeprefix("rules.").replace(".forms.", "/").replace(".parameters.", ".")


class Preview:
    """What changes from one policy to another: in the policies, and in what is found."""

    def __init__(self, differences: list[Difference]) -> None:
        self.differences = differences
        self.changes: list[FindingChange] = []
        self.errors: list[ErrorRow] = []
        self.counts: list[dict[str, int]] = []
        self.files = 0

    def judge(
        self, paths: list[str], policies: Iterable[Policy], folders: Iterable[str], flag: str | None
    ) -> None:
        """Judge files by both policies, whose ``exclude`` are relative to ``folders``."""
        before, after = (
            judge_paths(paths, policy, folder, profile=flag)
            for policy, folder in zip(policies, folders, strict=True)
        )
        self.changes = compare_findings(before["findings"], after["findings"])
        self.errors = after["errors"]
        self.counts = [count_actions(one["findings"]) for one in (before, after)]
        self.files = after["coverage"]["files"]


def render_preview(preview: Preview, files: tuple[str | None, str], form: str) -> str:
    """The preview as JSON, or for a person."""
    names = [file or "built-in" for file in files]
    if form == "json":
        return _export(preview, names)
    lines = [f"{names[0]} -> {names[1]}", ""]
    lines += [f"  {name}: {old} -> {new}" for name, old, new in preview.differences]
    if not preview.differences:
        lines.append("  the policies come to the same")
    if preview.counts:
        lines += ["", f"in {preview.files} file{'s' * (preview.files != 1)}", ""]
        lines += _list_changes(preview.changes) or ["  nothing changes"]
        lines += ["", *_sum_up(preview)]
    return "\n".join(lines) + "\n"


def _sum_up(preview: Preview) -> Iterator[str]:
    gained, lost, others = count_changes(preview.changes)
    yield f"{gained} gained, {lost} lost, {others} with another action"
    before, after = preview.counts
    told = (f"{name}: {before[name]} -> {after[name]}" for name in TOLD_ACTIONS)
    yield ", ".join(told)


def _list_changes(changes: list[FindingChange]) -> list[str]:
    """One line for each change that warns or denies, and the number of other changes."""
    told = [one for one in changes if one.counts]
    lines = []
    for one in told[:_MOST]:
        row, before, after = one
        place = f"{row['file']}:{row['line']}:{row['column']}"
        code = f"{row['rule']}/{row['form']}"
        lines.append(f"  {before} -> {after}  {code}  {escape(place)}: {escape(row['message'])}")
    if len(told) > _MOST:
        lines.append(f"  ... and {len(told) - _MOST} more")
    if len(changes) > len(told):
        lines.append(f"  {len(changes) - len(told)} between audit, excepted and nothing")
    return lines


def _export(preview: Preview, names: list[str]) -> str:
    tree = {
        "from": names[0],
        "to": names[1],
        "policy": [
            dict(zip(("name", "from", "to"), one, strict=True)) for one in preview.differences
        ],
        "findings": [_export_change(one) for one in preview.changes],
    }
    return json.dumps(tree, indent=2, ensure_ascii=True) + "\n"


def _export_change(change: FindingChange) -> dict[str, Any]:
    row, before, after = change
    return {
        "from": before,
        "to": after,
        "rule": row["rule"],
        "form": row["form"],
        "file": row["file"],
        "line": row["line"],
        "column": row["column"],
        "object": row["object"],
        "message": row["message"],
        "fingerprint": row["fingerprint"],
    }
