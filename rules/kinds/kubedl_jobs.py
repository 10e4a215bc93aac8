"""KubeDL's jobs (training.kubedl.io/v1alpha1): TFJob, PyTorchJob, XGBoostJob, XDLJob,
ElasticDLJob, MPIJob; Inference (serving.kubedl.io) and Notebook (notebook.kubedl.io).

Source: kubedl ``apis/training/v1alpha1`` (``*_defaults.go``, ``*_constants.go``),
``apis/serving/v1alpha1``, ``apis/notebook/v1alpha1`` and ``pkg/job_controller`` (``job.go``,
``pod.go``). A run policy stands in the spec itself, but MPIJob's; with ``cronPolicy`` the job is
started by a schedule, and with ``modelVersion`` an image is made of the model
(``controllers/model``). The controller alone knows the defaults.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.kubeflow import BY_CHIEF, BY_MASTER, Operator, make_job_kind
from rules.kinds.lookups import Ask
from rules.kinds.mpi import make_mpi_kind
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_pod, read_count
from rules.kinds.roles import Role
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import Schedule
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.paths import EACH, Path
from rules.type_names import Any

_GROUP = "training.kubedl.io"
_CRON: Path = ("spec", "cronPolicy")
_TWENTY = "the operator takes its default of 20"

_JOBS: tuple[Operator, ...] = (
    Operator("TFJob", "tfReplicaSpecs", "tensorflow", "ExitCode", BY_CHIEF, cleanup="Running"),
    Operator(
        *("PyTorchJob", "pytorchReplicaSpecs", "pytorch", "OnFailure", BY_MASTER),
        restarts={"master": "ExitCode"},
    ),
    # No policy is written into a template whose replica says none: its pod takes Always.
    Operator("XGBoostJob", "xgbReplicaSpecs", "xgboostjob", "Always", BY_MASTER),
    Operator("ElasticDLJob", "elasticdlReplicaSpecs", "elasticdl", "Always", BY_MASTER),
    Operator(
        *("XDLJob", "xdlReplicaSpecs", "xdl", "Never", (frozenset({"worker"}),)),
        cleanup="Running",
        unset=_TWENTY,
    ),
)
_EARLY = {"XDLJob": "xdl.kubedl.io", "ElasticDLJob": "elasticdl.org"}
"""Their groups before ``training.kubedl.io`` (``apis/xdl/v1alpha1``), which examples still have."""


def _run_rows(cleanup: str) -> FactRows:
    return {
        facts.DEADLINE: ("activeDeadlineSeconds",),
        facts.BACKOFF_LIMIT: ("backoffLimit",),
        facts.TTL: ("ttlSecondsAfterFinished",),
        facts.CLEANUP_POLICY: ("cleanPodPolicy", cleanup, CONTROLLER),
        facts.GANG_POLICY: ("schedulingPolicy",),
        facts.MIN_AVAILABLE: ("schedulingPolicy.minAvailable",),
        facts.SCHEDULER_QUEUE: ("schedulingPolicy.queue",),
        facts.PRIORITY_CLASS: ("schedulingPolicy.priorityClassName",),
        facts.SCHEDULE: ("cronPolicy.schedule",),
        facts.CONCURRENCY_POLICY: ("cronPolicy.concurrencyPolicy", "Allow", CONTROLLER),
        facts.SCHEDULE_SUSPEND: ("cronPolicy.suspend", False, CONTROLLER),
        facts.SUCCESS_HISTORY: ("cronPolicy.historyLimit",),
    }


_MPI: FactRows = {
    facts.DEADLINE: ("runPolicy.activeDeadlineSeconds",),
    facts.BACKOFF_LIMIT: ("runPolicy.backoffLimit",),
    facts.TTL: ("runPolicy.ttlSecondsAfterFinished",),
    facts.PROCESSES_PER_NODE: ("slotsPerWorker", 1, CONTROLLER),
    facts.MAIN_CONTAINER: ("mainContainer",),
}
_PREDICTOR: FactRows = {
    facts.REPLICAS: ("replicas", 1, CONTROLLER),
    facts.MODEL_URI: ("modelPath",),
    facts.MIN_REPLICAS: ("autoScale.minReplicas",),
    facts.MAX_REPLICAS: ("autoScale.maxReplicas",),
}


def _schedule(manifest: Manifest) -> Schedule | None:
    if not manifest.mapping(*_CRON):
        return None
    policy = manifest.raw((*_CRON, "concurrencyPolicy"), "Allow")
    held = manifest.dig(*_CRON, "suspend") is True
    return Schedule((*_CRON, "schedule"), policy, suspended=held)


def _predictors(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for predictor in spec.each("predictors", EACH):
        name, count = str(predictor.dig("name") or ""), read_count(predictor.dig("replicas"))
        for template in predictor.each("template"):
            yield make_pod(template, name=name, replicas=count)


def _notebook(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for template in spec.each("template"):
        yield make_pod(template)


def _job_kind(operator: Operator, group: str = _GROUP) -> Kind:
    operator = operator._replace(run=(), recounts=True, keeper="modelVersion")
    return make_job_kind(operator, group, _run_rows(operator.cleanup), schedule=_schedule)


def _kind(group: str, name: str, role: Role, **known: Any) -> Kind:
    return Kind(f"{group}.kubedl.io", name, role=role, plural=f"{name.lower()}s", **known)


KINDS: tuple[Kind, ...] = (
    *map(_job_kind, _JOBS),
    *(_job_kind(one, _EARLY[one.kind]) for one in _JOBS if one.kind in _EARLY),
    make_mpi_kind(_GROUP, _MPI),
    _kind(
        *("serving", "Inference", Role.SERVING),
        pods=_predictors,
        required=(("spec", "predictors"),),
        rows=((("spec", "predictors", EACH), _PREDICTOR),),
    ),
    _kind("notebook", "Notebook", Role.NOTEBOOK, pods=_notebook, required=((*SPEC, "template"),)),
)
