"""What a workload, and one of its pod templates, is for."""

from rules.closed_set import StrEnum

TRAINER = "trainer"
INITIALIZERS = frozenset({"dataset-initializer", "model-initializer"})
ANCESTOR_STEP = "trainer.kubeflow.org/trainjob-ancestor-step"
"""The label by which a replicated job says what it does for a TrainJob."""


class Role(StrEnum):
    """What a workload is for."""

    RETRAINING = "retraining"
    TRAINING = "training"
    SERVING = "serving"
    BATCH = "batch-inference"
    DATA = "data"
    NOTEBOOK = "notebook"
    UNKNOWN_ML = "unknown-ml"
    OTHER = "other"
    NONE = "none"
    STREAMING = "streaming-training"


class Subrole(StrEnum):
    """What one pod template does inside its workload."""

    LAUNCHER = "launcher"
    WORKER = "worker"
    MASTER = "master"
    PS = "ps"
    EVALUATOR = "evaluator"
    INITIALIZER = "initializer"
    RAY_HEAD = "ray-head"
    ROUTER = "router"
    SUBMITTER = "submitter"
    TRANSFORMER = "transformer"
    EXPLAINER = "explainer"
