"""NVIDIA's NIM operator (apps.nvidia.com/v1alpha1): NIMCache, a Job that fetches a model once.

Source: NVIDIA/k8s-nim-operator ``api/apps/v1alpha1/nimcache_types.go`` and
``internal/controller/nimcache_controller.go`` (restartPolicy Never, 5 retries, a ttl of 600 s).
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes
from rules.kinds.podspec import make_configured_container
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView

_SOURCES = ("ngc", "dataStore", "hf")
_PULLER = "modelPuller"

_CACHE: FactRows = {
    facts.RUNTIME_CLASS: ("runtimeClassName",),
    facts.NODE_SELECTOR: ("nodeSelector",),
    facts.TOLERATIONS: ("tolerations",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The puller's pod, whose image stands with the source of the model."""
    for key in _SOURCES:
        for source in spec.each("source", key):
            body = {"image": source.dig(_PULLER), "env": spec.dig("env")}
            puller = make_configured_container(
                "puller",
                body,
                spec.path,
                elsewhere={"image": (*source.path, _PULLER)},
                made=frozenset({"resources"}),
            )
            yield Pod(
                spec.path,
                spec.path,
                {},
                containers=(puller,),
                probes=Probes.NONE,
                durable=True,
                writer=False,
                images=False,
            )


KINDS: tuple[Kind, ...] = (
    Kind(
        "apps.nvidia.com",
        "NIMCache",
        pods=_pods,
        role=Role.DATA,
        required=((*SPEC, "source"),),
        rows=((SPEC, _CACHE),),
        pod_rows={},
        plural="nimcaches",
    ),
)
