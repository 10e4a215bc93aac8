"""Whether the pods of a workload compute as one, and start all or none."""

from collections.abc import Iterable
from itertools import chain

from rules.kinds import facts
from rules.kinds.pods import Pod
from rules.kinds.roles import Subrole
from rules.rendezvous import Rendezvous, find_rendezvous
from rules.workload import Workload

_TOGETHER = (facts.GANG_POLICY, facts.GANG_LABEL, facts.MAX_RESTARTS, facts.MIN_AVAILABLE)
"""Facts of kinds whose pods are one group: an operator's replicas, a cluster, what is restarted
together."""
_GROUP_KEYS = frozenset(
    """
    kueue.x-k8s.io/pod-group-name scheduling.x-k8s.io/pod-group pod-group.scheduling.sigs.k8s.io
    scheduling.k8s.io/group-name pod-group-name
    """.split()
)
"""Labels and annotations by which a pod belongs to a group: Kueue's, the coscheduling plugin's,
Volcano's, KAI's (kai-scheduler ``pkg/common/constants``)."""
_QUEUE_KEYS = frozenset({"kueue.x-k8s.io/queue-name", "kai.scheduler/queue"})
"""Those by which it waits in a queue that makes groups."""
_DEFAULT = (None, "default-scheduler")


def computes_as_one(workload: Workload) -> bool:
    """Whether several pods with accelerators compute together, and none without the others."""
    pods = workload.training_pods
    # A runtime is queued with the TrainJob that names it, whose runtime may have a group.
    elsewhere = workload.queued or workload.kind.dormant or workload.kind.deferred
    if workload.partial or elsewhere or any(pod.inherits for pod in pods):
        return False
    if (count_pods(pods) or 0) < 2 or not any(map(workload.accelerated, pods)):
        return False
    rendezvous, scaling = workload.once(find_rendezvous), workload.at(facts.RAY_AUTOSCALING)
    elastic = rendezvous is Rendezvous.ELASTIC or (scaling is not None and scaling.value is True)
    if elastic or any(pod.subrole is Subrole.PS for pod in workload.pods):
        return False
    known = (workload.at(fact) for fact in _TOGETHER)
    return rendezvous is not Rendezvous.NONE or any(one is not None for one in known)


def count_pods(pods: Iterable[Pod]) -> int | None:
    """How many pods there are; None where that is not known."""
    counts = [pod.replicas for pod in pods]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def is_admitted_whole(workload: Workload) -> bool:
    """Whether a queue, a scheduler or a group of pods sees to it that all start or none."""
    said = (facts.QUEUE, facts.GANG_POLICY, facts.GANG_LABEL)
    values = [workload.at(fact) for fact in said]
    if any(one is not None and not one.unwritten for one in values):
        return True
    scheduler = workload.at(facts.SCHEDULER)
    if scheduler is not None and scheduler.value not in _DEFAULT:
        return True
    return all(_is_grouped(workload, pod) for pod in workload.training_pods)


def _is_grouped(workload: Workload, pod: Pod) -> bool:
    scheduler = workload.at(facts.SCHEDULER, pod)
    if scheduler is not None and scheduler.value not in _DEFAULT:
        return True
    group = workload.at(facts.SCHEDULING_GROUP, pod)
    queued = not _QUEUE_KEYS.isdisjoint(_list_marks(pod))
    return queued or names_group(pod) or (group is not None and not group.unwritten)


def names_group(pod: Pod) -> bool:
    """Whether a pod names its group of pods."""
    return not _GROUP_KEYS.isdisjoint(_list_marks(pod))


def _list_marks(pod: Pod) -> Iterable[str]:
    """The keys of its labels and annotations."""
    marks = (pod.metadata.get(key) for key in ("labels", "annotations"))
    return chain.from_iterable(one for one in marks if isinstance(one, dict))
