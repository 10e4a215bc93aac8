"""LeaderWorkerSet (leaderworkerset.x-k8s.io/v1): groups of pods that serve one model together.

Source: kubernetes-sigs/lws ``api/leaderworkerset/v1``, and ``api/disaggregatedset/v1``: a
DisaggregatedSet has such a set for each role.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.kept_pods import PODS, pods_fact
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import (
    claim_templates,
    make_pod,
    multiply,
    read_count,
    read_retention,
    silence_worker,
)
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import LoneRetry
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path
from rules.type_names import Any

_TEMPLATE = "leaderWorkerTemplate"
_ROLES: Path = ("roles", EACH)
_WORKER: Path = ("spec", _TEMPLATE, "workerTemplate")


def make_group_rows(template: str) -> FactRows:
    """Where the facts of groups stand whose LeaderWorkerTemplate is the field ``template``."""
    retention = f"{template}.persistentVolumeClaimRetentionPolicy"
    return {
        facts.REPLICAS: ("replicas", 1),
        facts.GROUP_SIZE: (f"{template}.size", 1),
        facts.GROUP_RESTART_POLICY: (f"{template}.restartPolicy", "RecreateGroupOnPodRestart"),
        facts.UPDATE_STRATEGY: ("rolloutStrategy.type", "RollingUpdate"),
        facts.MAX_SURGE: ("rolloutStrategy.rollingUpdateConfiguration.maxSurge", 0),
        facts.MAX_UNAVAILABLE: ("rolloutStrategy.rollingUpdateConfiguration.maxUnavailable", 1),
        facts.CLAIM_TEMPLATES: (f"{template}.volumeClaimTemplates",),
        facts.CLAIM_WHEN_DELETED: (f"{retention}.whenDeleted", "Retain", CONTROLLER),
        facts.CLAIM_WHEN_SCALED: (f"{retention}.whenScaled", "Retain", CONTROLLER),
    }


def read_group_pods(spec: SpecView, template: str = _TEMPLATE) -> Iterator[Pod]:
    """The leader, which answers requests, and the workers. Without a template of its own the
    leader is a worker, and what can be said of a leader is said of that template."""
    group = spec.below(template)
    groups, size = read_count(spec.dig("replicas")), read_count(group.dig("size"))
    kept = read_retention(group.below("persistentVolumeClaimRetentionPolicy"), "LeaderWorkerSet")
    claims = claim_templates(group.below("volumeClaimTemplates"), kept)
    shared: dict[str, Any] = {"volumes": claims, "nodes": size or 1}
    led = isinstance(group.dig("leaderTemplate"), dict)
    for leader in group.each("leaderTemplate"):
        yield make_pod(leader, name="leader", subrole=Subrole.MASTER, replicas=groups, **shared)
    for worker in group.each("workerTemplate"):
        pod = make_pod(
            worker,
            name="worker",
            subrole=Subrole.WORKER if led else None,
            replicas=None if groups is None or size is None else groups * (size - led),
            **shared,
        )
        yield silence_worker(pod) if led else pod


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    yield from read_group_pods(spec)


def read_group_retries(spec: SpecView, template: str = _TEMPLATE) -> Iterator[LoneRetry]:
    """With None a pod that fails comes back to a group that waits for the old one
    (``pkg/controllers/pod_controller.go``)."""
    group = spec.below(template)
    policy, size = group.value("restartPolicy"), read_count(group.dig("size"))
    if policy.value == "None" and size != 1:
        effect = "so that a pod that failed joins alone a group that waits for the old one"
        yield LoneRetry(policy, effect, "RecreateGroupOnPodRestart", serves=True)


def _role_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    slices = read_count(spec.dig("slices"))
    for role in spec.each(*_ROLES):
        name = str(role.dig("name") or "")
        for pod in read_group_pods(role.below("spec")):
            yield pod._replace(name=name, replicas=multiply(slices, pod.replicas))


def _role_retries(spec: SpecView) -> Iterator[LoneRetry]:
    for role in spec.each(*_ROLES):
        yield from read_group_retries(role.below("spec"))


KINDS: tuple[Kind, ...] = (
    Kind(
        "leaderworkerset.x-k8s.io",
        "LeaderWorkerSet",
        pods=_pods,
        priors={Role.SERVING: 5},
        required=(_WORKER,),
        rows=((SPEC, make_group_rows(_TEMPLATE)),),
        lone_retries=read_group_retries,
        facts={PODS: pods_fact(_pods)},
        plural="leaderworkersets",
    ),
    Kind(
        "disaggregatedset.x-k8s.io",
        "DisaggregatedSet",
        pods=_role_pods,
        priors={Role.SERVING: 5},
        required=(("spec", "roles"),),
        rows=(((*SPEC, *_ROLES, "spec"), make_group_rows(_TEMPLATE)),),
        lone_retries=_role_retries,
        plural="disaggregatedsets",
    ),
)
