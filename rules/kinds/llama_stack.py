"""Llama Stack (llamastack.io/v1alpha1): LlamaStackDistribution, a server before others' models.

Source: llamastack/llama-stack-k8s-operator ``api/v1alpha1/llamastackdistribution_types.go`` and
``controllers/resource_helper.go``, which gives the container a startup probe, and requests of cpu
and memory where there are none. There is no pod spec, only settings that the operator makes one of.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.core import SERVICE_PRIORS
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.podspec import make_container, read_count, read_volumes
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView

_OVERRIDES = "podOverrides"

_SPEC: FactRows = {
    facts.REPLICAS: ("replicas", 1),
    facts.MIN_REPLICAS: ("server.autoscaling.minReplicas",),
    facts.MAX_REPLICAS: ("server.autoscaling.maxReplicas",),
}
_POD: FactRows = {
    facts.GRACE_PERIOD: (f"{_OVERRIDES}.terminationGracePeriodSeconds", 30),
    facts.SERVICE_ACCOUNT: (f"{_OVERRIDES}.serviceAccountName",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for server in spec.each("server"):
        overrides = server.below(_OVERRIDES)
        yield Pod(
            server.path,
            server.path,
            {},
            containers=(_container(server, overrides),),
            volumes=read_volumes(overrides.mapping(), overrides.path),
            volumes_at=(*overrides.path, "volumes"),
            probes=Probes.GIVEN,
            replicas=read_count(spec.dig("replicas")),
            requests_given=True,
            images=False,
        )


def _container(server: SpecView, overrides: SpecView) -> Container:
    """Its image stands beside it, and its mounts among what is said of the pod."""
    written = server.below("containerSpec")
    body = {**written.mapping(), "image": server.dig("distribution", "image")}
    if overrides.dig("volumeMounts") is not None:
        body["volumeMounts"] = overrides.dig("volumeMounts")
    return make_container(body, written.path)._replace(
        name=str(written.dig("name") or "llama-stack"),
        mounts=make_container(overrides.mapping(), overrides.path).mounts,
        elsewhere={
            "image": (*server.path, "distribution", "image"),
            "volumeMounts": (*overrides.path, "volumeMounts"),
        },
        plain=False,
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        "llamastack.io",
        "LlamaStackDistribution",
        pods=_pods,
        priors=SERVICE_PRIORS,
        required=((*SPEC, "server"),),
        rows=((SPEC, _SPEC),),
        pod_rows=_POD,
        plural="llamastackdistributions",
    ),
)
