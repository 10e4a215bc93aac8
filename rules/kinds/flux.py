"""The Flux operator (flux-framework.org): a MiniCluster, a workload manager over the pods of a Job.

Source: flux-framework/flux-operator ``api/v1alpha2/minicluster_types.go`` and
``controllers/flux/job.go``, which makes an Indexed Job of ``size`` pods. A command is one text, the
environment and the volumes are mappings.
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.batch import JOB_PRIORS
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, ContainerUse, Mount, Pod, Probes, Restart, Volume
from rules.kinds.podspec import read_count, read_metadata
from rules.kinds.rows import FactRows
from rules.kinds.runs import Deadlines, Retry
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.model import Presence
from rules.paths import EACH
from rules.type_names import Any

_UNSET = "the operator writes 100"
_ZERO = "0 is no number for the operator, which writes 100"
_ROWS: FactRows = {
    facts.REPLICAS: ("size", 1),
    facts.MAX_REPLICAS: ("maxSize",),
    facts.MIN_AVAILABLE: ("minSize",),
    facts.BACKOFF_LIMIT: ("backoffLimit",),
    facts.DEADLINE: ("deadlineSeconds", 31500000),
    facts.POD_RESTART_POLICY: ("pod.restartPolicy",),
    facts.RUNTIME_CLASS: ("pod.runtimeClassName",),
    facts.SCHEDULER: ("pod.schedulerName",),
    facts.NODE_SELECTOR: ("pod.nodeSelector",),
    facts.TOLERATIONS: ("pod.tolerations",),
    facts.HOST_IPC: ("pod.hostIPC",),
    facts.HOST_PID: ("pod.hostPID",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    if not spec.mapping():
        return
    bodies = list(spec.each("containers", EACH))
    policy = spec.raw("pod", "restartPolicy", default="OnFailure")
    yield Pod(
        spec.path,
        (*spec.path, "pod"),
        spec.mapping("pod"),
        metadata=read_metadata(spec.mapping("pod")),
        metadata_at=(*spec.path, "pod"),
        containers=tuple(_container(body) for body in bodies),
        volumes=tuple(volume for body in bodies for volume in _volumes(body)),
        restart=Restart(policy, "OnFailure", form="operator"),
        probes=Probes.NONE,
        replicas=read_count(spec.dig("size")),
        images=False,
    )


def _container(body: SpecView) -> Container:
    said, set_there = body.dig("command"), body.mapping("environment")
    env = [{"name": str(name), "value": value} for name, value in set_there.items()]
    command = ["sh", "-c", said] if isinstance(said, str) else []
    mounts = (
        Mount(str(one.path[-1]), str(one.dig("path") or ""), one.dig("readOnly") is True, one.path)
        for one in body.each("volumes", EACH)
    )
    whole = {**body.mapping(), "command": command, "env": env}
    name, made = str(body.dig("name") or ""), frozenset({"command", "env"})
    return Container(name, body.path, whole, ContainerUse.MAIN, tuple(mounts), made=made)


def _volumes(body: SpecView) -> Iterator[Volume]:
    for volume in body.each("volumes", EACH):
        yield Volume(str(volume.path[-1]), volume.path, _read_source(volume.mapping()))


def _read_source(volume: Mapping[str, Any]) -> dict[str, Any]:
    if volume.get("claimName"):
        return {"persistentVolumeClaim": {"claimName": volume["claimName"]}}
    if volume.get("hostPath"):
        return {"hostPath": {"path": volume["hostPath"]}}
    if volume.get("emptyDir") is True:
        return {"emptyDir": {}}
    return {"projected": {}}


def _retries(spec: SpecView) -> Iterator[Retry]:
    """The operator takes 0 for a field that nobody set (``job.go`` NewMiniClusterJob)."""
    value = spec.value("backoffLimit")
    if value.number == 0:
        value = value._replace(presence=Presence.ABSENT)
        yield Retry(value, _ZERO, preset=3, safe=False)
        return
    yield Retry(value, _UNSET, preset=3)


def _deadlines(spec: SpecView, _pods: object) -> Deadlines:
    value = spec.value("deadlineSeconds", default=31500000)
    return Deadlines((value,), (value.path,), counting="it bounds the Job with its retries")


KINDS: tuple[Kind, ...] = (
    Kind(
        "flux-framework.org",
        "MiniCluster",
        pods=_pods,
        priors=JOB_PRIORS,
        required=(("spec", "containers"),),
        rows=((SPEC, _ROWS),),
        pod_rows={},
        retries=_retries,
        deadlines=_deadlines,
        plural="miniclusters",
    ),
)
