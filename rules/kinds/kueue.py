"""What Kueue queues, and by which label.

Source: kubernetes-sigs/kueue ``pkg/controller/jobs``, ``pkg/controller/constants`` (QueueLabel),
``pkg/controller/jobframework/constants.go`` (MaxPodSets).
"""

from rules.kinds.schema import Kind

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
ELASTIC_ANNOTATION = "kueue.x-k8s.io/elastic-job"
MOST_POD_SETS = 18
"""Of recent releases; of older ones 10, and before that 8."""

_QUEUED = {
    "batch": ("Job", "CronJob"),
    "jobset.x-k8s.io": ("JobSet",),
    "kubeflow.org": ("JAXJob", "MPIJob", "PaddleJob", "PyTorchJob", "TFJob", "XGBoostJob"),
    "ray.io": ("RayCluster", "RayJob", "RayService"),
    "sparkoperator.k8s.io": ("SparkApplication",),
    "trainer.kubeflow.org": ("TrainJob",),
}


def is_queued(kind: Kind, version: str) -> bool:
    """Whether Kueue holds objects of a kind until there is room, or the Jobs that they make. Of
    MPIJobs it knows those of the MPI operator."""
    known = kind.name in _QUEUED.get(kind.group, ())
    return known and (kind.name != "MPIJob" or version == "v2beta1")
