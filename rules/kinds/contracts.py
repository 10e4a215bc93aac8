"""What operators ask of objects of their kinds, beyond what a schema can say.

Source: training-operator release-1.9 ``pkg/webhooks`` (v1.7 ``pkg/apis/kubeflow.org/v1``);
mpi-operator ``pkg/apis/kubeflow/validation``; volcano ``pkg/webhooks/admission/jobs/validate``;
kuberay ``ray-operator/controllers/ray/utils/validation.go``; lws ``pkg/webhooks``.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeAlias

from rules.kinds.kubeflow import OPERATORS, Operator
from rules.kinds.replica_specs import read_replicas
from rules.kinds.views import SpecView
from rules.lazy_pattern import LazyPattern
from rules.manifest import is_template
from rules.paths import EACH, Path, dotted, shorten
from rules.record import NamedTuple

_NAME = LazyPattern(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_LABEL = "a DNS-1035 label must consist of lower case alphanumeric characters or '-'"


class Breach(NamedTuple):
    """What an operator refuses: where, what stands there, and why, in the operator's words.

    ``preset`` is what belongs at the path, None where that is for a human to say; ``safe``: nothing
    else can be meant.
    """

    path: Path
    found: str
    words: str
    preset: Any = None
    safe: bool = False


class Terms(NamedTuple):
    """What is known of the cluster: the operators' releases, empty where any may be there."""

    training_operator: tuple[int, ...] = ()
    kuberay: tuple[int, ...] = ()

    @property
    def at_least(self) -> "Terms":
        """The oldest releases that may be there."""
        return Terms(self.training_operator or (0,), self.kuberay or (0,))

    @property
    def has_webhooks(self) -> bool:
        """Since v1.8 the training operator refuses at admission what it is then strict about."""
        return not self.training_operator or self.training_operator >= (1, 8)

    def has_kuberay(self, *release: int) -> bool:
        """Whether that release of KubeRay, or a later one, may be there."""
        return not self.kuberay or self.kuberay >= release


Clause: TypeAlias = Callable[[SpecView, Terms], Iterable[Breach]]


class Contract(NamedTuple):
    """The clauses of a kind. ``who`` refuses, with ``admitted`` once the object is in the cluster,
    where nobody who applies it is told."""

    who: str
    clauses: tuple[Clause, ...]
    admitted: bool = False


def find_contract(group: str, kind: str, version: str) -> Contract | None:
    """What the operator of a kind asks; None where nothing is known of that."""
    return _CONTRACTS.get((group, kind, version)) or _CONTRACTS.get((group, kind, ""))


def _number(view: SpecView, *keys: str | int) -> int | None:
    value = view.dig(*keys)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _at(view: SpecView, *keys: str | int) -> tuple[Path, str]:
    path = (*view.path, *keys)
    return path, dotted(path)


# Kubeflow's training operator.
def _containers(operator: Operator, spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    """The container that the operator takes for the main one, by its name."""
    for replica in read_replicas(spec, operator.field):
        bodies = list(replica.view.each("template", "spec", "containers", EACH))
        names = [str(body.dig("name") or "") for body in bodies]
        if not names or operator.container in names or any(map(is_template, names)):
            continue
        path, told = _at(bodies[0], "name")
        words = f"must have at least one container with name {operator.container}"
        preset = operator.container if len(bodies) == 1 else None
        yield Breach(path, f"{told} is {shorten(names[0])}", words, preset)


def _masters(operator: Operator, spec: SpecView, terms: Terms) -> Iterator[Breach]:
    """One master, and since v1.8 in so many words: the webhook comes before the defaults."""
    for replica in read_replicas(spec, operator.field):
        path, told = _at(replica.view, "replicas")
        written, count = replica.view.dig("replicas"), _number(replica.view, "replicas")
        if replica.type != "master" or is_template(written):
            continue
        if written is None and terms.has_webhooks:
            yield Breach(path, f"{told} is not set", "must be 1", 1, safe=True)
        elif count is not None and count != 1:
            yield Breach(path, f"{told} is {count}", "must be 1")


def _workers(operator: Operator, spec: SpecView, terms: Terms) -> Iterator[Breach]:
    for replica in read_replicas(spec, operator.field):
        count = _number(replica.view, "replicas")
        if replica.type == "worker" and count is not None and count < 1 and terms.has_webhooks:
            path, told = _at(replica.view, "replicas")
            yield Breach(path, f"{told} is {count}", "must be at least 1")


def _types(
    types: tuple[str, ...], operator: Operator, spec: SpecView, terms: Terms
) -> Iterator[Breach]:
    """The replica types, letter by letter since v1.8."""
    for replica in read_replicas(spec, operator.field):
        key = str(replica.view.path[-1])
        known = (key if terms.has_webhooks else replica.type.capitalize()) in types
        if not known and not is_template(key):
            path, told = _at(replica.view)
            words = f"Unsupported value: supported values: {', '.join(types)}"
            yield Breach(path, f"{told} is no replica type", words)


def _elastic(operator: Operator, spec: SpecView, terms: Terms) -> Iterator[Breach]:
    for policy in spec.each("elasticPolicy"):
        if not any(one.type == "worker" for one in read_replicas(spec, operator.field)):
            words = "must be configured if elastic policy is used"
            yield Breach(policy.path, f"{dotted(policy.path)} is set without a Worker", words)
        if policy.dig("nProcPerNode") is not None and spec.dig("nprocPerNode") is not None:
            path, told = _at(policy, "nProcPerNode")
            if terms.has_webhooks:
                words = "must not be used with spec.nprocPerNode"
                yield Breach(path, f"{told} is set beside spec.nprocPerNode", words)


def _needs_master(operator: Operator, spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    replicas = read_replicas(spec, operator.field)
    if replicas and not any(replica.type == "master" for replica in replicas):
        path, told = _at(spec, operator.field)
        yield Breach(path, f"{told} has no Master", "must be present")


def _chiefs(operator: Operator, spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    replicas = read_replicas(spec, operator.field)
    chiefs = [replica for replica in replicas if replica.type in ("chief", "master")]
    if len(chiefs) > 1:
        path, told = _at(spec, operator.field)
        words = "must not have more than 1 Chief or Master role"
        yield Breach(path, f"{told} has a Chief and a Master", words)


def _name(spec: SpecView, terms: Terms) -> Iterator[Breach]:
    """Services are named after the job."""
    name = spec.manifest.dig("metadata", "name")
    if not isinstance(name, str) or is_template(name) or not terms.has_webhooks:
        return
    if _NAME.fullmatch(name) is None:
        yield Breach(("metadata", "name"), f"metadata.name is {shorten(name)}", _LABEL)


# KubeRay.
def _ray_job(spec: SpecView, terms: Terms) -> Iterator[Breach]:
    stays = spec.dig("shutdownAfterJobFinishes") in (None, False)
    ttl, told = _at(spec, "ttlSecondsAfterFinished")
    shut = "a RayJob with shutdownAfterJobFinishes set to false"
    positive = (_number(spec, "ttlSecondsAfterFinished") or 0) > 0
    if stays and positive and terms.has_kuberay(1, 4):
        found = f"{told} is set, and shutdownAfterJobFinishes is not true"
        yield Breach(ttl, found, f"{shut} cannot have TTLSecondsAfterFinished")
    if stays and spec.dig("suspend") is True:
        path, told = _at(spec, "suspend")
        found = f"{told} is true, and shutdownAfterJobFinishes is not"
        yield Breach(path, found, f"{shut} is not allowed to be suspended")
    if spec.dig("rayClusterSpec") is None and not spec.dig("clusterSelector"):
        words = "one of RayClusterSpec or ClusterSelector must be set"
        yield Breach(spec.path, f"{dotted(spec.path)} has neither", words)
    for key in ("activeDeadlineSeconds", "preRunningDeadlineSeconds"):
        count = _number(spec, key)
        if count is not None and count <= 0:
            path, told = _at(spec, key)
            yield Breach(path, f"{told} is {count}", f"{key} must be a positive integer")


def _ray_modes(spec: SpecView, terms: Terms) -> Iterator[Breach]:
    selects = bool(spec.mapping("clusterSelector"))
    mode = spec.dig("submissionMode")
    limit, told = _at(spec, "backoffLimit")
    if (_number(spec, "backoffLimit") or 0) > 0:
        for holds, what in (
            (selects and terms.has_kuberay(1, 6), "ClusterSelector mode"),
            (mode == "InteractiveMode" and terms.has_kuberay(1, 4), "InteractiveMode"),
        ):
            if holds:
                found = f"{told} is {spec.dig('backoffLimit')}"
                yield Breach(limit, found, f"BackoffLimit is incompatible with {what}")
    if selects and spec.dig("suspend") is True:
        path, told = _at(spec, "suspend")
        words = "the ClusterSelector mode doesn't support the suspend operation"
        yield Breach(path, f"{told} is true", words)
    if mode == "SidecarMode":
        for key in ("submitterPodTemplate", "submitterConfig"):
            if spec.dig(key) is not None:
                path, told = _at(spec, key)
                words = f"SidecarMode doesn't support {key[0].upper()}{key[1:]}"
                yield Breach(path, f"{told} is set", words)


def _ray_groups(keys: Path, spec: SpecView, terms: Terms) -> Iterator[Breach]:
    groups = spec.each(*keys, "workerGroupSpecs", EACH)
    for group in groups if terms.has_kuberay(1, 6) else ():
        least, most = _number(group, "minReplicas"), _number(group, "maxReplicas")
        if least is not None and most is not None and least > most:
            path, told = _at(group, "minReplicas")
            words = f"has minReplicas {least} greater than maxReplicas {most}"
            yield Breach(path, f"{told} is {least}", words)


# Volcano, MPI, LeaderWorkerSet.
def _volcano(job: SpecView, _terms: Terms) -> Iterator[Breach]:
    tasks = list(job.each("tasks", EACH))
    counts = [_number(task, "replicas") for task in tasks]
    least = _number(job, "minAvailable")
    known = [count for count in counts if count is not None]
    if least is not None and tasks and len(known) == len(counts) and least > sum(known):
        path, told = _at(job, "minAvailable")
        words = "job 'minAvailable' should not be greater than total replicas in tasks"
        yield Breach(path, f"{told} is {least}, and all tasks have {sum(known)}", words)
    for task, count in zip(tasks, counts, strict=True):
        own = _number(task, "minAvailable")
        if own is not None and count is not None and own > count:
            path, told = _at(task, "minAvailable")
            words = "'minAvailable' is greater than 'replicas' in task"
            yield Breach(path, f"{told} is {own}, and replicas {count}", words)


def _launcher(spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    replicas = read_replicas(spec, "mpiReplicaSpecs")
    launchers = [one for one in replicas if one.view.path[-1] == "Launcher"]
    if replicas and not launchers:
        path, told = _at(spec, "mpiReplicaSpecs")
        yield Breach(path, f"{told} has no Launcher", "must have Launcher replica spec")
    for launcher in launchers:
        count = _number(launcher.view, "replicas")
        if count is not None and count != 1:
            path, told = _at(launcher.view, "replicas")
            yield Breach(path, f"{told} is {count}", "must be 1")


def _group_size(spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    size = _number(spec, "leaderWorkerTemplate", "size")
    if size is not None and size < 1:
        path, told = _at(spec, "leaderWorkerTemplate", "size")
        yield Breach(path, f"{told} is {size}", "size must be equal or greater than 1")


_BOTH = ("Master", "Worker")
_ASKED: dict[str, tuple[Callable[..., Iterable[Breach]], ...]] = {
    "PyTorchJob": (partial(_types, _BOTH), _masters, _workers, _elastic),
    "XGBoostJob": (partial(_types, _BOTH), _masters, _needs_master),
    "PaddleJob": (partial(_types, _BOTH),),
    "JAXJob": (partial(_types, ("Worker",)),),
    "TFJob": (_chiefs,),
}
"""What is asked of each kind of Kubeflow's beside the name of its main container, and its own."""


def _asked(operator: Operator) -> Contract:
    bound = (partial(clause, operator) for clause in (_containers, *_ASKED[operator.kind]))
    return Contract("the training operator", (*bound, _name))


def _ray(*keys: str, more: tuple[Clause, ...] = ()) -> Contract:
    return Contract("KubeRay", (*more, partial(_ray_groups, keys)), admitted=True)


_JOB = _ray("rayClusterSpec", more=(_ray_job, _ray_modes))
_TASKS = Contract("Volcano", (_volcano,))
_LAUNCHED = Contract("the MPI operator", (_launcher,), admitted=True)
_GROUPS = Contract("LeaderWorkerSet's webhook", (_group_size,))
_CONTRACTS: dict[tuple[str, str, str], Contract] = {
    **{("kubeflow.org", one.kind, "v1"): _asked(one) for one in OPERATORS},
    ("kubeflow.org", "MPIJob", "v2beta1"): _LAUNCHED,
    ("ray.io", "RayJob", ""): _JOB,
    ("ray.io", "RayCronJob", ""): _JOB,
    ("ray.io", "RayCluster", ""): _ray(),
    ("ray.io", "RayService", ""): _ray("rayClusterConfig"),
    ("batch.volcano.sh", "Job", ""): _TASKS,
    ("batch.volcano.sh", "CronJob", ""): _TASKS,
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet", ""): _GROUPS,
}
