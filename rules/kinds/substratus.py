"""Substratus (substratus.ai/v1): Model, Dataset, Server, Notebook; and KubeAI's Model (kubeai.org).

Source: substratusai/substratus ``api/v1`` and ``internal/controller``; substratusai/kubeai
``api/k8s/v1/model_types.go`` and ``internal/modelcontroller``. There is no pod spec: Substratus
makes a Job of a Model and of a Dataset (restartPolicy Never, at most 2 retries), a Deployment of a
Server and a Pod of a Notebook, and mounts a bucket where they read and write. KubeAI makes pods
with probes, of a profile of resources that its own configuration holds.
"""

from collections.abc import Iterator
from functools import partial

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.podspec import make_container
from rules.kinds.roles import Role
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.type_names import Any

_DEVICE = "nvidia.com/gpu"
_NAMES = {Role.SERVING: "serve", Role.NOTEBOOK: "notebook", Role.DATA: "dataset"}

_NOTEBOOK: FactRows = {facts.SUSPEND: ("suspend", False, CONTROLLER)}
_SERVED: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.MIN_REPLICAS: ("minReplicas", 0, CONTROLLER),
    facts.MAX_REPLICAS: ("maxReplicas",),
    facts.MODEL_URI: ("url",),
    facts.PRIORITY_CLASS: ("priorityClassName",),
}


def _pods(role: Role | None, spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The one pod. A Model without a Dataset is only fetched."""
    if role is None:
        role = Role.TRAINING if spec.mapping("dataset") else Role.DATA
    serves = role is Role.SERVING
    yield Pod(
        spec.path,
        spec.path,
        {},
        containers=(_container(spec, _NAMES.get(role, "model")),),
        probes=Probes.GIVEN if serves else Probes.NONE,
        durable=True,
        role=role,
        images=False,
    )


def _served_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    if spec.mapping():
        body = {"image": spec.dig("image"), "args": spec.dig("args"), "env": _env(spec)}
        server = make_container(body, spec.path)._replace(name="server")
        yield Pod(
            spec.path,
            spec.path,
            {},
            containers=(server,),
            probes=Probes.GIVEN,
            replicas=None,
            text=f"{spec.dig('engine') or ''} {spec.dig('url') or ''}",
            images=False,
        )


def _env(spec: SpecView) -> list[dict[str, Any]]:
    return [{"name": key, "value": value} for key, value in spec.mapping("env").items()]


def _container(spec: SpecView, name: str) -> Container:
    body = {
        "image": spec.dig("image"),
        "command": spec.dig("command"),
        "env": _env(spec),
        "resources": _resources(spec),
    }
    container = make_container(body, spec.path)
    return container._replace(name=name, made=frozenset({"resources"}))


def _resources(spec: SpecView) -> dict[str, dict[str, Any]]:
    """Whole processors and gigabytes, and GPUs of a type."""
    asked = spec.mapping("resources")
    memory = asked.get("memory")
    amounts = {
        "cpu": asked.get("cpu"),
        "memory": memory and f"{memory}Gi",
        _DEVICE: spec.dig("resources", "gpu", "count"),
    }
    written = {key: amount for key, amount in amounts.items() if amount}
    devices = {key: amount for key, amount in written.items() if key == _DEVICE}
    return {"requests": written, "limits": devices}


def _kind(name: str, role: Role | None = None, rows: FactRows | None = None) -> Kind:
    return Kind(
        "substratus.ai",
        name,
        pods=partial(_pods, role),
        role=role,
        required=(SPEC,),
        rows=((SPEC, rows),) if rows else (),
        pod_rows={},
        plural=f"{name.lower()}s",
    )


KINDS: tuple[Kind, ...] = (
    _kind("Model"),
    _kind("Dataset", Role.DATA),
    _kind("Server", Role.SERVING),
    _kind("Notebook", Role.NOTEBOOK, _NOTEBOOK),
    Kind(
        "kubeai.org",
        "Model",
        pods=_served_pods,
        role=Role.SERVING,
        required=(("spec", "url"),),
        rows=((SPEC, _SERVED),),
        pod_rows={},
        plural="models",
    ),
)
