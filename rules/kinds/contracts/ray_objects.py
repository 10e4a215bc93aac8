"""What KubeRay asks of its objects.

Source: kuberay ``ray-operator/controllers/ray/utils/validation.go``.
"""

from collections.abc import Iterator
from functools import partial

from rules.kinds.contracts.clauses import (
    Breach,
    Clause,
    Contract,
    Terms,
    read_number,
    tell_place,
)
from rules.kinds.views import SpecView
from rules.paths import EACH, Path, dotted


def _ray_job(spec: SpecView, terms: Terms) -> Iterator[Breach]:
    stays = spec.dig("shutdownAfterJobFinishes") in (None, False)
    shutdown, _ = tell_place(spec, "shutdownAfterJobFinishes")
    ttl, told = tell_place(spec, "ttlSecondsAfterFinished")
    shut = "a RayJob with shutdownAfterJobFinishes set to false"
    positive = (read_number(spec, "ttlSecondsAfterFinished") or 0) > 0
    if stays and positive and terms.has_kuberay(1, 4):
        found = f"{told} is set, and shutdownAfterJobFinishes is not true"
        words = f"{shut} cannot have TTLSecondsAfterFinished"
        yield Breach(ttl, found, words, preset=True, safe=True, place=shutdown)
    if stays and spec.dig("suspend") is True:
        path, told = tell_place(spec, "suspend")
        found = f"{told} is true, and shutdownAfterJobFinishes is not"
        words = f"{shut} is not allowed to be suspended"
        yield Breach(path, found, words, preset=True, safe=True, place=shutdown)
    if spec.dig("rayClusterSpec") is None and not spec.dig("clusterSelector"):
        words = "one of RayClusterSpec or ClusterSelector must be set"
        yield Breach(spec.path, f"{dotted(spec.path)} has neither", words)
    for key in ("activeDeadlineSeconds", "preRunningDeadlineSeconds"):
        count = read_number(spec, key)
        if count is not None and count <= 0:
            path, told = tell_place(spec, key)
            yield Breach(path, f"{told} is {count}", f"{key} must be a positive integer")


def _ray_modes(spec: SpecView, terms: Terms) -> Iterator[Breach]:
    selects = bool(spec.mapping("clusterSelector"))
    mode = spec.dig("submissionMode")
    limit, told = tell_place(spec, "backoffLimit")
    if (read_number(spec, "backoffLimit") or 0) > 0:
        for holds, what in (
            (selects and terms.has_kuberay(1, 6), "ClusterSelector mode"),
            (mode == "InteractiveMode" and terms.has_kuberay(1, 4), "InteractiveMode"),
        ):
            if holds:
                found = f"{told} is {spec.dig('backoffLimit')}"
                yield Breach(limit, found, f"BackoffLimit is incompatible with {what}")
    if selects and spec.dig("suspend") is True:
        path, told = tell_place(spec, "suspend")
        words = "the ClusterSelector mode doesn't support the suspend operation"
        yield Breach(path, f"{told} is true", words)
    if mode == "SidecarMode":
        for key in ("submitterPodTemplate", "submitterConfig"):
            if spec.dig(key) is not None:
                path, told = tell_place(spec, key)
                words = f"SidecarMode doesn't support {key[0].upper()}{key[1:]}"
                yield Breach(path, f"{told} is set", words)


def _ray_deletion(spec: SpecView, terms: Terms) -> Iterator[Breach]:
    """``validateDeletionConfiguration``: the fate of the cluster is stated in one way only."""
    ends = ("onSuccess", "onFailure")
    for strategy in spec.each("deletionStrategy"):
        told = dotted(strategy.path)
        ruled, said = (
            bool(strategy.dig("deletionRules")),
            [one for one in ends if strategy.dig(one)],
        )
        if ruled and terms.has_kuberay(1, 5):
            if spec.dig("shutdownAfterJobFinishes") is True:
                words = "shutdownAfterJobFinishes and deletionRules are mutually exclusive"
                yield Breach(
                    strategy.path, f"{told} has rules beside shutdownAfterJobFinishes", words
                )
            if said:
                words = "Cannot use both legacy onSuccess/onFailure fields and deletionRules"
                yield Breach(strategy.path, f"{told} has rules beside {said[0]}", words)
        elif len(said) == 1 and not ruled and terms.has_kuberay(1, 4):
            words = "both DeletionStrategy.OnSuccess and DeletionStrategy.OnFailure must be set"
            yield Breach(strategy.path, f"{told} has {said[0]} alone", words)


def _ray_groups(keys: Path, spec: SpecView, terms: Terms) -> Iterator[Breach]:
    groups = spec.each(*keys, "workerGroupSpecs", EACH)
    for group in groups if terms.has_kuberay(1, 6) else ():
        least, most = read_number(group, "minReplicas"), read_number(group, "maxReplicas")
        if least is not None and most is not None and least > most:
            path, told = tell_place(group, "minReplicas")
            words = f"has minReplicas {least} greater than maxReplicas {most}"
            yield Breach(path, f"{told} is {least}", words)


def _ray(*keys: str, more: tuple[Clause, ...] = ()) -> Contract:
    return Contract("KubeRay", (*more, partial(_ray_groups, keys)), admitted=True)


_JOB = _ray("rayClusterSpec", more=(_ray_job, _ray_modes, _ray_deletion))
CONTRACTS = {
    ("ray.io", "RayJob", ""): _JOB,
    ("ray.io", "RayCronJob", ""): _JOB,
    ("ray.io", "RayCluster", ""): _ray(),
    ("ray.io", "RayService", ""): _ray("rayClusterConfig"),
}
