"""Seldon Core: SeldonDeployment (v1), and the Server and Model of Core v2 by their role alone.

Source: seldon-core ``operator/apis/machinelearning.seldon.io/v1`` and
``operator/controllers/seldondeployment_controller.go``: where a container has no probes, the
operator adds a TCP liveness probe (60 s + 3 x 5 s) and a TCP readiness probe.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.kinds.podspec import make_container, make_pod, make_unseen_pod, read_count
from rules.kinds.schema import (
    Ask,
    Autoscaler,
    Container,
    Kind,
    Pod,
    Probes,
    Role,
    Subrole,
    read_pods,
)
from rules.manifest import Manifest
from rules.paths import EACH, Path, dig, dotted, items

_PREDICTORS: Path = ("spec", "predictors", EACH)
_COMPONENTS: Path = (*_PREDICTORS, "componentSpecs", EACH)


def _pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    for path, predictor in read_pods(manifest, _PREDICTORS):
        models = dict(_models(predictor.get("graph")))
        components = list(_components(manifest, path, predictor, models))
        yield from components
        if not components:
            yield make_unseen_pod(path, text=" ".join(models.values()))
        yield from _explainers(path, predictor)


def _components(
    manifest: Manifest, path: Path, predictor: Mapping[str, Any], models: Mapping[str, str]
) -> Iterator[Pod]:
    for index, component in items(predictor.get("componentSpecs")):
        if not isinstance(component, dict):
            continue
        pod = make_pod(
            (*path, "componentSpecs", index),
            component,
            main=tuple(models),
            name=str(predictor.get("name") or ""),
            probes=Probes.INJECTED,
            count=_count(component, predictor, manifest.mapping("spec")),
            images=False,
        )
        pod.containers = tuple(_with_model(one, models) for one in pod.containers)
        yield pod


def _count(*bodies: Mapping[str, Any]) -> int | None:
    """The first of the bodies that says how many replicas there are decides."""
    found = (body.get("replicas") for body in bodies)
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


def _explainers(path: Path, predictor: Mapping[str, Any]) -> Iterator[Pod]:
    at = (*path, "explainer", "containerSpec")
    body = dig(predictor, ("explainer", "containerSpec"))
    if isinstance(body, dict):
        yield Pod(
            at,
            at,
            {},
            name="explainer",
            containers=(make_container(body, at),),
            subrole=Subrole.EXPLAINER,
            probes=Probes.GIVEN,
            images=False,
        )


def _scalers(manifest: Manifest) -> Iterator[Autoscaler]:
    for path, component in read_pods(manifest, _COMPONENTS):
        if isinstance(component.get("hpaSpec"), dict):
            old, new = ((*path, "hpaSpec", key) for key in ("metrics", "metricsv2"))
            yield _scaler(manifest, old if manifest.value(new).absent else new)
        if isinstance(component.get("kedaSpec"), dict):
            yield _scaler(manifest, (*path, "kedaSpec", "triggers"))


def _scaler(manifest: Manifest, path: Path) -> Autoscaler:
    value = manifest.value(path)
    return Autoscaler(value, value.unknown or bool(value.value), dotted(path))


def _role_alone(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    if manifest.mapping("spec"):
        yield make_unseen_pod(("spec",))


KINDS: tuple[Kind, ...] = (
    Kind(
        "machinelearning.seldon.io",
        "SeldonDeployment",
        pods=_pods,
        role=Role.SERVING,
        required=(("spec", "predictors"),),
        autoscalers=_scalers,
        plural="seldondeployments",
    ),
    Kind("mlops.seldon.io", "Server", pods=_role_alone, role=Role.SERVING, plural="servers"),
    Kind("mlops.seldon.io", "Model", pods=_role_alone, role=Role.SERVING, plural="models"),
)
