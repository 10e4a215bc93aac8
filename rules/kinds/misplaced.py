"""Fields that people write a level off, by kind: the wrong place, the right one, what happens.

Source: the types that each kind's own module names. The API server decodes a built-in object into
its type, and prunes a custom one by its CRD (apiextensions ``pruning``): what a type does not have
at a place is gone before anybody reads it.
"""

from collections.abc import Callable
from functools import cache, partial

from rules.paths import Path
from rules.record import NamedTuple
from rules.refusals import UNKNOWN_FIELD
from rules.type_names import TypeAlias

DROPPED = f"the API server drops it, or says {UNKNOWN_FIELD}"


class Misplacement(NamedTuple):
    """Fields that do nothing below ``wrong`` and belong below ``right``.

    EACH in ``right`` stands for the key at the same depth of ``wrong``. Without ``right`` the
    fields belong to no place in this object. ``wraps``: the field is a level too many, whose
    content belongs below ``right``. ``renamed`` is what the field is called there, if not the
    same; ``fate`` what becomes of it; ``versions`` those of the kind that are meant, if not all.
    ``safe``: at home it means what whoever wrote it takes for granted.
    """

    keys: frozenset[str]
    wrong: Path
    right: Path | None
    fate: str = DROPPED
    safe: bool = True
    wraps: bool = False
    renamed: str = ""
    versions: tuple[str, ...] = ()


Rows: TypeAlias = tuple[Misplacement, ...]


@cache
def misplacements_of(group: str, name: str) -> Rows:
    """What is known of the kind of that group and name."""
    rows = _TABLE.get((group, name))
    return rows() if rows else ()


@cache
def misplaced_keys(group: str, name: str) -> tuple[tuple[Path, frozenset[str]], ...]:
    """The same by place: each with all keys that do nothing there."""
    found: dict[Path, frozenset[str]] = {}
    for row in misplacements_of(group, name):
        found[row.wrong] = row.keys | found.get(row.wrong, frozenset())
    return tuple(found.items())


def _move(keys: str, wrong: str, right: str) -> Misplacement:
    """A row from words and dotted paths."""
    return Misplacement(frozenset(keys.split()), _read_path(wrong), _read_path(right))


def _unwrap(key: str, around: str) -> Misplacement:
    """A row for a mapping that stands a level too deep."""
    return _move(key, around, around)._replace(wraps=True)


def _nowhere(keys: str, wrong: str, fate: str) -> Misplacement:
    return _move(keys, wrong, "")._replace(right=None, fate=fate)


def _read_path(text: str) -> Path:
    return tuple(text.split(".")) if text else ()


_POD = (
    "affinity hostIPC hostNetwork imagePullSecrets nodeSelector priorityClassName "
    "runtimeClassName serviceAccountName terminationGracePeriodSeconds tolerations volumes"
)
"""Fields of a pod spec that neither a container nor what is around a pod has."""
_BUDGET = (
    "backoffLimit backoffLimitPerIndex completionMode completions maxFailedIndexes parallelism "
    "podFailurePolicy podReplacementPolicy successPolicy ttlSecondsAfterFinished"
)
_JOB = f"{_BUDGET} activeDeadlineSeconds"
_CRON = (
    "concurrencyPolicy failedJobsHistoryLimit schedule startingDeadlineSeconds "
    "successfulJobsHistoryLimit timeZone"
)
_ARGO_CRON = f"{_CRON} schedules timezone".replace("timeZone ", "")
_RUN = "activeDeadlineSeconds backoffLimit schedulingPolicy ttlSecondsAfterFinished"
_RAY = (
    "activeDeadlineSeconds backoffLimit entrypoint runtimeEnvYAML shutdownAfterJobFinishes "
    "ttlSecondsAfterFinished"
)
_WORKFLOW = "activeDeadlineSeconds entrypoint onExit podGC retryStrategy templates ttlStrategy"
_SERVICE = "minReadySeconds progressDeadlineSeconds replicas strategy updateStrategy"
_PREDICTOR = "containerConcurrency containers maxReplicas minReplicas model scaleMetric scaleTarget"

_OVERWRITTEN = "the operator overwrites it with the replica's own (SetPodTemplateRestartPolicy)"
_NO_BUDGET = "no TrainJob has one: it belongs to the child Job of the runtime that it names"
_NO_DEADLINE = "no JobSet has one (kubernetes-sigs/jobset#1186): bound each replicated job"


def _pod_rows(owner: str) -> Rows:
    """What belongs into the pod spec of the template below ``owner``."""
    spec = f"{owner}.template.spec"
    return (
        _move(f"{_POD} restartPolicy", owner, spec),
        _move(f"{_POD} restartPolicy", f"{owner}.template", spec),
        _move(_POD, f"{spec}.containers.*", spec),
    )


def _job_rows(job: str) -> Rows:
    """What belongs into the JobSpec at ``job``, and what of it belongs into its pod."""
    return (
        _move(_JOB, f"{job}.template", job),
        _move(_BUDGET, f"{job}.template.spec", job),
        *_pod_rows(job),
    )


def _batch_job() -> Rows:
    return (_move(_JOB, "", "spec"), *_job_rows("spec"))


def _batch_cron() -> Rows:
    job = "spec.jobTemplate.spec"
    above = ("spec", "spec.jobTemplate")
    return (
        *_cron(f"{job}.template", f"{job}.template.spec"),
        *(_move(_JOB, place, job) for place in above),
        *(_move(f"{_POD} restartPolicy", place, f"{job}.template.spec") for place in above),
        *_job_rows(job),
    )


def _cron(*below: str) -> Rows:
    """The fields of a CronJob's own, batch's or Volcano's, anywhere else."""
    places = ("", "spec.jobTemplate", "spec.jobTemplate.spec", *below)
    timezone = _move("timezone", "spec", "spec")._replace(renamed="timeZone")
    return (*(_move(_CRON, place, "spec") for place in places), timezone)


def _service() -> Rows:
    places = ("spec.template", "spec.template.spec")
    return (*(_move(_SERVICE, place, "spec") for place in places), *_pod_rows("spec"))


def _scaler() -> Rows:
    places = ("", "spec.metrics.*", "spec.behavior", "spec.scaleTargetRef")
    return tuple(_move("maxReplicas minReplicas", place, "spec") for place in places)


def _run(replicas: str, own: str = _RUN) -> Rows:
    """A kind with a RunPolicy, whose fields stood in the spec itself in v1beta1. What a pod
    template says of restarts is overwritten (training-operator ``core/pod.go`` SetRestartPolicy);
    in the replica the same word means something else (Never: no retry).
    """
    replica = f"spec.{replicas}.*"
    overwritten = _move("restartPolicy", f"{replica}.template.spec", replica)
    rows = (
        _move("runPolicy", "", "spec"),
        _move("runPolicy", f"spec.{replicas}", "spec"),
        _move(own, "spec", "spec.runPolicy"),
        _move("restartPolicy", f"{replica}.template", replica),
        overwritten._replace(fate=_OVERWRITTEN, safe=False),
        _move(_POD, replica, f"{replica}.template.spec"),
        _move(_POD, f"{replica}.template", f"{replica}.template.spec"),
    )
    return tuple(row._replace(versions=("v1", "v2beta1")) for row in rows)


def _kubeflow(replicas: str) -> Rows:
    return _run(replicas, f"{_RUN} cleanPodPolicy")


def _jobset() -> Rows:
    child = "spec.replicatedJobs.*.template"
    return (
        _nowhere("activeDeadlineSeconds", "spec", _NO_DEADLINE),
        _move("maxRestarts restartStrategy", "spec", "spec.failurePolicy"),
        _move(_JOB, "spec.replicatedJobs.*", f"{child}.spec"),
        _move(_JOB, child, f"{child}.spec"),
        *_job_rows(f"{child}.spec"),
    )


def _trainjob() -> Rows:
    return (
        _nowhere("backoffLimit restartPolicy", "spec.trainer", _NO_BUDGET),
        _nowhere("backoffLimit restartPolicy", "spec", _NO_BUDGET),
        _move("numNodes numProcPerNode resourcesPerNode", "spec", "spec.trainer"),
    )


def _rayjob() -> Rows:
    return (_move(_RAY, "", "spec"), _move(_RAY, "spec.rayClusterSpec", "spec"))


def _raycronjob() -> Rows:
    return (
        _unwrap("spec", "spec.jobTemplate"),
        _move(_RAY, "spec", "spec.jobTemplate"),
        _move(_RAY, "spec.jobTemplate.rayClusterSpec", "spec.jobTemplate"),
    )


def _cronworkflow() -> Rows:
    places = ("", "spec.workflowSpec")
    return (
        *(_move(_ARGO_CRON, place, "spec") for place in places),
        _move("timeZone", "spec", "spec")._replace(renamed="timezone"),
        _move(_WORKFLOW, "spec", "spec.workflowSpec"),
    )


def _llm() -> Rows:
    """Its templates are pod specs already."""
    return tuple(_unwrap("spec", f"spec.{place}") for place in ("template", "worker"))


def _isvc() -> Rows:
    return (_move(_PREDICTOR, "spec", "spec.predictor")._replace(versions=("v1beta1",)),)


_TABLE: dict[tuple[str, str], Callable[[], Rows]] = {
    ("apps", "Deployment"): _service,
    ("apps", "StatefulSet"): _service,
    ("argoproj.io", "CronWorkflow"): _cronworkflow,
    ("autoscaling", "HorizontalPodAutoscaler"): _scaler,
    ("batch", "CronJob"): _batch_cron,
    ("batch", "Job"): _batch_job,
    ("batch.volcano.sh", "CronJob"): _cron,
    ("jobset.x-k8s.io", "JobSet"): _jobset,
    ("kubeflow.org", "JAXJob"): partial(_kubeflow, "jaxReplicaSpecs"),
    ("kubeflow.org", "MPIJob"): partial(_run, "mpiReplicaSpecs"),
    ("kubeflow.org", "PaddleJob"): partial(_kubeflow, "paddleReplicaSpecs"),
    ("kubeflow.org", "PyTorchJob"): partial(_kubeflow, "pytorchReplicaSpecs"),
    ("kubeflow.org", "TFJob"): partial(_kubeflow, "tfReplicaSpecs"),
    ("kubeflow.org", "XGBoostJob"): partial(_kubeflow, "xgbReplicaSpecs"),
    ("ray.io", "RayCronJob"): _raycronjob,
    ("ray.io", "RayJob"): _rayjob,
    ("serving.kserve.io", "InferenceService"): _isvc,
    ("serving.kserve.io", "LLMInferenceService"): _llm,
    ("trainer.kubeflow.org", "TrainJob"): _trainjob,
}
