"""Yatai (serving.yatai.ai): BentoDeployment, an API server of BentoML and its runners.

Source: bentoml/yatai-deployment ``apis/serving/v2alpha1/bentodeployment_types.go`` and
``controllers/bentodeployment_controller.go``, which brings image, probes and the name of the
accelerator: there is no pod spec, only what is said beside one.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.podspec import make_configured_container
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path
from rules.type_names import Any

_DEVICE = "nvidia.com/gpu"
_RUNNERS: Path = ("runners", EACH)

_PART: FactRows = {
    facts.MIN_REPLICAS: ("autoscaling.minReplicas",),
    facts.MAX_REPLICAS: ("autoscaling.maxReplicas",),
}
_POD: FactRows = {
    facts.SCHEDULER: ("extraPodSpec.schedulerName",),
    facts.NODE_SELECTOR: ("extraPodSpec.nodeSelector",),
    facts.TOLERATIONS: ("extraPodSpec.tolerations",),
    facts.AFFINITY: ("extraPodSpec.affinity",),
    facts.SERVICE_ACCOUNT: ("extraPodSpec.serviceAccountName",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    yield _pod(spec, "api-server")
    for runner in spec.each(*_RUNNERS):
        yield _pod(runner, str(runner.dig("name") or "runner"))


def _pod(part: SpecView, name: str) -> Pod:
    return Pod(
        part.path,
        part.path,
        part.mapping("extraPodSpec"),
        name=name,
        containers=(_container(part, name),),
        probes=Probes.GIVEN,
        replicas=None,
        text=str(part.dig("bento") or ""),
        images=False,
    )


def _container(part: SpecView, name: str) -> Container:
    said = part.mapping("resources")
    resources = {key: _amounts(part.mapping("resources", key)) for key in said}
    body = {"resources": resources, "env": part.dig("envs")}
    elsewhere = {"env": (*part.path, "envs")}
    made = frozenset({"resources"})
    return make_configured_container(name, body, part.path, elsewhere=elsewhere, made=made)


def _amounts(said: dict[str, Any]) -> dict[str, Any]:
    """``gpu`` is a count of NVIDIA's, ``custom`` are resources by their own names."""
    custom = said.get("custom")
    named = {
        "cpu": said.get("cpu"),
        "memory": said.get("memory"),
        _DEVICE: said.get("gpu"),
        **(custom if isinstance(custom, dict) else {}),
    }
    return {name: amount for name, amount in named.items() if amount not in (None, "")}


KINDS: tuple[Kind, ...] = (
    Kind(
        "serving.yatai.ai",
        "BentoDeployment",
        pods=_pods,
        role=Role.SERVING,
        required=((*SPEC, "bento"),),
        rows=((SPEC, _PART), ((*SPEC, *_RUNNERS), _PART)),
        pod_rows=_POD,
        plural="bentodeployments",
    ),
)
