"""Where the outputs of a workload's training end up."""

from rules.kinds.pods import Pod
from rules.outputs import Naming, Output
from rules.record import NamedTuple
from rules.storage import Place, trace_outputs
from rules.workload import Workload


class Destination(NamedTuple):
    """The best place that a training pod's outputs go to, and the first output that goes there;
    None where nothing names one, and the place is the best that could be found."""

    pod: Pod
    output: Output | None
    place: Place


def find_destinations(workload: Workload, naming: Naming) -> tuple[Destination, ...]:
    """That of each pod template that writes what its training is for; of all that train where
    none is known to. Rules ask for it by ``workload.once``, with ``naming_of`` their parameters."""
    pods = workload.training_pods
    schemes = frozenset(workload.parameters["storage"]["durable_schemes"])
    return tuple(
        Destination(pod, *trace_outputs(pod, naming, schemes, workload.command))
        for pod in [pod for pod in pods if pod.writer] or pods
    )
