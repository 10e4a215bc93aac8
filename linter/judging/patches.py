"""Kustomize patches judged on the objects that they are for, and those objects with their patches.

A patch has no role of its own and lacks what the object has: rules see the two laid over each
other, and what they find counts where the patch wrote it. The object by itself lacks what a patch
adds.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from linter.input.documents import Entry
from linter.input.foreign import OPERATIONS, is_object
from linter.input.kustomize import Kustomizations, PatchUse, PlacedObject
from linter.judging.coverage import Coverage
from linter.judging.images import retag
from rules.checks.manifest.patch_replaces_list_of_custom_resource import describe_replacement
from rules.evaluation import Evaluation
from rules.manifest import Manifest
from rules.model import Action, Embedded, Finding, Identity
from rules.patches import find_lost_items, lay_over
from rules.paths import Path
from rules.reader import Document
from rules.type_names import Any, TypeAlias

Evaluate: TypeAlias = Callable[..., Evaluation]
"""(manifest, partial) -> what the rules say of it, as ``Engine.evaluate`` does."""

Complain: TypeAlias = Callable[[str, Path, str, Identity], Finding | None]
"""(code, path, message, identity) -> the finding, as ``Engine.input_finding`` makes it."""


class PatchJudge:
    """What rules say of patches, and of the objects that are patched. ``knows`` tells whether there
    are rules for a group and kind."""

    def __init__(
        self,
        kustomizations: Kustomizations,
        knows: Callable[[str, str], bool],
        evaluate: Evaluate,
        coverage: Coverage,
        complain: Complain,
    ) -> None:
        self._complain = complain
        self._kustomizations = kustomizations
        self._knows = knows
        self._evaluate = evaluate
        self._coverage = coverage

    def judge_file(self, file: str, patch: Any) -> list[Finding] | None:
        """The findings on what a document of a patch file writes, with paths in it; None where it
        is none, or the objects that it is for are not at hand."""
        uses = (use for use in self._kustomizations.uses_of(file) if use.patch.file is not None)
        return self._judge(uses, patch)

    def judge_inside(self, entry: Entry) -> Iterator[Finding]:
        """The findings on the patches that stand in a kustomization as text."""
        for use in self._inline(entry.file):
            for inner in entry.document.embedded(use.patch.place):
                if isinstance(inner, Document):
                    manifest = Manifest(inner.value if is_object(inner.value) else {})
                    for finding in self._judge_text(entry, use, inner):
                        yield show_inside(finding, use.patch.place, manifest, inner.number)

    def find_texts(self, file: str) -> Iterator[Path]:
        """The places in a kustomization at which patches stand as text."""
        return (use.patch.place for use in self._inline(file))

    def _inline(self, file: str) -> Iterator[PatchUse]:
        return (use for use in self._kustomizations.uses_of(file) if use.patch.file is None)

    def _judge_text(self, entry: Entry, use: PatchUse, patch: Document) -> Iterable[Finding]:
        found = self._judge([use], patch.value)
        if found is not None:
            return found
        if is_object(patch.value):
            return self._evaluate(Manifest(patch.value), partial=True).findings
        self._coverage.skip(entry.file, entry.document.number, OPERATIONS)
        return ()

    def _judge(self, uses: Iterable[PatchUse], patch: Any) -> list[Finding] | None:
        """None where it is for nothing at hand."""
        bases = [
            (use, base) for use in uses for base in self._kustomizations.find_bases(use, patch)
        ]
        if not bases:
            return None
        found: dict[Any, Finding] = {}
        # Each base says the same of what the patch itself writes: it is told once.
        for finding in self._judge_bases(bases, patch):
            found.setdefault((finding.rule, finding.form, finding.path, finding.embedded), finding)
        return list(found.values())

    def _judge_bases(
        self, bases: Iterable[tuple[PatchUse, PlacedObject]], patch: Any
    ) -> Iterator[Finding]:
        for use, base in bases:
            # Most patches are for Services, roles and the like, which are not even read.
            if not self._knows(base.key.group, base.key.kind):
                continue
            for body in self._kustomizations.read_object(base):
                yield from self._judge_laid_over(body, patch)
                if not use.kustomization.schema:
                    yield from self._judge_lists(Manifest(body), patch)

    def _judge_laid_over(self, body: dict[str, Any], patch: Any) -> Iterator[Finding]:
        patched = lay_over(body, patch)
        for finding in self._evaluate(Manifest(patched.body), partial=True).findings:
            # What the object has of its own is told where that is judged.
            located = patched.locate(finding)
            if located is not None:
                # Apart from the object's own finding on the same field: a baseline may list either.
                yield located._replace(fingerprint=f"{finding.fingerprint} (patch)")

    def _judge_lists(self, base: Manifest, patch: Any) -> Iterator[Finding]:
        """Lists of a custom resource that kustomize replaces, where a merge may have been meant."""
        if "." not in base.group:
            return
        for one in find_lost_items(base.object, patch):
            message = describe_replacement(base.identity.kind, one)
            finding = self._complain("MET006", one.path, message, base.identity)
            if finding is not None:
                yield finding

    def relieve(self, file: str, body: dict[str, Any], evaluation: Evaluation) -> Evaluation:
        """The evaluation of an object that kustomizations change: what is missing, and what a patch
        or another tag mends, is for the build to be judged by."""
        if not any(map(_counts, evaluation.findings)):
            return evaluation
        evaluation = self._relieve_images(file, body, evaluation)
        uses = self._kustomizations.find_patches_of(file, body)
        if not uses:
            return evaluation
        # What is written badly stays a finding where every build still has it; what is missing does
        # not, for a build may bring it.
        written = self._fingerprints(body, partial=True)
        left = written.intersection(*self._fingerprints_of_builds(body, uses))
        return _audit_all(evaluation, left, f"patched by {_name_files(use.file for use in uses)}")

    def _relieve_images(
        self, file: str, body: dict[str, Any], evaluation: Evaluation
    ) -> Evaluation:
        """The same where ``images`` of kustomizations say which build is meant."""
        tagged = self._kustomizations.find_tags_of(file, body)
        builds = [retag(body, one.images) for one in tagged]
        if not any(build != body for build in builds):
            return evaluation
        written, whole = self._fingerprints(body), {one.fingerprint for one in evaluation.findings}
        left = whole - (written - written.intersection(*map(self._fingerprints, builds)))
        files = (one.file for one, build in zip(tagged, builds, strict=True) if build != body)
        return _audit_all(evaluation, left, f"tagged by {_name_files(files)}")

    def _fingerprints_of_builds(
        self, body: dict[str, Any], uses: list[PatchUse]
    ) -> Iterator[set[str]]:
        """What is found in the object as each kustomization patches it."""
        for _, group in groupby(uses, lambda use: use.kustomization.file):
            patched = body
            for use in group:
                for patch in self._kustomizations.find_patches_for(use, body):
                    patched = lay_over(patched, patch).body
            yield self._fingerprints(patched)

    def _fingerprints(self, body: dict[str, Any], *, partial: bool | None = None) -> set[str]:
        return {one.fingerprint for one in self._evaluate(Manifest(body), partial=partial).findings}


def show_inside(finding: Finding, place: Path, manifest: Manifest, number: int) -> Finding:
    """A finding on the patch that is the document ``number`` of the text at ``place``, as the
    kustomization around sees it."""
    identity = manifest.identity
    kind, name = identity.kind, identity.name
    embedded = Embedded(identity.api_version, kind, name, finding.path, text=True, number=number)
    inside = finding.embedded is not None and finding.embedded.text
    return finding._replace(
        path=place,
        embedded=embedded,
        related=() if inside else finding.related,
        fix=None if inside else finding.fix,
    )


def _counts(finding: Finding) -> bool:
    return finding.action in (Action.DENY, Action.WARN)


def _audit_all(evaluation: Evaluation, left: set[str], reason: str) -> Evaluation:
    """The evaluation with all findings but those that are ``left`` for the build to be judged."""
    note = f"{reason}: lint the build"
    findings = (
        finding if finding.fingerprint in left else _audit(finding, note)
        for finding in evaluation.findings
    )
    return evaluation._replace(findings=tuple(findings))


def _audit(finding: Finding, note: str) -> Finding:
    if not _counts(finding):
        return finding
    return finding._replace(action=Action.AUDIT, message=f"{finding.message} ({note})", note=note)


def _name_files(paths: Iterable[str]) -> str:
    """The first file that the changes stand in, and how many more there are."""
    files = sorted(set(map(os.path.relpath, paths)))
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
