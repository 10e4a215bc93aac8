"""What bounds the time of a run, and the bound that a fix writes."""

from collections.abc import Mapping
from math import inf

from rules.schedules import find_run_interval
from rules.stakes import reckon_stakes
from rules.workload import Workload


def suggest_deadline(workload: Workload, bounds: Mapping[str, int]) -> int:
    """The default of TRN003's parameters, and no more than the policy allows. Of a schedule no more
    than lies between two runs, all attempts counted, where that is enough at all."""
    seconds = min(int(bounds["default"]), int(bounds["max"]))
    interval = workload.once(find_run_interval) if workload.schedule is not None else inf
    rounds = workload.once(reckon_stakes).rounds
    longest = seconds if interval == inf else int(interval // rounds)
    return min(seconds, longest) if longest >= bounds["min"] else seconds


def is_bounded(workload: Workload) -> bool:
    """Whether a deadline ends what no retry budget does; nobody knows of a fragment."""
    places = workload.deadlines.places if workload.deadlines else ()
    return workload.partial or any(not place.absent for place in places)
