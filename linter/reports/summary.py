"""The last lines of a run: what was found, what was checked, what was not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from linter.input.documents import NAMED_EMPTY, RENDER, TEMPLATE
from linter.input.sources import STDIN
from linter.judging.packed_rows import count_by
from linter.judging.rows import read_outcome
from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.stakes import sum_hours
from linter.reports.terminal import escape, paint
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import CoverageRow, KindRow, RunResult, SkippedRow

_ACTIONS = ("deny", "warn", "audit", "excepted")
_MOST_KINDS = 8
"""Kinds that are named; the JSON report has them all."""
_MOST_EMPTY = 5
_NOTHING_READ = (
    "nothing was read: there are no .yaml, .yml or .json files, or all are skipped (hidden, "
    "vendored, ignored by git, excluded): see --show-files"
)
_MOST_ENTRIES = 5


def render_summary(result: "RunResult", options: ReportOptions) -> str:
    """A few lines: findings by action, coverage, what was skipped and why, the policy."""
    coverage = result["coverage"]
    lines = [_count_findings(result, options)]
    at_stake = sum_hours(select_shown(result, options))
    lines += [f"at stake: {at_stake}"] if at_stake else []
    lines.append(_count_coverage(coverage))
    lines += _tell_nothing(result)
    if coverage["skipped"]:
        lines.append(_count_skipped(coverage["skipped"]))
        lines += _name_empty(coverage["skipped"])
    lines += _suggest_kinds(coverage["kinds_to_add"])
    lines += _tell_passed_over(coverage)
    lines += _tell_builds(coverage)
    lines += _tell_stale(result)
    if "cluster" in result:
        from linter.reports.in_cluster import tell_cluster

        lines += tell_cluster(result)
    lines.append(f"policy: {escape(options.policy)}")
    return "".join(f"{line}\n" for line in lines)


def render_statistics(result: "RunResult", options: ReportOptions) -> str:
    """The findings that are shown by rule and form, the most first."""
    forms = Counter(f"{row['rule']}/{row['form']}" for row in select_shown(result, options))
    names = {f"{row['rule']}/{row['form']}": row["name"] for row in result["findings"]}
    width = len(str(max(forms.values(), default=0)))
    ranked = sorted(forms.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{number:>{width}}  {form}  {names[form]}\n" for form, number in ranked)


def _count_findings(result: "RunResult", options: ReportOptions) -> str:
    counts: Counter[str] = Counter()
    for one, number in count_by(result["findings"], read_outcome).items():
        counts[one.action] += number
    visible = _ACTIONS if options.show_audit else _ACTIONS[:2]
    shown = [f"{counts[action]} {action}" for action in visible if counts[action]]
    hidden = [f"{counts[one]} {one}" for one in _ACTIONS if counts[one] and one not in visible]
    if hidden:
        shown.append(f"{' and '.join(hidden)} hidden: --show-audit")
    total = sum(counts[action] for action in visible)
    text = count(total, "finding") if total else "no findings"
    parts = [paint(text, _style(counts), colour=options.colour) + _bracket(shown)]
    errors = len(select_errors(result))
    if errors:
        parts.append(paint(count(errors, "error"), "error", colour=options.colour))
    if result["suppressed"]:
        parts.append(f"{result['suppressed']} suppressed")
    if "baseline" in result and result["baseline"]["matched"]:
        parts.append(f"{result['baseline']['matched']} in the baseline")
    if result.get("unchanged"):
        parts.append(f"{result['unchanged']} on unchanged objects")
    return ", ".join(parts)


def _style(counts: Mapping[str, int]) -> str:
    if counts["deny"]:
        return "error"
    return "warning" if counts["warn"] else "good"


def _count_coverage(coverage: "CoverageRow") -> str:
    templates = coverage["pod_templates"]
    kinds = _short_names(templates)
    read = f"{count(coverage['files'], 'file')}, {count(coverage['documents'], 'document')}"
    # A scan of a cluster reads no files.
    looked_at = count(coverage["objects"], "object") if not coverage["files"] else read
    text = f"checked {looked_at}: {count(sum(templates.values()), 'pod template')}{_bracket(kinds)}"
    unknown = coverage["unknown_kinds"]
    if not unknown:
        return text
    return f"{text}, {count(len(unknown), 'kind')} not understood{_bracket(_rank(unknown))}"


def _tell_nothing(result: "RunResult") -> list[str]:
    """Why there was nothing to check, unless another line says so."""
    coverage = result["coverage"]
    told = coverage["files"] or coverage["objects"] or coverage["skipped"] or result["errors"]
    return [] if told or "cluster" in result else [_NOTHING_READ]


def _count_skipped(skipped: "list[SkippedRow]") -> str:
    reasons = Counter(_shorten(entry["reason"]) for entry in skipped)
    total = count(sum(reasons.values()), "document")
    text = f"skipped {total}{_bracket(_rank(reasons, number_first=True))}"
    # A chart that is known is named in a line of its own.
    unnamed = TEMPLATE in reasons and not _list_charts(skipped)
    return f"{text}; {RENDER}" if unnamed else text


def _name_empty(skipped: "Iterable[SkippedRow]") -> list[str]:
    """A line for each file that somebody named and that holds nothing: that was not meant."""
    empty = [row["file"] for row in skipped if row["reason"] == NAMED_EMPTY]
    return [
        f"{'standard input' if file == STDIN else escape(file)} is empty"
        for file in empty[:_MOST_EMPTY]
    ]


def _suggest_kinds(rows: "list[KindRow]") -> Iterator[str]:
    """The lines of a policy by which kinds that hold pod templates would be understood."""
    if not rows:
        return
    yield f"{count(len(rows), 'unknown kind')} with pod templates: to check them, add to the policy"
    yield "  kinds:"
    for row in rows[:_MOST_ENTRIES]:
        templates = ", ".join(f'"{escape(path)}"' for path in row["templates"])
        yield f"    - {{group: {row['group']}, kind: {row['kind']}, templates: [{templates}]}}"
    if len(rows) > _MOST_ENTRIES:
        yield f"    # {len(rows) - _MOST_ENTRIES} more: --format json"


def _tell_passed_over(coverage: "CoverageRow") -> Iterator[str]:
    """What was met and not judged as it might have been, and how it would be."""
    if coverage["unknown_roles"]:
        yield (
            f"{count(coverage['unknown_roles'], 'accelerated workload')} of unknown role: state it "
            "with the annotation mlgate.dev/role (--show-roles lists them)"
        )
    if coverage["exempt"]:
        yield (
            f"{count(coverage['exempt'], 'object')} in exempt namespaces not checked: to do so, "
            "add the exact name to `namespaces` in the policy"
        )
    folders = coverage["left_out"]
    if folders:
        yield (
            f"{count(sum(folders.values()), 'folder')} skipped{_bracket(_rank(folders))}: name one "
            "to check it"
        )


def _tell_builds(coverage: "CoverageRow") -> Iterator[str]:
    """What would have to be built to be judged as a cluster gets it."""
    builds = [("--kustomize", folder) for folder in coverage["overlays"]]
    builds += [("--helm", chart) for chart in _list_charts(coverage["skipped"])]
    if not builds:
        return
    from shlex import quote

    words = " ".join(f"{flag} {quote(escape(name))}" for flag, name in builds[:_MOST_KINDS])
    more = f" ({len(builds) - _MOST_KINDS} more)" if len(builds) > _MOST_KINDS else ""
    yield f"to check what is built: mlgate lint {words}{more}"


def _list_charts(skipped: "Iterable[SkippedRow]") -> list[str]:
    """The charts whose templates were met, by their paths; none that stands in another."""
    templates = (row["file"] for row in skipped if row["reason"] == TEMPLATE)
    charts = {file.partition("/templates/")[0] for file in templates if "/templates/" in file}
    return sorted(
        one for one in charts if not any(one.startswith(f"{other}/charts/") for other in charts)
    )


def _tell_stale(result: "RunResult") -> Iterator[str]:
    """Entries of the baseline that no finding matches: they would hide the fault's return."""
    if "baseline" not in result or not result["baseline"]["stale"]:
        return
    stale = result["baseline"]["stale"]
    file = escape(result["baseline"]["file"])
    noun = "entry" if len(stale) == 1 else "entries"
    yield f"{len(stale)} stale {noun} in {file}; brought up to date by --write-baseline {file}"
    for row in stale[:_MOST_ENTRIES]:
        yield f"  {escape(row['file'])}: {escape(row['fingerprint'])}"
    if len(stale) > _MOST_ENTRIES:
        yield f"  {len(stale) - _MOST_ENTRIES} more: --format json"


def _shorten(reason: str) -> str:
    """A reason without what differs from one document to the next."""
    for words in (" (", ": ", "; ", " by "):
        reason = reason.partition(words)[0]
    return reason


def _short_names(templates: Mapping[str, int]) -> list[str]:
    """Kinds without their group, unless two of them would look the same."""
    # Job.batch and Job.batch.volcano.sh would both be Job.
    seen = Counter(name.partition(".")[0] for name in templates)
    short = {
        name if seen[name.partition(".")[0]] > 1 else name.partition(".")[0]: number
        for name, number in templates.items()
    }
    return _rank(short)


def _rank(counts: Mapping[str, int], *, number_first: bool = False) -> list[str]:
    """``Job 12``, the most frequent first, and how many more there are."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [
        f"{number} {escape(name)}" if number_first else f"{escape(name)} {number}"
        for name, number in ranked[:_MOST_KINDS]
    ]
    left = len(ranked) - len(named)
    return [*named, f"{left} more"] if left else named


def _bracket(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


def count(number: int, noun: str) -> str:
    """``1 file``, ``2 files``, ``12,000 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
