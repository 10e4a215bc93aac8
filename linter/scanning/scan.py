"""A scan: look-ups first, then object after object judged, so that none is held."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping

from cluster.discovery import KindName
from linter.input.sources import make_error
from linter.judging.coverage import Coverage
from linter.judging.packed_rows import RowCollector, join_runs
from linter.judging.rows import make_row, make_workload_row, row_order, workload_order
from linter.judging.task import Task
from linter.scanning.kept_texts import KeptTexts
from linter.scanning.listed_inventory import ListedInventory
from linter.scanning.survey import NAMESPACE, Survey, Wanted
from linter.scanning.usage import AcceleratorUse, UsageMeter
from linter.scanning.written_objects import ClusterElsewhere, write_entry
from rules.engine import Engine
from rules.kinds import KIND_INDEX
from rules.kinds.neighbours import NEIGHBOURS
from rules.manifest import LAST_APPLIED, Manifest
from rules.policy import is_exempt
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import ClusterRow, RunResult, ScannedRow, WorkloadRow


class ScannedObject(NamedTuple):
    """What of an object with findings the findings do not say."""

    uid: str
    labels: dict[str, str]
    created: str


class Scan:
    """One look at a cluster. ``objects`` are those with findings, by the name that the findings
    give as their file."""

    def __init__(
        self,
        task: Task,
        survey: Survey,
        wanted: Wanted,
        now: datetime.datetime | None = None,
    ) -> None:
        self.objects: dict[str, ScannedObject] = {}
        self._task = task
        self._survey = survey
        self._wanted = wanted
        self._inventory = ListedInventory(self._looked_up_kinds())
        self._engine = Engine(
            task.policy,
            self._inventory,
            task.find_day(task.policy),
            rules=task.rules,
            flag_profile=task.flag_profile,
            ignores="allow" if task.ignores else "forbid",
        )
        self._now = now or find_now()
        self._usage = UsageMeter(task.policy.parameters, self._now)
        self._labels: dict[str, dict[str, str]] = {}
        self._judged: Counter[str] = Counter()
        self._coverage = Coverage()
        self._findings = RowCollector(row_order, task.wants)
        self._workloads: list[WorkloadRow] = []
        self._suppressed = 0
        self._texts = KeptTexts()
        self._elsewhere = ClusterElsewhere(survey, self._texts)

    def run(self) -> "RunResult":
        """Everything judged. What could not be listed is an error of the result."""
        self._learn()
        # Listed once more, and not kept since `_learn`: a cluster may hold gigabytes of them.
        for _, item in self._survey.list_kinds(self._judged_kinds(), self._wanted.selector):
            self._judge(item)
        errors = [make_error(one.name, one.reason) for one in self._survey.unlisted]
        return {
            "findings": join_runs(self._findings.list_runs(), row_order),
            "workloads": sorted(self._workloads, key=workload_order),
            "errors": sorted(errors, key=lambda error: error["file"]),
            "suppressed": self._suppressed,
            "coverage": self._coverage.export(),
            "cluster": self._export_cluster(),
        }

    def _export_cluster(self) -> "ClusterRow":
        return {
            "at": self._now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "namespaces": {
                name: {"objects": count, "labels": self._labels.get(name, {})}
                for name, count in sorted(self._judged.items())
            },
            "objects": [
                _export_object(name, one, self._usage.read(one.uid))
                for name, one in sorted(self.objects.items())
            ],
            "narrowed_by": [],
            "off": [],
        }

    def has_seen(self, kind: KindName) -> bool:
        """Whether all objects of a kind that are to be judged have been, if there are any."""
        return self._survey.has_listed(kind)

    def read_source(self, name: str) -> str:
        """The text of an object with findings. Raises OSError for any other."""
        if name not in self._texts:
            raise OSError(f"{name}: no object with findings")
        return self._texts[name]

    def _learn(self) -> None:
        """Take in what look-ups ask for: facts, not objects."""
        for _, item in self._survey.list_kinds(self._looked_up_kinds()):
            manifest = Manifest(item)
            kind = self._engine.neighbour_kind_of(manifest)
            if kind is not None:
                self._usage.take(manifest, kind)
                facts = kind.read_facts(manifest)
                key = (kind.group, kind.name, manifest.identity.namespace or "")
                self._inventory.merge([(*key, manifest.identity.name or "", facts, None)])
        for _, item in self._survey.list_kinds([NAMESPACE]):
            manifest = Manifest(item)
            self._labels[manifest.identity.name or ""] = dict(
                manifest.mapping("metadata", "labels")
            )
        # What could not be listed may hold what is missing.
        self._inventory.complete = not self._survey.unlisted
        if self._survey.has_listed(NAMESPACE):
            self._survey.tell_missing(self._labels)

    def _looked_up_kinds(self) -> Iterable[KindName]:
        """What is judged, and what rules ask of it, each once."""
        neighbours = ((kind.group, kind.name) for kind in NEIGHBOURS)
        return dict.fromkeys((*self._judged_kinds(), *neighbours))

    def _judged_kinds(self) -> list[KindName]:
        custom = [(one.group, one.name) for one in self._task.policy.kinds]
        return [*((kind.group, kind.name) for kind in KIND_INDEX), *custom]

    def _judge(self, item: Mapping[str, Any]) -> None:
        body = dict(item)
        manifest = Manifest(
            body,
            admitted=True,
            last_applied=Manifest(body).mapping("metadata", "annotations").get(LAST_APPLIED),
        )
        namespace = manifest.identity.namespace
        self._coverage.objects += 1
        if is_exempt(self._task.policy, namespace):
            self._coverage.exempt += 1
            return
        # What a controller made is judged with what somebody wrote.
        if self._engine.owner_of(manifest) is not None:
            return
        self._judged[namespace or ""] += 1
        labels = self._labels.get(namespace or "")
        evaluation = self._engine.evaluate(manifest, partial=False, namespace_labels=labels)
        self._suppressed += len(evaluation.suppressed)
        for _, workload in evaluation.workloads:
            self._coverage.count_workload(workload)
        if not evaluation.findings and not self._task.roles:
            return
        entry, text = write_entry(manifest)
        self._findings.add(make_row(one, entry, self._elsewhere) for one in evaluation.findings)
        if evaluation.findings:
            if entry.file not in self._texts:
                self._texts.add(entry.file, text)
            self.objects[entry.file] = _keep(manifest)
        if self._task.roles:
            roles = (make_workload_row(entry, *one) for one in evaluation.workloads)
            self._workloads += [row for row in roles if row is not None]


def find_now() -> datetime.datetime:
    """The time, in UTC."""
    return datetime.datetime.now(datetime.UTC)


def _keep(manifest: Manifest) -> ScannedObject:
    metadata = manifest.mapping("metadata")
    labels = {key: str(value) for key, value in manifest.mapping("metadata", "labels").items()}
    uid, created = (str(metadata.get(key) or "") for key in ("uid", "creationTimestamp"))
    return ScannedObject(uid, labels, created)


def _export_object(name: str, one: ScannedObject, use: AcceleratorUse) -> "ScannedRow":
    return {
        "file": name,
        "created": one.created or None,
        "labels": one.labels,
        "pods": use.pods,
        "accelerators": use.accelerators,
        "gpu_hours": round(use.hours, 2),
    }
