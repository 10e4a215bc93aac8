"""Which nodes a pod chooses."""

from rules.accelerators import Accelerators
from rules.kinds.facts import (
    AFFINITY,
    NODE_NAME,
    NODE_SELECTOR,
    QUEUE,
    RUNTIME_CLASS,
    SCHEDULER,
    SCHEDULER_QUEUE,
    SCHEDULING_GATES,
    TOLERATIONS,
    Fact,
)
from rules.kinds.kept_pods import KeptPod
from rules.kinds.pods import Pod
from rules.workload import Workload

_SAID: tuple[Fact, ...] = (
    *(NODE_SELECTOR, NODE_NAME, AFFINITY, TOLERATIONS, RUNTIME_CLASS, SCHEDULER),
    *(QUEUE, SCHEDULER_QUEUE, SCHEDULING_GATES),
)
_ANY_NODE = "kubernetes.io/"
"""Labels that each node has: its system, its architecture, its name."""


def says_where(workload: Workload, pod: Pod) -> bool:
    """Whether a pod says on which nodes it runs, or leaves that to a queue or a scheduler."""
    labels = pod.metadata.get("labels")
    if isinstance(labels, dict) and any("queue" in str(key) for key in labels):
        return True
    values = (workload.at(fact, pod) for fact in _SAID)
    return any(one is not None and not one.unwritten for one in values)


def name_pool(accelerators: Accelerators, names: frozenset[str], pod: KeptPod) -> str:
    """The label by which a pod with one of the accelerators ``names`` chooses its nodes; empty
    where there is none."""
    if names.isdisjoint(accelerators.named_by(pod)):
        return ""
    return next((str(key) for key in pod.nodes if not str(key).startswith(_ANY_NODE)), "")
