"""Findings and workloads as rows: plain data with lines and columns, and their order."""

from collections.abc import Iterator
from functools import cache

from linter.input.documents import Entry
from linter.input.origins import read_helm_source, read_origin
from linter.input.sources import STDIN
from linter.judging.elsewhere import Elsewhere
from rules.kinds.pods import Pod
from rules.manifest import Manifest
from rules.model import Edit, Embedded, Finding, Fix, Identity, Related, Set
from rules.paths import Path, pointer
from rules.reader import Document, Span, Unreadable
from rules.record import NamedTuple
from rules.roles import Judgement
from rules.type_names import TYPE_CHECKING, Any
from rules.workload import Workload

if TYPE_CHECKING:
    from linter.row_types import (
        EditRow,
        EmbeddedRow,
        FindingRow,
        FixRow,
        IdentityRow,
        PassedRow,
        RelatedRow,
        TemplateRow,
        WorkloadRow,
    )

URL = "https://mlgate.dev/rules/"


class RowOutcome(NamedTuple):
    """What a finding comes to; ``safety`` is that of the fix that it has, empty without one that
    can be made here."""

    rule: str
    action: str
    safety: str


def read_outcome(row: "FindingRow") -> RowOutcome:
    """What a finding comes to."""
    fix = row["fix"]
    mendable = fix is not None and "refused" not in fix and "builds" not in row
    return RowOutcome(row["rule"], row["action"], fix["safety"] if fix and mendable else "")


def make_row(
    finding: Finding, entry: Entry, elsewhere: Elsewhere, span: Span | None = None
) -> "FindingRow":
    """One finding of an object of a document. ``span`` is given where no path leads to the place:
    for a key set twice, for a comment."""
    embedded = finding.embedded
    row = _make_row(
        finding,
        entry.file,
        entry.document.number,
        span or _find_span(entry, finding.path, embedded),
    )
    row["path"] = (*entry.prefix, *finding.path)
    source = _find_source(entry)
    if source:
        row["source"] = source
    row["related"] = list(_relate_all(finding, entry, elsewhere))
    row["fix"] = _export_fix(finding.fix, () if _inside(embedded) else entry.prefix)
    return row


def _find_source(entry: Entry) -> str | None:
    """The source file that a rendered document names."""
    text = entry.document.text
    source = read_helm_source(text)
    return source or (read_origin(entry.body) if entry.file == STDIN else None)


def make_broken_row(finding: Finding, file: str, broken: Unreadable) -> "FindingRow":
    """The finding that a document cannot be read, at the place where reading ended."""
    span = Span(broken.line, broken.column, broken.line, broken.column + 1)
    return _make_row(finding, file, broken.number, span)


def add_comment_fix(row: "FindingRow", text: str) -> "FindingRow":
    """The finding on a comment, with the fix that makes ``text`` of it."""
    title = "take out what suppresses nothing" if text else "remove the comment"
    row["fix"] = {
        "title": title,
        "safety": "safe",
        "edits": [
            {
                "op": "comment",
                "line": row["line"],
                "column": row["column"],
                "end_column": row["end_column"],
                "text": text,
            }
        ],
    }
    return row


def make_workload_row(
    entry: Entry, place: Embedded | None, workload: Workload
) -> "WorkloadRow | None":
    """The roles of one object's pod templates and what they rest on; None where it has none.

    As in a finding, a manifest inside another goes by the object around it.
    """
    judgement = workload.judgement
    if judgement is None:
        return None
    at = _find_span(entry, ("kind",), None)
    return {
        "file": entry.file,
        "document": entry.document.number,
        "line": at.line,
        "object": _export_identity(Manifest(entry.body).identity),
        "embedded": _export_embedded(place),
        "role": judgement.role.value,
        "confidence": judgement.confidence.value,
        "templates": [_export_template(pod, one, entry, place) for pod, one in workload.judgements],
    }


def make_passed_row(entry: Entry, rules: list[str]) -> "PassedRow":
    """The rules that found nothing in an object."""
    return {
        "file": entry.file,
        "document": entry.document.number,
        "line": _find_span(entry, ("kind",), None).line,
        "object": _export_identity(Manifest(entry.body).identity),
        "rules": rules,
    }


def row_order(row: "FindingRow") -> tuple[Any, ...]:
    """Rows by place; ties are broken by all in which two findings may differ."""
    embedded = row["embedded"]
    return (
        row["file"],
        row["document"],
        row["line"],
        row["column"],
        row["rule"],
        pointer(row["path"]),
        pointer(embedded["path"]) if embedded else "",
        row["form"],
        row["message"],
    )


def workload_order(row: "WorkloadRow | PassedRow") -> tuple[Any, ...]:
    """Workloads by place, then by what they call themselves."""
    name = row["object"]
    return row["file"], row["document"], row["line"], name["kind"], name["name"] or ""


def _make_row(finding: Finding, file: str, document: int, span: Span) -> "FindingRow":
    """A row without what only an object has. Enumerations become text: ``marshal`` has none."""
    return {
        "rule": finding.rule,
        "form": finding.form,
        "name": finding.name,
        "severity": finding.severity.value,
        "action": finding.action.value,
        "confidence": finding.confidence.value,
        "role": str(finding.role) if finding.role else None,
        "file": file,
        "document": document,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "path": (),
        "object": _export_identity(finding.object),
        "embedded": _export_embedded(finding.embedded),
        "message": finding.message,
        "gpu_hours": finding.gpu_hours,
        "related": [],
        "fix": None,
        "fingerprint": finding.fingerprint,
        "url": _link(finding.rule),
    }


@cache
def _link(rule: str) -> str:
    return URL + rule


def _inside(embedded: Embedded | None) -> bool:
    """Whether a finding's own path goes on inside a string."""
    return embedded is not None and embedded.text


def _find_span(entry: Entry, path: Path, embedded: Embedded | None) -> Span:
    """Where a path of an object stands in the file, through the string it may lead into."""
    whole = (*entry.prefix, *path)
    if embedded is None or not embedded.text:
        return entry.document.span(whole)
    # A string that is no literal block has one span for all that is inside.
    for inner in entry.document.embedded(whole):
        if isinstance(inner, Document) and inner.number == embedded.number:
            return inner.span(embedded.path)
    return entry.document.span(whole)


def _relate_all(finding: Finding, entry: Entry, elsewhere: Elsewhere) -> "Iterator[RelatedRow]":
    for one in finding.related:
        if one.object is None:
            yield _relate(one, entry, finding.embedded, finding.path)
            continue
        found = elsewhere.find(one.object, one.path, entry.file)
        # What is in no file has no place, and is never shown at a made-up one.
        if found is not None:
            other, span = found
            identity = _export_identity(Manifest(other.body).identity)
            yield {**_make_related(other, span, one.path, one.message), "object": identity}


def _relate(related: Related, entry: Entry, embedded: Embedded | None, path: Path) -> "RelatedRow":
    if embedded is not None and embedded.text:
        span = _find_span(entry, path, embedded._replace(path=related.path))
    else:
        path = related.path
        span = _find_span(entry, path, None)
    return _make_related(entry, span, path, related.message)


def _make_related(entry: Entry, span: Span, path: Path, message: str) -> "RelatedRow":
    return {
        "file": entry.file,
        "document": entry.document.number,
        "line": span.line,
        "column": span.column,
        "path": (*entry.prefix, *path),
        "message": message,
    }


def _export_fix(fix: Fix | None, prefix: Path) -> "FixRow | None":
    if fix is None:
        return None
    return {
        "title": fix.title,
        "safety": "safe" if fix.safe else "unsafe",
        "edits": [_export_edit(edit, prefix) for edit in fix.edits],
    }


def _export_edit(edit: Edit, prefix: Path) -> "EditRow":
    path = (*prefix, *edit.path)
    if isinstance(edit, Set):
        return {"op": "set", "path": path, "value": edit.value}
    return {"op": "remove", "path": path}


def _export_identity(identity: Identity) -> "IdentityRow":
    return {
        "apiVersion": identity.api_version or None,
        "kind": identity.kind or None,
        "namespace": identity.namespace,
        "name": identity.name,
    }


def _export_embedded(embedded: Embedded | None) -> "EmbeddedRow | None":
    if embedded is None:
        return None
    return {
        "apiVersion": embedded.api_version,
        "kind": embedded.kind,
        "name": embedded.name,
        "path": embedded.path,
        "text": embedded.text,
        "number": embedded.number,
    }


def _export_template(
    pod: Pod, judgement: Judgement, entry: Entry, place: Embedded | None
) -> "TemplateRow":
    prefix = () if place is not None else entry.prefix
    return {
        "path": (*prefix, *pod.path),
        "role": judgement.role.value,
        "subrole": judgement.subrole.value if judgement.subrole else None,
        "confidence": judgement.confidence.value,
        "score": judgement.score,
        "evidence": list(judgement.evidence),
    }
