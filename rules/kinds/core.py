"""core/v1 and apps/v1: the bare Pod, and the controllers that keep pods running."""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.kept_pods import PODS, pods_fact
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Restart
from rules.kinds.podspec import claim_templates, make_bare_pod, make_pod, read_count, read_retention
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.runs import Deadlines, WhenEnded
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.model import Edit, Remove, Set
from rules.paths import Path
from rules.type_names import Any

_TEMPLATE: Path = ("spec", "template")
_SELECTOR: Path = ("spec", "selector")
SERVICE_PRIORS = {
    Role.SERVING: 3,
    Role.TRAINING: -4,
    Role.BATCH: -4,
    Role.DATA: -2,
    Role.NOTEBOOK: 1,
}
STATEFUL_PRIORS = {Role.SERVING: 2, Role.TRAINING: -2, Role.BATCH: -4, Role.DATA: -2}
_DAEMON_PRIORS = {Role.TRAINING: -6, Role.SERVING: -2}

_POD_ROWS: FactRows = {
    facts.DEADLINE: ("activeDeadlineSeconds",),
    facts.SCHEDULING_GATES: ("schedulingGates",),
}
KEPT_ROWS: FactRows = {
    facts.REPLICAS: ("replicas", 1),
    facts.MIN_READY_SECONDS: ("minReadySeconds",),
    facts.SELECTOR: ("selector",),
}
_ROLLING = {
    "type": "RollingUpdate",
    "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
}
"""What the API server writes where a Deployment has no strategy (apps/v1 defaults.go)."""
DEPLOYMENT_ROWS: FactRows = {
    **KEPT_ROWS,
    facts.PAUSED: ("paused", False),
    facts.PROGRESS_DEADLINE: ("progressDeadlineSeconds", 600),
    facts.ROLLOUT_STRATEGY: ("strategy", _ROLLING),
    facts.UPDATE_STRATEGY: ("strategy.type", "RollingUpdate"),
    facts.MAX_SURGE: ("strategy.rollingUpdate.maxSurge", "25%"),
    facts.MAX_UNAVAILABLE: ("strategy.rollingUpdate.maxUnavailable", "25%"),
}
STATEFUL_SET_ROWS: FactRows = {
    **KEPT_ROWS,
    facts.UPDATE_STRATEGY: ("updateStrategy.type", "RollingUpdate"),
    facts.MAX_UNAVAILABLE: ("updateStrategy.rollingUpdate.maxUnavailable", 1),
    facts.CLAIM_TEMPLATES: ("volumeClaimTemplates",),
    facts.CLAIM_WHEN_DELETED: ("persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain"),
    facts.CLAIM_WHEN_SCALED: ("persistentVolumeClaimRetentionPolicy.whenScaled", "Retain"),
}
DAEMON_SET_ROWS: FactRows = {
    facts.MIN_READY_SECONDS: ("minReadySeconds",),
    facts.SELECTOR: ("selector",),
    facts.UPDATE_STRATEGY: ("updateStrategy.type", "RollingUpdate"),
    facts.MAX_SURGE: ("updateStrategy.rollingUpdate.maxSurge", 0),
    facts.MAX_UNAVAILABLE: ("updateStrategy.rollingUpdate.maxUnavailable", 1),
}


def read_template(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The one PodTemplateSpec, of which there is no telling how many pods it makes."""
    for template in spec.each("template"):
        yield make_pod(template, replicas=None)


def read_replicas_of_template(spec: SpecView, _ask: Ask, **known: Any) -> Iterator[Pod]:
    """The one PodTemplateSpec, of which ``replicas`` pods are kept."""
    for template in spec.each("template"):
        yield make_pod(template, replicas=read_count(spec.dig("replicas")), **known)


def read_stateful_pods(spec: SpecView, ask: Ask) -> Iterator[Pod]:
    """The one PodTemplateSpec, each pod of which has claims of its own."""
    kept = read_retention(spec.below("persistentVolumeClaimRetentionPolicy"), "StatefulSet")
    claims = claim_templates(spec.below("volumeClaimTemplates"), kept)
    return read_replicas_of_template(spec, ask, volumes=claims)


def _pod(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    restart = Restart(spec.value("restartPolicy", default="Always"), "Always", form="pod")
    metadata = spec.manifest.mapping("metadata")
    if spec.mapping():
        yield make_bare_pod(
            spec.path,
            spec.mapping(),
            metadata=metadata,
            metadata_at=("metadata",),
            path=(),
            restart=restart,
        )


def _pod_deadlines(spec: SpecView, _pods: Any) -> Deadlines:
    value = spec.value("activeDeadlineSeconds")
    return Deadlines((value,), (value.path,), counting="it bounds the Pod's life")


def convert_to_job(spec: SpecView) -> tuple[Edit, ...]:
    """The edits that make a batch/v1 Job of what keeps one pod of ``spec.template``.

    None where there are several pods, or claims of their own.
    """
    if read_count(spec.dig("replicas")) != 1 or spec.dig("volumeClaimTemplates"):
        return ()
    others = [key for key in spec.mapping() if key != "template"]
    return (
        Set(("apiVersion",), "batch/v1"),
        Set(("kind",), "Job"),
        *(Remove((*spec.path, key)) for key in others),
        Set((*spec.path, "backoffLimit"), 3),
        Set((*spec.path, "template", "spec", "restartPolicy"), "Never"),
    )


def _required_of(group: str) -> tuple[Path, ...]:
    """What a kind of a group cannot do without: the selector got a default before apps/v1, as it
    still does in core/v1 (``pkg/apis/core/v1/defaults.go``)."""
    return (_TEMPLATE, _SELECTOR) if group == "apps" else (_TEMPLATE,)


def replicated_kind(
    group: str, name: str, plural: str, priors: dict[Role, int], rows: FactRows
) -> Kind:
    """A kind that keeps ``spec.replicas`` pods of ``spec.template``, as a Deployment does."""
    return Kind(
        group,
        name,
        pods=read_replicas_of_template,
        priors=priors,
        required=_required_of(group),
        rows=((SPEC, rows),),
        facts={PODS: pods_fact(read_replicas_of_template)},
        when_ended=WhenEnded.RESTARTED,
        as_run=convert_to_job,
        plural=plural,
    )


def daemon_kind(group: str, rows: FactRows) -> Kind:
    """A kind that keeps a pod of ``spec.template`` on each node."""
    return Kind(
        group,
        "DaemonSet",
        pods=read_template,
        priors=_DAEMON_PRIORS,
        required=_required_of(group),
        rows=((SPEC, rows),),
        when_ended=WhenEnded.RESTARTED,
        on_each_node=True,
        plural="daemonsets",
    )


DEPLOYMENT = replicated_kind("apps", "Deployment", "deployments", SERVICE_PRIORS, DEPLOYMENT_ROWS)
KINDS: tuple[Kind, ...] = (
    Kind(
        "",
        "Pod",
        pods=_pod,
        deadlines=_pod_deadlines,
        required=(("spec", "containers"),),
        rows=((SPEC, _POD_ROWS),),
        when_ended=WhenEnded.LOST,
        awaits_sidecars=True,
        plural="pods",
        subresources=("ephemeralcontainers",),
    ),
    DEPLOYMENT,
    replicated_kind("apps", "ReplicaSet", "replicasets", SERVICE_PRIORS, KEPT_ROWS),
    replicated_kind(
        "", "ReplicationController", "replicationcontrollers", SERVICE_PRIORS, KEPT_ROWS
    ),
    Kind(
        "apps",
        "StatefulSet",
        pods=read_stateful_pods,
        priors=STATEFUL_PRIORS,
        required=_required_of("apps"),
        rows=((SPEC, STATEFUL_SET_ROWS),),
        facts={PODS: pods_fact(read_stateful_pods)},
        when_ended=WhenEnded.RESTARTED,
        as_run=convert_to_job,
        plural="statefulsets",
    ),
    daemon_kind("apps", DAEMON_SET_ROWS),
    # How StatefulSets and DaemonSets keep what their pods were (``pkg/controller/history``).
    Kind(
        "apps",
        "ControllerRevision",
        root=("data", "spec"),
        pods=read_template,
        priors=STATEFUL_PRIORS,
        when_ended=WhenEnded.RESTARTED,
        plural="controllerrevisions",
        dormant=True,
    ),
    Kind("", "PodTemplate", root=(), pods=read_template, plural="podtemplates", dormant=True),
)
