"""A first policy, written after a look at what there is."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator

from linter.commands.policy_preview import judge_paths
from linter.judging.comparison import count_actions
from rules.checks import BY_CODE
from rules.policy.values import PROFILES, Policy
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow, RunResult

SCHEMA_LINE = "# yaml-language-server: $schema=https://mlgate.dev/policy.schema.json"
_CAP = "ORG001"
_MOST = 5
"""Rules that are named for what they find most often."""


def judge_profiles(paths: list[str]) -> "dict[str, RunResult]":
    """What each profile makes of files and folders. Raises UserError."""
    return {
        profile: judge_paths(paths, Policy(profile=profile), os.getcwd()) for profile in PROFILES
    }


def draft_policy(paths: list[str], runs: "dict[str, RunResult]") -> str:
    """The text of a policy after a look at files and folders, which ``runs`` judged. Raises
    UserError."""
    result = runs["standard"]
    blocks = [
        [SCHEMA_LINE, *_tell_input(result), *_tell_devices(paths), *_tell_profiles(runs)],
        ["apiVersion: mlgate.dev/v1", "kind: Policy", "profile: standard"],
        _list_rules(result["findings"]),
        _list_kinds(result),
        list(_EXAMPLES),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


_EXAMPLES = (
    "# Your organisation's own rules (docs/organisation.md), such as caps on accelerators:",
    "#   rules:",
    "#     ORG001: {action: deny, per_pod: 8, per_workload: 32}",
    "#",
    "# Findings that you accept, with a reason and an owner:",
    "# exceptions:",
    "#   - rules: [TRN003]",
    '#     match: {namespace: research, kind: Job, name: "sweep-*"}',
    "#     reason: bounded by the sweep controller",
    "#     owner: ml-infra",
    "#     expires: 2027-01-31",
)


def _tell_input(result: "RunResult") -> Iterator[str]:
    coverage = result["coverage"]
    seen = f"{_plural(coverage['files'], 'file')} with {_plural(coverage['objects'], 'object')}"
    yield f"# A first policy, drafted from {seen}."
    yield "# `mlgate policy check` validates it, `mlgate policy show` prints it with all defaults."
    yield "# docs/policy.md describes every key."
    if result["errors"]:
        yield f"# {_plural(len(result['errors']), 'part')} of the input could not be read."
    known = coverage["pod_templates"]
    if known:
        yield "#"
        yield "# Kinds found, with the number of their pod templates:"
        yield from (f"#   {_safe(name)}: {count}" for name, count in known.items())


def _tell_devices(paths: list[str]) -> Iterator[str]:
    """The accelerators that containers ask for: a cap of none finds every one."""
    policy = Policy(values={_CAP: {"per_container": 0}})
    rows = judge_paths(paths, policy, os.getcwd(), (BY_CODE[_CAP],))["findings"]
    found = Counter(str(row["path"][-1]) for row in rows if row["form"] == "container")
    if found:
        yield "#"
        yield "# Accelerators found, with the number of containers that ask for them:"
        yield from (f"#   {_safe(name)}: {count}" for name, count in sorted(found.items()))


def _tell_profiles(runs: "dict[str, RunResult]") -> Iterator[str]:
    yield "#"
    yield "# What each profile reports:"
    for profile, result in runs.items():
        counts = count_actions(result["findings"])
        said = f"{_plural(counts['deny'], 'denial')}, {_plural(counts['warn'], 'warning')}"
        yield f"#   {profile}: {'nothing denied, all audited' if profile == 'observe' else said}"
    yield "# In a cluster, start with observe, and read what would be denied."


def _list_rules(rows: "Iterable[FindingRow]") -> list[str]:
    """The rules that find most, for a person to say something else of them."""
    counts = Counter(row["rule"] for row in rows if row["action"] in ("deny", "warn"))
    if not counts:
        return []
    lines = ["# The rules with most findings; uncomment to choose another action:"]
    lines.append("# rules:")
    for code, count in counts.most_common(_MOST):
        summary = BY_CODE[code].summary.rstrip(".")
        lines.append(f"#   {code}: audit  # {_plural(count, 'finding')}: {summary}")
    return lines


def _list_kinds(result: "RunResult") -> list[str]:
    """The kinds that hold pods and are not understood, as entries that make them so."""
    added = result["coverage"]["kinds_to_add"]
    if not added:
        return []
    lines = ["# Unknown kinds with pods, which are checked by this; `role: training` adds a role."]
    lines.append("kinds:")
    for one in added:
        templates = ", ".join(f'"{path}"' for path in one["templates"])
        head = f"group: {one['group']}, kind: {one['kind']}"
        lines.append(f"  - {{{head}, templates: [{templates}]}}")
    return lines


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _safe(text: str) -> str:
    """A name of a manifest in a comment: one line, and not long."""
    from linter.reports.terminal import escape
    from rules.paths import shorten

    return escape(shorten(text))
