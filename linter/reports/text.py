"""The text report for people: each finding with its source lines."""

import os
from collections.abc import Iterator, Sequence

from linter.input.sources import STDIN
from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.excerpt import Label, draw
from linter.reports.source_lines import SourceLines
from linter.reports.stakes import tell_hours
from linter.reports.terminal import escape, file_url, link, paint
from rules.paths import Path, dotted
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import (
        EmbeddedRow,
        ErrorRow,
        FindingRow,
        IdentityRow,
        PassedRow,
        RelatedRow,
        RunResult,
        WorkloadRow,
    )

_NEAR = 20
"""Lines between two places of one file that still share an excerpt."""
_STYLES = {"deny": "error", "warn": "warning", "audit": "info"}


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """Errors, then findings in the result's order, then the roles if they are asked for."""
    for block in _draw_all(result, options):
        yield f"{block}\n\n"


def _draw_all(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    lines_of = SourceLines(options.read_source)
    for error in select_errors(result):
        yield _draw_error(error, options)
    for finding in select_shown(result, options):
        yield _draw_finding(finding, lines_of, options)
    for workload in result["workloads"] if options.show_roles else ():
        yield _draw_workload(workload, options)
    for passed in result.get("passed", ()) if options.show_passed else ():
        yield _tell_passed(passed)


def _tell_passed(row: "PassedRow") -> str:
    """The rules that found nothing in an object, on as few lines as they fit."""
    named = row["object"]
    name = " ".join(part for part in (named["kind"], named["name"]) if part)
    head = f"passed: {escape(name)} ({escape(row['file'])}:{row['line']})"
    rules = row["rules"] or ["none"]
    lines = [rules[start : start + 12] for start in range(0, len(rules), 12)]
    return "\n".join([head, *(f"  {' '.join(line)}" for line in lines)])


def _draw_error(error: "ErrorRow", options: ReportOptions) -> str:
    at_document = error["line"] is None and error["document"] is not None
    place = f"{locate(error)} (document {error['document']})" if at_document else locate(error)
    return f"{paint('error', 'error', colour=options.colour)}: {place}: {escape(error['reason'])}"


def _draw_finding(finding: "FindingRow", lines_of: SourceLines, options: ReportOptions) -> str:
    near, far = _part(finding)
    gutter = len(str(max(label.line for label in near)))
    drawn = [
        _headline(finding, options),
        *_draw_place(finding, near, gutter, lines_of, options),
    ]
    for other in far:
        label = Label(other["line"], other["column"], message=other["message"])
        drawn += _draw_place(other, [label], gutter, lines_of, options)
    edge = paint(" " * gutter + " =", "frame", colour=options.colour)
    drawn += [f"{edge} {note}" for note in _notes(finding)]
    return "\n".join(drawn)


def _headline(finding: "FindingRow", options: ReportOptions) -> str:
    message = paint(f": {escape(finding['message'])}", "strong", colour=options.colour)
    return draw_label(finding, options) + message


def draw_label(finding: "FindingRow", options: ReportOptions) -> str:
    """``deny[TRN001/batch]``: what to act on, and the name that policies and ignores give it."""
    action = finding["action"]
    label = f"{action}[{finding['rule']}/{finding['form']}]"
    label = link(label, finding["url"], links=options.links)
    return paint(label, _STYLES.get(action, "dim"), colour=options.colour)


def _part(finding: "FindingRow") -> "tuple[list[Label], list[RelatedRow]]":
    """The labels of the first excerpt, and the related places that need one of their own."""
    main = Label(
        finding["line"],
        finding["column"],
        finding["end_line"],
        finding["end_column"],
        primary=True,
        style=_STYLES.get(finding["action"], "dim"),
    )
    near = [main]
    far = []
    for other in finding["related"]:
        # One excerpt shows both places and how they belong together, if it does not get long.
        distance = abs(other["line"] - finding["line"])
        if other["file"] == finding["file"] and distance <= _NEAR:
            near.append(Label(other["line"], other["column"], message=other["message"]))
        else:
            far.append(other)
    return near, far


def _draw_place(
    row: "FindingRow | RelatedRow",
    labels: Sequence[Label],
    gutter: int,
    lines_of: SourceLines,
    options: ReportOptions,
) -> list[str]:
    """The ``-->`` line and the excerpt; what a related place says even if it cannot be shown."""
    arrow = paint(" " * gutter + "-->", "frame", colour=options.colour)
    excerpt = draw(lines_of(row["file"]), labels, gutter, colour=options.colour)
    place = f"{arrow} {_link_place(row, options)}{tell_source(row)}"
    if excerpt:
        return [place, *excerpt]
    messages = [
        f"{' ' * gutter} = line {one.line}: {escape(one.message)}" for one in labels if one.message
    ]
    return [place, *messages]


def _notes(finding: "FindingRow") -> Iterator[str]:
    if finding["object"]["kind"]:
        yield _subject(finding)
    if finding["embedded"]:
        yield _describe_embedded(finding["embedded"], finding["path"])
    if "builds" in finding:
        yield f"built by {escape(', '.join(finding['builds']))}"
    fix = finding["fix"]
    if fix and "refused" in fix:
        yield f"not fixed: {escape(fix['refused'])}"
    elif fix:
        yield f"fix ({fix['safety']}): {escape(fix['title'])}"
    if finding["gpu_hours"] is not None:
        yield f"at stake: {tell_hours(finding['gpu_hours'])}"
    yield f"help: mlgate explain {finding['rule']}"


def _subject(finding: "FindingRow") -> str:
    """``Job train in namespace ml, role training (high)``."""
    subject = name_object(finding["object"])
    role = finding["role"]
    return f"{subject}, role {role} ({finding['confidence']})" if role else subject


def _describe_embedded(inner: "EmbeddedRow", path: Path) -> str:
    outer = path if inner["text"] else path[: len(path) - len(inner["path"])]
    return f"in the {_name_embedded(inner)} inside {escape(dotted(outer))}"


def _name_embedded(inner: "EmbeddedRow") -> str:
    return escape(f"{inner['kind']} {inner['name'] or 'without a name'}")


def _draw_workload(workload: "WorkloadRow", options: ReportOptions) -> str:
    """A workload's role, then the role of each pod template with its evidence."""
    name, inner = name_object(workload["object"]), workload["embedded"]
    if inner:
        name = f"{_name_embedded(inner)} in {name}"
    head = f"{name}: {workload['role']} ({workload['confidence']})"
    place = f"{escape(workload['file'])}:{workload['line']}"
    drawn = [f"{place}: {paint(head, 'strong', colour=options.colour)}"]
    for template in workload["templates"]:
        subrole = f" {template['subrole']}" if template["subrole"] else ""
        where = escape(dotted(template["path"])) or "the object"
        drawn.append(
            f"  {where}: {template['role']}{subrole} ({template['confidence']}, "
            f"score {template['score']})"
        )
        drawn += [f"    - {escape(line)}" for line in template["evidence"]]
    return "\n".join(drawn)


def _link_place(row: "FindingRow | RelatedRow", options: ReportOptions) -> str:
    if row["file"] == STDIN or not options.links:
        return locate(row)
    return link(locate(row), file_url(os.path.abspath(row["file"])), links=True)


def locate(row: "FindingRow | RelatedRow | ErrorRow") -> str:
    """``file:line:column``, as far as it is known."""
    numbers = (row["line"], row["column"])
    known = [str(number) for number in numbers if number is not None]
    return ":".join([escape(row["file"]), *known])


def tell_source(row: "FindingRow | RelatedRow") -> str:
    """`` (from base/job.yaml)``: the file that what was rendered comes from."""
    source = row.get("source")
    return f" (from {escape(str(source))})" if source else ""


def name_object(identity: "IdentityRow") -> str:
    """``Job train in namespace ml``; what could not be read has no kind."""
    if not identity["kind"]:
        return "a document"
    words = [identity["kind"]]
    words.append(identity["name"] or "without a name")
    if identity.get("namespace"):
        words.append(f"in namespace {identity['namespace']}")
    return escape(" ".join(words))
