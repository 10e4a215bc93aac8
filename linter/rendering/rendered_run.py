"""Builds judged, each by itself: what two overlays build of one base are no neighbours.

A finding is shown where it was written, once for all builds that have it.
"""

import os
from collections.abc import Iterable, Sequence

from linter.input.documents import list_objects
from linter.input.origins import read_helm_source
from linter.input.sources import STDIN, Collection
from linter.judging.coverage import Coverage
from linter.judging.rows import row_order, workload_order
from linter.judging.run import error_order, lint
from linter.rendering.helm_sources import ChartSources, TemplatePlace
from linter.rendering.kustomize_sources import KustomizeSources, SourcePlace
from linter.suppression.scopes import read_comment_ignores
from rules.checks import KNOWN_CODES
from rules.paths import Path
from rules.reader import Document, ReadError, Span, decode, read
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.judging.task import Task
    from linter.rendering.builds import Build
    from linter.row_types import EmbeddedRow, FindingRow, RelatedRow, RunResult


def lint_build(task: "Task", build: "Build", *, jobs: int = 0) -> "RunResult":
    """The result of a run over one build, its findings where they were written."""
    nothing = Collection([], [], [], {})
    # A build has the policy of its folder.
    task = task._replace(policy=task.find_policy_of(os.path.join(build.name, STDIN)), policies=None)
    result = lint(task, nothing, [(STDIN, build.text)], jobs=jobs)
    documents = {one.number: one for one in _read_build(build)}
    find = _ChartFinder(build) if build.helm else _KustomizeFinder(build, ignores=task.ignores)
    rows = []
    for row in result["findings"]:
        document = documents.get(row["document"])
        for other in row["related"]:
            if other["file"] == STDIN and other["document"] in documents:
                find.relate(other, documents[other["document"]])
        kept = document is None or find.place(row, document)
        _rename(row, build.name)
        row["builds"] = [build.name]
        rows += [row] if kept else []
    passed = list(result.get("passed", ()))
    for one in (*result["workloads"], *passed, *result["errors"]):
        one["file"] = build.name
    for skipped in result["coverage"]["skipped"]:
        skipped["file"] = build.name
    suppressed = result["suppressed"] + len(result["findings"]) - len(rows)
    return {**result, "findings": rows, "passed": passed, "suppressed": suppressed}


def join_results(results: "Sequence[RunResult]") -> "RunResult":
    """One result of several runs: what is found in one place of a source is one finding."""
    coverage = Coverage()
    for one in results:
        coverage.add(one["coverage"])
    findings: dict[Any, FindingRow] = {}
    for row in (row for one in results for row in one["findings"]):
        key = (*row_order(row)[:5], row["form"], row["message"], row["action"])
        known = findings.setdefault(key, row)
        if known is not row and "builds" in known:
            known["builds"] += row.get("builds", [])
    workloads = [row for one in results for row in one["workloads"]]
    passed = [row for one in results for row in one.get("passed", ())]
    errors = [row for one in results for row in one["errors"]]
    return {
        "findings": sorted(findings.values(), key=row_order),
        "workloads": sorted(workloads, key=workload_order),
        "passed": sorted(passed, key=workload_order),
        "errors": sorted(errors, key=error_order),
        "suppressed": sum(one["suppressed"] for one in results),
        "coverage": coverage.export(),
    }


def _read_build(build: "Build") -> Iterable[Document]:
    try:
        text = decode(build.text)
    except ReadError:  # the run tells of it
        return ()
    return (one for one in read(text) if isinstance(one, Document))


def _rename(row: "FindingRow", name: str) -> None:
    """A place in a build, under the build's name."""
    if row["file"] == STDIN:
        row["file"] = name
    for other in row["related"]:
        if other["file"] == STDIN:
            other["file"] = name


class _ChartFinder:
    """Puts findings on what Helm rendered into the templates."""

    def __init__(self, build: "Build") -> None:
        self._sources = ChartSources(build.name)

    def place(self, row: "FindingRow", document: Document) -> bool:
        """Move a finding to its template, if its line is known there. Comments have come through
        Helm: none is left to be read."""
        file = self._find_file(document)
        found = self._find(row, document, file)
        if file is not None and found is not None:
            row.pop("source", None)
            row["file"] = file
            row["line"] = row["end_line"] = found.line
            row["column"], row["end_column"] = found.column, found.end_column
        elif file is not None:
            row["source"] = file
        return True

    def relate(self, other: "RelatedRow", document: Document) -> None:
        """Move a second place in the same way."""
        file = self._find_file(document)
        found = self._find(other, document, file)
        if file is not None and found is not None:
            other["file"], other["line"], other["column"] = file, found.line, found.column

    def _find_file(self, document: Document) -> str | None:
        return self._sources.find_file(read_helm_source(document.text) or "")

    def _find(
        self, row: "FindingRow | RelatedRow", document: Document, file: str | None
    ) -> TemplatePlace | None:
        if file is None:
            return None
        at = row["line"] - document.line
        return self._sources.find(file, document.text, at, row["column"])


class _KustomizeFinder:
    """Puts findings on what kustomize built into the files that it was built from."""

    def __init__(self, build: "Build", *, ignores: bool) -> None:
        self._sources = KustomizeSources(build.name)
        self._ignores = ignores

    def place(self, row: "FindingRow", document: Document) -> bool:
        """Move a finding to its source, if that is known; False where a comment there, which
        kustomize drops, ignores it."""
        whole = _find_object(document, row["path"])
        if whole is None:
            return True
        prefix, body = whole
        found = self._sources.find(body, row["path"][len(prefix) :])
        if found is None:
            file = self._sources.find_file(body)
            row.update({"source": file} if file else {})
            return True
        row.pop("source", None)
        _move(row, found)
        return not (self._ignores and _is_ignored(row, found))

    def relate(self, other: "RelatedRow", document: Document) -> None:
        """Move a second place in the same way."""
        whole = _find_object(document, other["path"])
        found = self._sources.find(whole[1], other["path"][len(whole[0]) :]) if whole else None
        if found is not None:
            span = found.document.span(found.path)
            other["file"], other["document"] = found.file, found.document.number
            other["line"], other["column"] = span.line, span.column
            other["path"] = found.path


def _find_object(document: Document, path: Path) -> tuple[Path, dict[str, Any]] | None:
    """The object around a path of a document, and where it stands in it."""
    for prefix, body in list_objects(document.value) if document.value is not None else ():
        if body is not None and path[: len(prefix)] == prefix:
            return prefix, body
    return None


def _move(row: "FindingRow", found: SourcePlace) -> None:
    span = _find_span(found, row["embedded"])
    row["file"] = found.file
    row["line"], row["column"], row["end_line"], row["end_column"] = span
    # In a patch's text inside a kustomization, document and path are those of the text.
    row["document"], row["path"] = found.document.number, found.path


def _find_span(found: SourcePlace, embedded: "EmbeddedRow | None") -> Span:
    if embedded is not None and embedded["text"]:
        for inner in found.document.embedded(found.path):
            if isinstance(inner, Document) and inner.number == embedded["number"]:
                return inner.span(embedded["path"])
    return found.document.span(found.path)


def _is_ignored(row: "FindingRow", found: SourcePlace) -> bool:
    document = found.document
    if found.inside:
        return False
    prefixes = [path for path, one in list_objects(document.value) if one is not None] or [()]
    embedded = row["embedded"]
    strings = [found.path] if embedded is not None and embedded["text"] else []
    ignores = read_comment_ignores(document, prefixes, strings, KNOWN_CODES)
    return ignores is not None and ignores.covers(row)
