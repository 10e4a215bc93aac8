"""vLLM's production stack (production-stack.vllm.ai/v1alpha1): VLLMRuntime.

Source: vllm-project/production-stack ``operator/api/v1alpha1/vllmruntime_types.go`` and
``operator/internal/controller/vllmruntime_controller.go``, which gives the server probes with a
startup budget of 120 s + 100 x 20 s, and requests what is limited.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, ContainerUse, Pod, Probes
from rules.kinds.podspec import read_count
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.type_names import Any

_DEVICE = "nvidia.com/gpu"

_SPEC: FactRows = {
    facts.REPLICAS: ("deploymentConfig.replicas", 1),
    facts.UPDATE_STRATEGY: ("deploymentConfig.deploymentStrategy", "RollingUpdate"),
    facts.RUNTIME_CLASS: ("deploymentConfig.runtimeClass", "nvidia"),
    facts.MIN_REPLICAS: ("autoscalingConfig.minReplicas", 1),
    facts.MAX_REPLICAS: ("autoscalingConfig.maxReplicas",),
    facts.TENSOR_PARALLEL: ("vllmConfig.tensorParallelSize",),
    facts.MODEL_URI: ("model.modelURL",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The server's pod: there is no pod spec, only settings that the operator makes one of."""
    for deployment in spec.each("deploymentConfig"):
        model = spec.dig("model", "modelURL")
        yield Pod(
            deployment.path,
            deployment.path,
            {},
            containers=(_server(spec, deployment),),
            probes=Probes.GIVEN,
            replicas=read_count(deployment.dig("replicas")),
            text=model if isinstance(model, str) else "",
            images=False,
        )


def _server(spec: SpecView, deployment: SpecView) -> Container:
    image = deployment.mapping("image")
    body = {
        "image": "/".join(str(image[key]) for key in ("registry", "name") if image.get(key)),
        "args": spec.dig("vllmConfig", "extraArgs"),
        "env": spec.dig("vllmConfig", "env"),
        "resources": _resources(deployment.mapping("resources")),
    }
    elsewhere = {
        "args": (*spec.path, "vllmConfig", "extraArgs"),
        "env": (*spec.path, "vllmConfig", "env"),
    }
    server = Container("vllm", deployment.path, body, ContainerUse.MAIN, elsewhere=elsewhere)
    return server._replace(made=frozenset({"resources"}))


def _resources(said: dict[str, Any]) -> dict[str, Any]:
    device = str(said.get("gpuType") or _DEVICE)
    named = {"cpu": said.get("cpu"), "memory": said.get("memory"), device: said.get("gpu")}
    amounts = {name: amount for name, amount in named.items() if amount is not None}
    return {"requests": amounts, "limits": amounts}


KINDS: tuple[Kind, ...] = (
    Kind(
        "production-stack.vllm.ai",
        "VLLMRuntime",
        pods=_pods,
        role=Role.SERVING,
        required=(("spec", "deploymentConfig"),),
        rows=((SPEC, _SPEC),),
        pod_rows={},
        plural="vllmruntimes",
    ),
)
