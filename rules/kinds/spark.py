"""Spark on Kubernetes (sparkoperator.k8s.io): an application, once or by a schedule; SparkConnect.

Source: kubeflow/spark-operator ``api/v1beta2``, ``api/v1alpha1/sparkconnect_types.go``,
``pkg/util/sparkapplication.go`` (ShouldRetry), ``internal/webhook`` and
``internal/controller/scheduledsparkapplication/controller.go``. Driver and executors are half pod
specs, half settings of Spark, over a pod template of the user's.
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.batch import JOB_PRIORS, read_schedule
from rules.kinds.core import SERVICE_PRIORS
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, ContainerUse, Pod
from rules.kinds.podspec import make_container, read_count, read_volumes
from rules.kinds.roles import Subrole
from rules.kinds.rows import CONTROLLER, FactPlaces, FactRows, left_to_controller
from rules.kinds.runs import Deadlines, Retry, Schedule
from rules.kinds.schema import SPEC, Kind
from rules.kinds.strategic_merge import strategic_merge
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.paths import EACH, Path, dig
from rules.type_names import Any

_GROUP = "sparkoperator.k8s.io"
_FORKS = ("sparkoperator.hpe.com",)
"""Groups with the same applications: HPE's, for its Ezmeral platform."""

_SCHEDULED: Path = ("spec", "template")
_PARTS = (("driver", Subrole.MASTER), ("executor", Subrole.WORKER))
_CONNECT_PARTS = (("server", Subrole.MASTER), ("executor", Subrole.WORKER))
_SHARED = (
    *("affinity", "hostNetwork", "nodeSelector", "priorityClassName", "schedulerName"),
    *("terminationGracePeriodSeconds", "tolerations"),
)
"""Fields of a part that are a PodSpec's."""
_OF_CONTAINER = ("env", "envFrom", "image", "lifecycle", "ports", "securityContext", "volumeMounts")
RUN_ADVICE = "an application has no deadline of its own: bound its driver's pod"
RUN_COUNTING = "it bounds one run, and every retry starts the clock anew"
_UNSET = "which means Allow up to v1 of the operator; since v2 no second run starts at all"

_APPLICATION: FactRows = {
    facts.APPLICATION_RESTART_POLICY: ("restartPolicy.type", "Never"),
    facts.BACKOFF_LIMIT: ("restartPolicy.onFailureRetries",),
    facts.SUBMITTER_BACKOFF_LIMIT: ("restartPolicy.onSubmissionFailureRetries",),
    facts.TTL: ("timeToLiveSeconds",),
    facts.SUSPEND: ("suspend", False, CONTROLLER),
    facts.ENTRYPOINT: ("mainApplicationFile",),
    facts.DYNAMIC_ALLOCATION: ("dynamicAllocation.enabled", False, CONTROLLER),
    facts.MIN_REPLICAS: ("dynamicAllocation.minExecutors",),
    facts.MAX_REPLICAS: ("dynamicAllocation.maxExecutors",),
    facts.SCHEDULER: ("batchScheduler",),
    facts.SCHEDULER_QUEUE: ("batchSchedulerOptions.queue",),
    facts.PRIORITY_CLASS: ("batchSchedulerOptions.priorityClassName",),
}
_EXECUTOR: FactRows = {facts.REPLICAS: ("instances", 1)}
_CONNECT: FactRows = {
    fact: _APPLICATION[fact]
    for fact in (facts.DYNAMIC_ALLOCATION, facts.MIN_REPLICAS, facts.MAX_REPLICAS)
}
_CRON: FactRows = {
    facts.SCHEDULE: ("schedule",),
    facts.TIME_ZONE: ("timeZone", "Local", CONTROLLER),
    facts.CONCURRENCY_POLICY: ("concurrencyPolicy", "Allow", CONTROLLER),
    facts.SCHEDULE_SUSPEND: ("suspend", False, CONTROLLER),
    facts.SUCCESS_HISTORY: ("successfulRunHistoryLimit", 1, CONTROLLER),
    facts.FAILED_HISTORY: ("failedRunHistoryLimit", 1, CONTROLLER),
}
_POD: FactRows = {
    facts.GRACE_PERIOD: ("terminationGracePeriodSeconds",),
    facts.SCHEDULER: ("schedulerName",),
    facts.PRIORITY_CLASS: ("priorityClassName",),
    facts.NODE_SELECTOR: ("nodeSelector",),
    facts.TOLERATIONS: ("tolerations",),
    facts.AFFINITY: ("affinity",),
    facts.SERVICE_ACCOUNT: ("serviceAccount",),
    facts.HOST_NETWORK: ("hostNetwork", False),
}


def _pods(application: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The driver's pod and the executors'. Spark itself makes them, and never restarts one."""
    for part, subrole in _PARTS:
        for view in application.each(part):
            yield _pod(application, view, subrole)


def _connect_pods(connection: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The server's pod and its executors', with templates alone: there are no fields of a part."""
    for part, subrole in _CONNECT_PARTS:
        for view in connection.each(part):
            yield _pod(connection, view, subrole)


def _pod(application: SpecView, part: SpecView, subrole: Subrole) -> Pod:
    body, template = part.mapping(), part.below("template", "spec")
    own = {key: body[key] for key in _SHARED if key in body}
    volumes = (
        *read_volumes(application.mapping(), application.path),
        *read_volumes(template.mapping(), template.path),
    )
    return Pod(
        part.path,
        part.path,
        strategic_merge(template.mapping(), own),
        name=str(part.path[-1]),
        metadata={key: body[key] for key in ("labels", "annotations") if key in body},
        metadata_at=part.path,
        containers=(_main(application, part), *_others(part)),
        volumes=volumes,
        volumes_at=(*application.path, "volumes"),
        requests_given=True,
        subrole=subrole,
        writer=subrole is Subrole.MASTER,
        replicas=_count(application, subrole),
        text=str(application.dig("mainClass") or ""),
        images=False,
    )


def _main(application: SpecView, part: SpecView) -> Container:
    """Spark's container. What it runs stands in the application, and in the driver alone does it
    run as it stands there; the executors do their share of the same."""
    path, body = part.path, part.mapping()
    name = "spark-kubernetes-executor" if path[-1] == "executor" else "spark-kubernetes-driver"
    template = _find_template_container(part, name)
    own = {key: body[key] for key in _OF_CONTAINER if key in body}
    container = make_container(
        {
            "image": application.dig("image"),
            **template.mapping(),
            **own,
            "command": application.dig("mainApplicationFile"),
            "args": application.dig("arguments"),
            "resources": _resources(body),
        },
        path,
    )
    elsewhere = {
        "command": (*application.path, "mainApplicationFile"),
        "args": (*application.path, "arguments"),
        "resources": path,
    }
    if "image" not in own:
        holder = template if template.dig("image") else application
        elsewhere["image"] = (*holder.path, "image")
    return container._replace(name=name, elsewhere=elsewhere, made=frozenset({"resources"}))


def _find_template_container(part: SpecView, name: str) -> SpecView:
    """The container of that name in the part's pod template: what stands nowhere else is there."""
    found = part.each("template", "spec", "containers", EACH)
    named = (one for one in found if one.dig("name") == name)
    return next(named, SpecView(part.manifest, part.path, None))


def _resources(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What Spark and the operator make of cores, memory and ``gpu``, both asked for and limited."""
    devices = {str(dig(body, ("gpu", "name"))): dig(body, ("gpu", "quantity"))}
    shared = {"memory": read_jvm_amount(body.get("memory")), **devices}
    requests = {"cpu": body.get("coreRequest") or body.get("cores"), **shared}
    limit = read_jvm_amount(body.get("memoryLimit")) or shared["memory"]
    limits = {"cpu": body.get("coreLimit"), **shared, "memory": limit}
    return {
        key: {name: amount for name, amount in amounts.items() if amount is not None}
        for key, amounts in (("requests", requests), ("limits", limits))
    }


def read_jvm_amount(text: Any) -> Any:
    """The quantity of a JVM's amount: ``512m`` are mebibytes there, thousandths of a byte here."""
    if isinstance(text, str) and text[-1:].lower() in ("k", "m", "g", "t"):
        return f"{text[:-1]}{text[-1].upper()}i"
    return text


def _others(part: SpecView) -> Iterator[Container]:
    for key, use in (
        ("initContainers", ContainerUse.INIT),
        ("sidecars", ContainerUse.SIDECAR),
    ):
        for container in part.each(key, EACH):
            yield make_container(container.mapping(), container.path, use)


def _count(application: SpecView, subrole: Subrole) -> int | None:
    if subrole is Subrole.MASTER:
        return 1
    if application.dig("dynamicAllocation", "enabled") is True:
        return None
    return read_count(application.dig("executor", "instances"))


def _retries(application: SpecView) -> Iterator[Retry]:
    """Runs that failed are submitted again with OnFailure alone, and only up to a number that is
    written; with Always everything is, for ever, after success too: no number bounds that."""
    if application.dig("restartPolicy", "type") == "OnFailure":
        budget = application.value("restartPolicy", "onFailureRetries")
        yield Retry(budget, "a run that failed is not tried again", unset_passes=True)


def _deadlines(application: SpecView, _pods: Any) -> Deadlines:
    bound = application.value("driver", "template", "spec", "activeDeadlineSeconds")
    return Deadlines((bound,), (bound.path,), counting=RUN_COUNTING, advice=RUN_ADVICE)


def _schedule(manifest: Manifest) -> Schedule:
    policy = manifest.raw(("spec", "concurrencyPolicy"), "Allow")
    return read_schedule(manifest, policy, unset=_UNSET)


def _places(root: Path) -> FactPlaces:
    """Where the facts of the application at ``root`` stand. No webhook writes its defaults into
    that of a schedule."""
    found = (root, _APPLICATION), ((*root, "executor"), _EXECUTOR)
    if root == SPEC:
        return found
    return tuple((place, left_to_controller(rows)) for place, rows in found)


def _kinds(group: str) -> tuple[Kind, ...]:
    cron: FactPlaces = ((SPEC, _CRON),)
    return (
        _kind(group, "SparkApplication", SPEC),
        _kind(group, "ScheduledSparkApplication", _SCHEDULED, cron, schedule=_schedule),
    )


def _kind(group: str, name: str, root: Path, own: FactPlaces = (), **known: Any) -> Kind:
    return Kind(
        group,
        name,
        root=root,
        pods=_pods,
        priors=JOB_PRIORS,
        required=((*root, "driver"), (*root, "executor")),
        rows=(*own, *_places(root)),
        pod_rows=_POD,
        retries=_retries,
        deadlines=_deadlines,
        outputs_in_code=True,
        plural=f"{name.lower()}s",
        **known,
    )


KINDS: tuple[Kind, ...] = (
    *_kinds(_GROUP),
    Kind(
        _GROUP,
        "SparkConnect",
        pods=_connect_pods,
        priors=SERVICE_PRIORS,
        required=((*SPEC, "server"), (*SPEC, "executor")),
        rows=((SPEC, _CONNECT), ((*SPEC, "executor"), {facts.REPLICAS: ("instances",)})),
        pod_rows={},
        outputs_in_code=True,
        plural="sparkconnects",
    ),
    *(kind for fork in _FORKS for kind in _kinds(fork)),
)
