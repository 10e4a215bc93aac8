"""Kubeflow Trainer: (Cluster)TrainingRuntime (trainer.kubeflow.org, and kubeflow.org/v2alpha1).

Source: kubeflow/trainer ``pkg/apis/trainer/v1alpha1``; the template is a JobSet's.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.jobset import (
    jobset_places,
    read_jobset_deadlines,
    read_jobset_disruptions,
    read_jobset_pods,
    read_jobset_retries,
    read_lone_retries,
)
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView, read_spec
from rules.paths import Path

GROUPS = ("trainer.kubeflow.org", "kubeflow.org")
JOBSET: Path = ("template", "spec")
"""Where the JobSetSpec stands in a runtime's spec."""

_JOBSET: Path = ("spec", *JOBSET)
_ROWS: FactRows = {
    facts.NODES: ("mlPolicy.numNodes", 1, CONTROLLER),
    facts.PROCESSES_PER_NODE: ("mlPolicy.mpi.numProcPerNode", 1),
    facts.LAUNCHER_AS_WORKER: ("mlPolicy.mpi.runLauncherAsNode", False),
    facts.GANG_POLICY: ("podGroupPolicy",),
}
_FIXED = frozenset({Subrole.INITIALIZER, Subrole.LAUNCHER})


def _pods(jobset: SpecView, ask: Ask) -> Iterator[Pod]:
    """Where outputs go, and often the image, is the TrainJob's choice."""
    nodes = jobset.manifest.dig("spec", "mlPolicy", "numNodes")
    for pod in read_jobset_pods(jobset, ask, outputs_known=False, images=False):
        told = isinstance(nodes, int) and pod.subrole not in _FIXED
        yield pod._replace(replicas=nodes) if told else pod


def _runtime(group: str, name: str) -> Kind:
    return Kind(
        group,
        name,
        root=_JOBSET,
        pods=_pods,
        role=Role.TRAINING,
        required=((*_JOBSET, "replicatedJobs"),),
        rows=((SPEC, _ROWS), *jobset_places(_JOBSET)),
        retries=read_jobset_retries,
        deadlines=read_jobset_deadlines,
        lone_retries=read_lone_retries,
        disruptions=read_jobset_disruptions,
        awaits_sidecars=True,
        facts={"spec": read_spec},
        plural=f"{name.lower()}s",
        namespaced=name == "TrainingRuntime",
        dormant=True,
    )


KINDS: tuple[Kind, ...] = tuple(
    _runtime(group, name)
    for group in GROUPS
    for name in ("TrainingRuntime", "ClusterTrainingRuntime")
)
