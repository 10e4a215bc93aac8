"""LeaderWorkerSet (leaderworkerset.x-k8s.io/v1): groups of pods that serve one model together.

Source: kubernetes-sigs/lws ``api/leaderworkerset/v1``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.kinds.core import pod_facts
from rules.kinds.podspec import claim_templates, make_pod, read_count
from rules.kinds.schema import Ask, Kind, Pod, Probes, Role, Subrole, Volume
from rules.manifest import Manifest
from rules.paths import EACH, Path, dig, expand

_GROUP: Path = ("spec", "leaderWorkerTemplate")
_LEADER: Path = (*_GROUP, "leaderTemplate")
_WORKER: Path = (*_GROUP, "workerTemplate")


def _pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    """The leader, which answers requests, and the workers. Without a template of its own the
    leader is a worker, and what can be said of a leader is said of that template."""
    groups = read_count(manifest.dig("spec", "replicas"))
    size = read_count(manifest.dig(*_GROUP, "size"))
    shared: dict[str, Any] = {"volumes": _claims(manifest), "nodes": size or 1}
    leader, worker = manifest.dig(*_LEADER), manifest.dig(*_WORKER)
    if isinstance(leader, dict):
        yield make_pod(
            _LEADER, leader, name="leader", subrole=Subrole.MASTER, count=groups, **shared
        )
        size = None if size is None else size - 1
    if isinstance(worker, dict):
        led = isinstance(leader, dict)
        yield make_pod(
            _WORKER,
            worker,
            name="worker",
            subrole=Subrole.WORKER if led else None,
            probes=Probes.OWN if not led or _answers(worker) else Probes.NONE,
            count=None if groups is None or size is None else groups * size,
            **shared,
        )


def _answers(template: Mapping[str, Any]) -> bool:
    """Whether a container of the template listens for requests."""
    return any(
        dig(container, ("ports",)) or dig(container, ("readinessProbe", "httpGet"))
        for _, container in expand(template, ("spec", "containers", EACH))
    )


def _claims(manifest: Manifest) -> tuple[Volume, ...]:
    path = (*_GROUP, "volumeClaimTemplates")
    return claim_templates(manifest.dig(*path), path)


KINDS: tuple[Kind, ...] = (
    Kind(
        "leaderworkerset.x-k8s.io",
        "LeaderWorkerSet",
        pods=_pods,
        priors={Role.SERVING: 5},
        required=(_WORKER,),
        facts=pod_facts((*_LEADER, "spec"), (*_WORKER, "spec")),
        plural="leaderworkersets",
    ),
)
