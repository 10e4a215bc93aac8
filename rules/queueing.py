"""The queue that an object names for Kueue, and what Kueue refuses of one that does.

Source: kueue ``pkg/controller/jobs/rayjob/rayjob_webhook.go``, ``raycluster/common.go``.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.kueue import ELASTIC_ANNOTATION, MOST_POD_SETS
from rules.model import Fix, Value
from rules.paths import Path, dotted
from rules.wording import tell_value, write_value
from rules.workload import Workload

_CLEANUP = "a kueue managed job should delete the cluster after finishing"
_SCALING = "a kueue managed job should only use autoscaling when workload slicing is enabled"


def fill_queue(workload: Workload, queue: Value) -> Fix | None:
    """Name the policy's own queue where an object names none; None where the policy has none."""
    default = workload.parameters["cluster"]["default_queue"]
    return write_value(queue, default, safe=True) if default != "none" else None


def find_refused_shapes(workload: Workload) -> Iterator[tuple[Path, str]]:
    """Where, and what there is to say of it."""
    selector = workload.at(facts.CLUSTER_SELECTOR)
    if selector is not None and selector.value:
        found = f"{dotted(selector.path)} is set, and Kueue queues no job on a running cluster"
        yield selector.path, f"{found}; expected a rayClusterSpec"
        return
    shutdown = workload.at(facts.SHUTDOWN_WHEN_FINISHED)
    if shutdown is not None and shutdown.value is False and not workload.partial:
        yield shutdown.path, _refuse(tell_value(shutdown), _CLEANUP, "true")
    scaling = workload.at(facts.RAY_AUTOSCALING)
    sliced = workload.manifest.dig("metadata", "annotations", ELASTIC_ANNOTATION) == "true"
    if scaling is not None and scaling.value is True and not sliced:
        expected = f"false, or the annotation {ELASTIC_ANNOTATION}: true"
        yield scaling.path, _refuse(tell_value(scaling), _SCALING, expected)
    if len(workload.pods) > MOST_POD_SETS:
        found = f"there are {len(workload.pods)} pod templates"
        yield workload.kind.root, _refuse(found, "Too many", f"at most {MOST_POD_SETS}")


def _refuse(found: str, words: str, expected: str) -> str:
    return f'{found}: Kueue refuses this ("{words}"); expected {expected}'
