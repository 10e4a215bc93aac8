"""The documents of a share judged: findings as rows, roles, counts."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from linter.input.documents import MARKER, Contents, Entry
from linter.input.origins import HEAD, HELM_SOURCE
from linter.input.sources import STDIN
from linter.judging.coverage import Coverage, full_name
from linter.judging.elsewhere import Elsewhere
from linter.judging.packed_rows import RowCollector
from linter.judging.rows import (
    add_comment_fix,
    make_broken_row,
    make_passed_row,
    make_row,
    make_workload_row,
    row_order,
    workload_order,
)
from linter.judging.task import FileEngines, Task
from rules.checks import KNOWN_CODES
from rules.evaluation import Evaluation
from rules.manifest import Manifest
from rules.model import Finding, Identity, Rule
from rules.paths import Path
from rules.policy import Policy, is_exempt, is_silent
from rules.reader import Document, Span, Unreadable
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.input.kustomize import Kustomizations
    from linter.judging.patches import PatchJudge
    from linter.row_types import FindingRow, WorkloadRow

_NAMELESS = Identity("", "", None, None)


class DocumentJudge:
    """Judges document after document. ``namespaces`` are the labels of the Namespaces at hand."""

    def __init__(
        self,
        task: Task,
        engines: FileEngines,
        namespaces: Iterable[tuple[str, dict[str, str]]],
        coverage: Coverage,
        elsewhere: Elsewhere,
        kustomizations: "Kustomizations | None" = None,
    ) -> None:
        self.findings = RowCollector(row_order, task.wants)
        self.workloads: list[WorkloadRow] = []
        self.passed = RowCollector(workload_order)
        self._silent: dict[tuple[Policy, str, str], bool] = {}
        self.suppressed = 0
        self._task = task
        self._engines = engines
        self._engine = engines.find(STDIN)
        self._coverage = coverage
        self._elsewhere = elsewhere
        self._namespaces = _agree(namespaces)
        self._codes = frozenset(rule.code for rule in task.rules)
        self._kustomizations = kustomizations
        self._patches = self._make_patch_judge()

    def _make_patch_judge(self) -> "PatchJudge | None":
        if self._kustomizations is None:
            return None
        from linter.judging.patches import PatchJudge

        return PatchJudge(
            self._kustomizations,
            self._knows,
            self._evaluate_base,
            self._coverage,
            self._complain,
        )

    def _knows(self, group: str, kind: str) -> bool:
        return self._engine.knows(group, kind)

    def _complain(self, code: str, path: Path, message: str, identity: Identity) -> Finding | None:
        return self._engine.input_finding(code, path, message, identity)

    def judge_contents(self, file: str, contents: Contents) -> None:
        """All that a file holds but operations."""
        for broken in contents.broken:
            self._judge_broken(file, broken)
        # Objects of one document are neighbours, and its comments are read for all of them at once.
        for _, entries in groupby(contents.entries, lambda entry: id(entry.document)):
            self._judge_document(list(entries))
        for document in contents.loose:
            self._judge_loose(file, document)

    def _judge_broken(self, file: str, broken: Unreadable) -> None:
        """A document that could not be read."""
        self._engine = self._engines.find(file)
        finding = self._engine.input_finding("MLG001", (), broken.reason, _NAMELESS)
        if finding is not None:
            self.findings.add([make_broken_row(finding, file, broken)])

    def _judge_document(self, entries: list[Entry]) -> None:
        """All objects of one document."""
        self._engine = self._engines.find(entries[0].file)
        judged = []
        rows: list[FindingRow] = []
        for entry in entries:
            manifest = Manifest(entry.body, written=entry.read_text)
            # Counted though it may be skipped: the coverage adds up to all that was read.
            self._coverage.objects += 1
            rows += self._judge_duplicates(entry, manifest.identity)
            reason = self._reason_to_skip(manifest)
            if reason is not None:
                self._coverage.skip(entry.file, entry.document.number, reason)
                continue
            judged.append(entry)
            findings = self._judge_object(entry, manifest)
            rows += [make_row(finding, entry, self._elsewhere) for finding in findings]
        # Few documents hold the marker: nothing of comments is imported for the rest.
        if judged and self._task.ignores and MARKER in judged[0].document.text:
            rows = list(self._apply_comments(judged, rows))
        self.findings.add(rows)

    def _judge_loose(self, file: str, document: Document) -> None:
        """A document without an object: what comments in it ignore stands elsewhere, if at all."""
        self._engine = self._engines.find(file)
        if self._task.ignores:
            entry = Entry(file, document, (), {})
            self.findings.add(self._apply_comments([entry], []))

    def judge_operations(self, file: str, document: Document) -> bool:
        """The operations of a JSON Patch; False where what they are for is not at hand."""
        self._engine = self._engines.find(file)
        found = self._patches.judge_file(file, document.value) if self._patches else None
        if found is None:
            return False
        entry = Entry(file, document, (), {})
        rows = [make_row(finding, entry, self._elsewhere) for finding in found]
        self._coverage.objects += 1
        if self._task.ignores and MARKER in document.text:
            rows = list(self._apply_comments([entry], rows))
        self.findings.add(rows)
        return True

    def _judge_object(self, entry: Entry, manifest: Manifest) -> Iterable[Finding]:
        patches = self._patches
        if patches is not None:
            found = patches.judge_file(entry.file, entry.body)
            if found is not None:
                return found
        evaluation = self._evaluate(manifest, partial=self._tell_partial(entry))
        self.suppressed += len(evaluation.suppressed)
        self._count(entry, manifest, evaluation)
        if self._task.roles:
            roles = (make_workload_row(entry, *one) for one in evaluation.workloads)
            self.workloads += [row for row in roles if row is not None]
        if self._task.passed and evaluation.looks:
            row = make_passed_row(entry, self._list_passed(manifest, evaluation))
            self.passed.add([row])
        if patches is None:
            return evaluation.findings
        evaluation = patches.relieve(entry.file, entry.body, evaluation)
        return (*evaluation.findings, *patches.judge_inside(entry))

    def _list_passed(self, manifest: Manifest, evaluation: Evaluation) -> list[str]:
        """The rules that could have found something in an object, and did not."""
        namespace = manifest.identity.namespace or self._task.namespace or ""
        passed = frozenset(evaluation.passed)
        rules = {rule.code: rule for rule, *_ in evaluation.looks if rule.code in passed}
        return [code for code, rule in rules.items() if not self._is_silent(rule, namespace)]

    def _is_silent(self, rule: Rule, namespace: str) -> bool:
        policy = self._engine.policy
        key = policy, rule.code, namespace
        if key not in self._silent:
            labels, flag = self._namespaces.get(namespace), self._task.flag_profile
            self._silent[key] = is_silent(policy, rule, namespace or None, labels, flag)
        return self._silent[key]

    def _tell_partial(self, entry: Entry) -> bool | None:
        """Whether an object is a patch, if that is known without looking at what it lacks."""
        if self._kustomizations is not None and self._kustomizations.names_patch(entry.file):
            return True
        if entry.file == STDIN or entry.document.text.find(HELM_SOURCE, 0, HEAD) >= 0:
            return False
        listed = self._kustomizations is not None and self._kustomizations.lists(entry.file)
        return False if listed else None

    def _evaluate(self, manifest: Manifest, *, partial: bool | None) -> Evaluation:
        namespace = manifest.identity.namespace or self._task.namespace or ""
        labels = self._namespaces.get(namespace)
        return self._engine.evaluate(manifest, partial=partial, namespace_labels=labels)

    def _evaluate_base(self, manifest: Manifest, *, partial: bool | None) -> Evaluation:
        """An object of another file, or as patches make it: nothing where it would be skipped."""
        if self._reason_to_skip(manifest) is not None:
            return Evaluation()
        return self._evaluate(manifest, partial=partial)

    def _judge_duplicates(self, entry: Entry, identity: Identity) -> "Iterator[FindingRow]":
        if not entry.document.duplicates:
            return
        from rules.checks.manifest.duplicate_key import describe_duplicate

        depth = len(entry.prefix)
        for one in entry.document.duplicates:
            if one.path[:depth] == entry.prefix:
                text = describe_duplicate(one, entry.document.value)
                yield from self._point(entry, "MLG002", one.path[depth:], text, identity, one.span)

    def _apply_comments(
        self, entries: list[Entry], rows: "list[FindingRow]"
    ) -> "Iterator[FindingRow]":
        """The rows that no comment ignores, and what is wrong with the comments."""
        from linter.suppression.scopes import read_comment_ignores

        document = entries[0].document
        strings = [path for entry in entries for path in self._find_strings(entry)]
        ignores = read_comment_ignores(
            document, [one.prefix for one in entries], strings, KNOWN_CODES
        )
        if ignores is None:
            yield from rows
            return
        kept = [row for row in rows if not ignores.covers(row)]
        self.suppressed += len(rows) - len(kept)
        yield from kept
        # A comment in a List speaks for one item, whose name its problem goes by.
        by_prefix = {entry.prefix: entry for entry in entries}
        for problem in ignores.problems(self._codes):
            entry, span = by_prefix[problem.prefix], problem.span
            identity = Manifest(entry.body).identity
            for row in self._point(entry, problem.code, (), problem.message, identity, span):
                # What speaks of nothing may have been meant for something.
                known = problem.left is not None and entry.body
                yield add_comment_fix(row, problem.left or "") if known else row

    def _find_strings(self, entry: Entry) -> Iterator[Path]:
        """The texts in which an object holds manifests."""
        for place in self._patches.find_texts(entry.file) if self._patches else ():
            yield (*entry.prefix, *place)
        manifest = Manifest(entry.body)
        kind = self._engine.kind_of(manifest)
        for inner in kind.inner(kind.view(manifest)) if kind else ():
            if isinstance(manifest.dig(*inner.path), str):
                yield (*entry.prefix, *inner.path)

    def _point(
        self, entry: Entry, code: str, path: Path, text: str, identity: Identity, span: Span
    ) -> "Iterator[FindingRow]":
        """A finding about the input itself, at ``span``."""
        finding = self._engine.input_finding(code, path, text, identity)
        if finding is not None:
            yield make_row(finding, entry, self._elsewhere, span)

    def _reason_to_skip(self, manifest: Manifest) -> str | None:
        namespace = manifest.identity.namespace or self._task.namespace
        if is_exempt(self._engine.policy, namespace):
            self._coverage.exempt += 1
            return f"in an exempt namespace: {namespace}"
        owner = self._engine.owner_of(manifest)
        if owner is None:
            return None
        return f"judged with its owner: {owner.get('kind')} {owner.get('name')}"

    def _count(self, entry: Entry, manifest: Manifest, evaluation: Evaluation) -> None:
        for _, workload in evaluation.workloads:
            self._coverage.count_workload(workload)
        if not evaluation.workloads:
            self._count_unjudged(entry, manifest.group, str(manifest.object["kind"]))

    def _count_unjudged(self, entry: Entry, group: str, kind: str) -> None:
        """An object without a workload: what a policy would say of its kind, were it to be judged,
        and what stands in it that a chart may make something of."""
        from rules.kinds.podless import is_podless
        from rules.kinds.unknown import find_values_objects

        for one in find_values_objects(group, kind, entry.body):
            reason = f"in the values of a chart: {one['kind']}"
            self._coverage.skip(entry.file, entry.document.number, reason)
        if is_podless(group, kind):
            return
        # Unknown kinds are rare, and most runs meet none.
        from linter.judging.suggestions import suggest_templates
        from rules.strangers import is_misnamed

        self._coverage.count_unknown(full_name(group, kind))
        templates = suggest_templates(group, kind, entry.body)
        if templates and not is_misnamed(Manifest(entry.body)):
            self._coverage.suggest_kind(group, kind, templates)


def _agree(namespaces: Iterable[tuple[str, dict[str, str]]]) -> Mapping[str, dict[str, str]]:
    """The labels of each Namespace; those that are given in two ways are unknown."""
    known: dict[str, dict[str, str]] = {}
    unsure = set()
    for name, labels in namespaces:
        if known.setdefault(name, labels) != labels:
            unsure.add(name)
    return {name: labels for name, labels in known.items() if name not in unsure}
