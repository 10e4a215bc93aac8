"""Seldon Core: SeldonDeployment (v1); of Core v2 ServerConfig, Server and Model.

A Server and a Model have no pods of their own: a ServerConfig has them
(``operator/apis/mlops/v1alpha1/serverconfig_types.go``).

Source: seldon-core ``operator/apis/machinelearning.seldon.io/v1`` and
``operator/controllers/seldondeployment_controller.go``: where a container has no probes, the
operator adds a TCP liveness probe (60 s + 3 x 5 s) and a TCP readiness probe.
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.kept_pods import PODS, pods_fact
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.podspec import (
    claim_templates,
    make_bare_pod,
    make_container,
    make_pod,
    make_unseen_pod,
    read_count,
)
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Autoscaler, Kind
from rules.kinds.views import SpecView
from rules.model import Value
from rules.paths import EACH, dotted, items
from rules.type_names import Any

_PORTS = ("http", "grpc", "metrics")
_INJECTED = {"initialDelaySeconds": 60, "periodSeconds": 5, "failureThreshold": 3}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for predictor in spec.each("predictors", EACH):
        models = dict(_models(predictor.dig("graph")))
        components = list(_components(spec, predictor, models))
        yield from components
        if not components:
            yield make_unseen_pod(predictor.path, text=" ".join(models.values()))
        yield from _explainers(predictor)


def _components(spec: SpecView, predictor: SpecView, models: Mapping[str, str]) -> Iterator[Pod]:
    for component in predictor.each("componentSpecs", EACH):
        pod = make_pod(
            component,
            main=tuple(models),
            name=str(predictor.dig("name") or ""),
            probes=Probes.INJECTED,
            injected=_INJECTED,
            readiness_given=True,
            replicas=_count(component, predictor, spec),
            images=False,
        )
        made = [_with_ports(_with_model(one, models), models) for one in pod.containers]
        yield pod._replace(containers=tuple(made))


def _count(*places: SpecView) -> int | None:
    """The number of replicas, from the first place that has one."""
    found = (place.dig("replicas") for place in places)
    return read_count(next((count for count in found if count is not None), None))


def _models(graph: Any) -> Iterator[tuple[str, str]]:
    """(name, model URI or nothing) of every node of an inference graph; a node's name is that of
    the container that runs it."""
    nodes = [graph]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            yield str(node.get("name") or ""), str(node.get("modelUri") or "")
            nodes.extend(child for _, child in items(node.get("children")))


def _with_model(container: Container, models: Mapping[str, str]) -> Container:
    """The container with its node's ``modelUri``, which the operator downloads into it."""
    uri = models.get(container.name)
    return container._replace(body={"modelUri": uri, **container.body}) if uri else container


def _with_ports(container: Container, models: Mapping[str, str]) -> Container:
    """The container of a node with the ports that the operator adds under these names, unless it
    has them (``seldondeployment_webhook.go``, setContainerPredictiveUnitDefaults)."""
    if container.name not in models:
        return container
    ports = container.get("ports")
    own = ports if isinstance(ports, list) else []
    names = [port.get("name") for port in own if isinstance(port, dict)]
    added = [{"name": name} for name in _PORTS if name not in names]
    return container._replace(body={**container.body, "ports": [*own, *added]})


def _explainers(predictor: SpecView) -> Iterator[Pod]:
    for container in predictor.each("explainer", "containerSpec"):
        yield Pod(
            container.path,
            container.path,
            {},
            name="explainer",
            containers=(make_container(container.mapping(), container.path),),
            subrole=Subrole.EXPLAINER,
            probes=Probes.GIVEN,
            images=False,
        )


def _config_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The pod of the Servers that name it, whose own spec is merged over it."""
    claims = claim_templates(spec.below("volumeClaimTemplates"))
    for pod in spec.each("podSpec"):
        known: dict[str, Any] = {"complete": False, "inherits": True, "probes": Probes.GIVEN}
        yield make_bare_pod(pod.path, pod.mapping(), replicas=None, volumes=claims, **known)


def _scalers(spec: SpecView) -> Iterator[Autoscaler]:
    for component in spec.each("predictors", EACH, "componentSpecs", EACH):
        for hpa in component.each("hpaSpec"):
            old, new = hpa.value("metrics"), hpa.value("metricsv2")
            yield _scaler(old if new.absent else new)
        for keda in component.each("kedaSpec"):
            yield _scaler(keda.value("triggers"))


def _scaler(value: Value) -> Autoscaler:
    return Autoscaler(value, value.unknown or bool(value.value), dotted(value.path))


def _second(name: str, plural: str, rows: FactRows) -> Kind:
    """A kind of Core v2, whose pods are the operator's own."""
    return Kind(
        "mlops.seldon.io",
        name,
        pods=_role_alone,
        role=Role.SERVING,
        rows=((SPEC, rows),),
        plural=plural,
    )


def _role_alone(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    if spec.mapping():
        yield make_unseen_pod(spec.path)


_REPLICAS: FactRows = {facts.REPLICAS: ("replicas",)}
_PREDICTOR: FactRows = {**_REPLICAS, facts.PROGRESS_DEADLINE: ("progressDeadlineSeconds",)}
_COMPONENT: FactRows = {
    **_REPLICAS,
    facts.MIN_REPLICAS: ("hpaSpec.minReplicas",),
    facts.MAX_REPLICAS: ("hpaSpec.maxReplicas",),
    facts.TRIGGERS: ("kedaSpec.triggers",),
    facts.DISRUPTION_BUDGET: ("pdbSpec",),
}
_SERVER: FactRows = {
    **_REPLICAS,
    facts.MIN_REPLICAS: ("minReplicas",),
    facts.MAX_REPLICAS: ("maxReplicas",),
}
_MODEL: FactRows = {**_SERVER, facts.MODEL_URI: ("storageUri",)}

KINDS: tuple[Kind, ...] = (
    Kind(
        "machinelearning.seldon.io",
        "SeldonDeployment",
        pods=_pods,
        role=Role.SERVING,
        required=(("spec", "predictors"),),
        rows=(
            (SPEC, _REPLICAS),
            (("spec", "predictors", EACH), _PREDICTOR),
            (("spec", "predictors", EACH, "componentSpecs", EACH), _COMPONENT),
        ),
        autoscalers=_scalers,
        facts={PODS: pods_fact(_pods)},
        plural="seldondeployments",
    ),
    _second("Server", "servers", _SERVER),
    _second("Model", "models", _MODEL),
    Kind(
        "mlops.seldon.io",
        "ServerConfig",
        pods=_config_pods,
        role=Role.SERVING,
        required=(("spec", "podSpec"),),
        rows=((SPEC, {facts.CLAIM_TEMPLATES: ("volumeClaimTemplates",)}),),
        plural="serverconfigs",
        dormant=True,
    ),
)
