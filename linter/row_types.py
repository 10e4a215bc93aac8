"""The rows that pass between processes, and on to reports and fixes, for the type checker alone.

Rows are plain mappings, since ``marshal`` carries nothing else; import this module under
TYPE_CHECKING only. Lines and columns count from 1, ends are exclusive. Paths are tuples, and only
the JSON report makes pointers of them: in a pointer the key ``"42"`` looks like an index.
docs/json.md says what the keys mean.
"""

from collections.abc import Collection
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from rules.paths import Path


class IdentityRow(TypedDict):
    """What an object calls itself; None where it does not say."""

    apiVersion: str | None
    kind: str | None
    namespace: str | None
    name: str | None


class EmbeddedRow(TypedDict):
    """The manifest inside another that a finding is about, and the path in it.

    ``text``: it is the document ``number`` of a string, at which the finding's own path ends, and
    the paths of the fix begin in it. Otherwise it is a mapping, and all paths are the document's.
    """

    apiVersion: str
    kind: str
    name: str | None
    path: Path
    text: bool
    number: int


class RelatedRow(TypedDict):
    """A second place that a finding speaks of; ``object`` is the one that it is in, where that is
    another than the finding's."""

    file: str
    document: int
    line: int
    column: int
    path: Path
    message: str
    object: NotRequired[IdentityRow]


class SetRow(TypedDict):
    op: Literal["set"]
    path: Path
    value: Any


class RemoveRow(TypedDict):
    op: Literal["remove"]
    path: Path


class CommentRow(TypedDict):
    """A comment that becomes ``text``, or goes with the line that it has for itself."""

    op: Literal["comment"]
    line: int
    column: int
    end_column: int
    text: str


EditRow: TypeAlias = SetRow | RemoveRow | CommentRow


class TextEditRow(TypedDict):
    """A replacement in a file's text: where it begins and ends (bytes of UTF-8 count from 0), and
    what stands there then."""

    line: int
    column: int
    end_line: int
    end_column: int
    byte: int
    end_byte: int
    text: str


class FixRow(TypedDict):
    """``text`` is there where a report was asked for that has it; ``refused`` is why ``--fix``
    left the finding as it is, where it tried."""

    title: str
    safety: Literal["safe", "unsafe"]
    edits: list[EditRow]
    text: NotRequired[list[TextEditRow]]
    refused: NotRequired[str]


class FindingRow(TypedDict):
    """``gpu_hours`` are infinite where nothing bounds them, None where none are known.

    ``source`` is the file that something rendered comes from, where the finding does not stand in
    it; ``builds`` are the kustomizations and charts that were built and have it.
    """

    rule: str
    form: str
    name: str
    severity: str
    action: str
    confidence: str
    role: str | None
    file: str
    document: int
    line: int
    column: int
    end_line: int
    end_column: int
    path: Path
    object: IdentityRow
    embedded: EmbeddedRow | None
    message: str
    gpu_hours: float | None
    related: list[RelatedRow]
    fix: FixRow | None
    fingerprint: str
    url: str
    source: NotRequired[str]
    builds: NotRequired[list[str]]


class TemplateRow(TypedDict):
    """The role of one pod template."""

    path: Path
    role: str
    subrole: str | None
    confidence: str
    score: int
    evidence: list[str]


class WorkloadRow(TypedDict):
    """The roles of one object, or of one inside it."""

    file: str
    document: int
    line: int
    object: IdentityRow
    embedded: EmbeddedRow | None
    role: str
    confidence: str
    templates: list[TemplateRow]


class PassedRow(TypedDict):
    """The rules that judged an object, and what is inside it, and found nothing."""

    file: str
    document: int
    line: int
    object: IdentityRow
    rules: list[str]


class ErrorRow(TypedDict):
    """Input that could not be read; ``document`` is None where the whole file is meant."""

    file: str
    document: int | None
    line: int | None
    column: int | None
    reason: str


class SkippedRow(TypedDict):
    """A document, or with None a file, that was left out on purpose."""

    file: str
    document: int | None
    reason: str


class KindRow(TypedDict):
    """A kind that is not known and holds pod templates, as an entry of the policy's ``kinds``."""

    group: str
    kind: str
    templates: list[str]


class CoverageRow(TypedDict):
    """What was looked at, and what was passed over.

    ``unknown_roles`` counts objects with accelerators of which nobody knows what they are for,
    ``exempt`` those in namespaces of the cluster's own, ``left_out`` folders by their name;
    ``overlays`` are folders in which kustomize builds what stands in no file.
    """

    files: int
    documents: int
    objects: int
    pod_templates: dict[str, int]
    unknown_kinds: dict[str, int]
    kinds_to_add: list[KindRow]
    unknown_roles: int
    exempt: int
    left_out: dict[str, int]
    overlays: list[str]
    skipped: list[SkippedRow]


class StaleRow(TypedDict):
    """An entry of a baseline that no finding matches; ``file`` as it stands there."""

    file: str
    fingerprint: str


class BaselineRow(TypedDict):
    """How many findings a baseline lists, and which of its entries are stale."""

    file: str
    matched: int
    stale: list[StaleRow]


class NamespaceRow(TypedDict):
    """A namespace that was scanned: how many of its objects were judged, and its labels."""

    objects: int
    labels: dict[str, str]


class ScannedRow(TypedDict):
    """An object of a cluster with findings, by the name that they give as their file; its running
    ``pods`` with ``accelerators``, and the hours that these are held."""

    file: str
    created: str | None
    labels: dict[str, str]
    pods: int
    accelerators: float
    gpu_hours: float


class ClusterRow(TypedDict):
    """What a scan knows beside its findings, and when it was. ``namespaces`` by name, the empty one
    for objects of the whole cluster. ``registered``: since when the webhook is, if it is known.
    ``narrowed_by``: the flags that left something out; ``off``: the forms that were not looked for.
    """

    at: str
    namespaces: dict[str, NamespaceRow]
    objects: list[ScannedRow]
    registered: NotRequired[str]
    narrowed_by: list[str]
    off: list[str]


class ShareResult(TypedDict):
    """What one process found in its share of the files; ``findings`` and ``passed`` are runs of
    such rows (``linter/judging/packed_rows.py``)."""

    findings: list[list[Any]]
    workloads: list[WorkloadRow]
    passed: list[list[Any]]
    errors: list[ErrorRow]
    suppressed: int
    coverage: CoverageRow


class RunResult(TypedDict):
    """What a run found, in order. Of many findings each is a mapping of its own to everybody who
    goes through them: what is changed in one is gone with it.

    ``fixed`` are the findings that ``--fix`` mended, as they were found; ``baseline`` is there with
    ``--baseline``, ``unchanged`` (findings on objects that did not change) with ``--since``, and
    ``cluster`` where one was scanned.
    """

    findings: Collection[FindingRow]
    fixed: NotRequired[list[FindingRow]]
    baseline: NotRequired[BaselineRow]
    unchanged: NotRequired[int]
    workloads: list[WorkloadRow]
    passed: NotRequired[Collection[PassedRow]]
    errors: list[ErrorRow]
    suppressed: int
    coverage: CoverageRow
    cluster: NotRequired[ClusterRow]
