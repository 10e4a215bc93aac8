"""What a run has covered: counted as it goes, added up over the workers."""

from rules.kinds.roles import Role
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linter.row_types import CoverageRow, SkippedRow
    from rules.workload import Workload


def full_name(group: str, kind: str) -> str:
    """``Job.batch``; ``Pod`` for core/v1."""
    return f"{kind}.{group}" if group else kind


class Coverage:
    """Counts of one process: every document is an object, empty, skipped or an error."""

    __slots__ = (
        "documents",
        "exempt",
        "files",
        "kinds_to_add",
        "left_out",
        "objects",
        "overlays",
        "pod_templates",
        "skipped",
        "unknown_kinds",
        "unknown_roles",
    )

    def __init__(self) -> None:
        self.files = 0
        self.documents = 0
        self.objects = 0
        self.exempt = 0
        self.left_out: dict[str, int] = {}
        self.overlays: set[str] = set()
        self.unknown_roles = 0
        self.pod_templates: dict[str, int] = {}
        self.unknown_kinds: dict[str, int] = {}
        self.kinds_to_add: dict[tuple[str, str], set[str]] = {}
        self.skipped: list[SkippedRow] = []

    def skip(self, file: str, document: int | None, reason: str) -> None:
        self.skipped.append({"file": file, "document": document, "reason": reason})

    def count_workload(self, workload: "Workload") -> None:
        """An object of a kind that is known, with its pod templates."""
        self._count_pods(full_name(workload.kind.group, workload.kind.name), len(workload.pods))
        self.unknown_roles += workload.role is Role.UNKNOWN_ML

    def _count_pods(self, name: str, pods: int) -> None:
        if pods:
            self.pod_templates[name] = self.pod_templates.get(name, 0) + pods

    def count_unknown(self, name: str) -> None:
        self.unknown_kinds[name] = self.unknown_kinds.get(name, 0) + 1

    def suggest_kind(self, group: str, kind: str, templates: "Iterable[str]") -> None:
        """A kind that would be understood if a policy named it, and its templates' paths."""
        self.kinds_to_add.setdefault((group, kind), set()).update(templates)

    def export(self) -> "CoverageRow":
        """The report's ``coverage``: keys and skipped documents in order."""
        return {
            "files": self.files,
            "documents": self.documents,
            "objects": self.objects,
            "pod_templates": dict(sorted(self.pod_templates.items())),
            "unknown_kinds": dict(sorted(self.unknown_kinds.items())),
            "kinds_to_add": [
                {"group": group, "kind": kind, "templates": sorted(templates)}
                for (group, kind), templates in sorted(self.kinds_to_add.items())
            ],
            "unknown_roles": self.unknown_roles,
            "exempt": self.exempt,
            "left_out": dict(sorted(self.left_out.items())),
            "overlays": sorted(self.overlays),
            "skipped": sorted(self.skipped, key=_skipped_order),
        }

    def add(self, exported: "CoverageRow") -> None:
        """Add what another process has counted."""
        self.files += exported["files"]
        self.documents += exported["documents"]
        self.objects += exported["objects"]
        for name, pods in exported["pod_templates"].items():
            self._count_pods(name, pods)
        for name, found in exported["unknown_kinds"].items():
            self.unknown_kinds[name] = self.unknown_kinds.get(name, 0) + found
        for row in exported["kinds_to_add"]:
            self.suggest_kind(row["group"], row["kind"], row["templates"])
        for name, folders in exported["left_out"].items():
            self.left_out[name] = self.left_out.get(name, 0) + folders
        self.overlays.update(exported["overlays"])
        self.unknown_roles += exported["unknown_roles"]
        self.exempt += exported["exempt"]
        self.skipped += exported["skipped"]


def _skipped_order(entry: "SkippedRow") -> tuple[str, int, str]:
    document = entry["document"]
    return entry["file"], -1 if document is None else document, entry["reason"]
