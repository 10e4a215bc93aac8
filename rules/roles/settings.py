"""What flags and variables of the environment say, by how their names begin and end."""

from rules.kinds.roles import Role
from rules.memory import remember
from rules.roles.programs import WORDS
from rules.roles.vocabulary import (
    Mark,
    Signal,
    make_table,
    say,
)

_LONGEST = 80
"""Characters of a name that are looked at: none that says anything is longer."""
_MOST = 5
"""What settings of training weigh together: as much as a script that is named after it."""
ADDED = frozenset({"flags", "settings"})
"""Groups whose signs add up: one flag may be anybody's, four of them are a training's."""

INPUT = Mark(Role.TRAINING, 3, "flags")
_FLAG = Mark(Role.TRAINING, 2, "flags")
_SIZE = Mark(Role.TRAINING, 1, "sizes")
"""Sizes of batches and places of checkpoints: who predicts and converts has them too."""
_RANK = Mark(Role.TRAINING, 1, "env")
_RATE = Mark(Role.TRAINING, 3, "settings")
_SETTING = Mark(Role.TRAINING, 2, "settings")
_MODEL = Mark(Role.SERVING, 3, "settings")

_INPUTS = ("--train-", "--training-")
_EPOCHS = ("-epochs", "-epoch", "-learning-rate")
_BATCHES = ("batch-size", "batchsize")

_VARIABLES = make_table(
    (_RANK, "WORLD_SIZE MASTER_ADDR MASTER_PORT RANK LOCAL_RANK TF_CONFIG FI_PROVIDER"),
    (_RATE, "LEARNING_RATE EPOCHS"),
    (
        _MODEL,
        """
        MODEL_PATH MODEL_DIR MODEL_URI MODEL_FILE MODEL_STORE HF_HOME HF_HUB_CACHE
        HUGGINGFACE_HUB_CACHE TRANSFORMERS_CACHE AIP_PREDICT_ROUTE AIP_HEALTH_ROUTE
        """,
    ),
)
_RANKS = ("NCCL_", "WANDB_", "MLFLOW_", "PET_", "RDZV_", "TORCHELASTIC_")
_OWN_HEADS = ("TRAIN_", "TRAINING_", "FINETUNE_")
_ELSEWHERE = ("_URL", "_HOST", "_PORT", "_ENDPOINT", "_ADDRESS")
"""A client's variables end so: what they name is done by somebody else."""
_RATES = ("_EPOCHS", "_LEARNING_RATE")


@remember(2048, _LONGEST)
def read_flag(word: str) -> Signal | None:
    """The sign in a flag that is in no table; ``--train-x`` and ``--train_x`` are the same."""
    if word in WORDS or len(word) > _LONGEST:
        return None
    mark = _mark_flag(word.replace("_", "-"))
    return None if mark is None else say(mark, f'sets "{word}"')


def _mark_flag(flag: str) -> Mark | None:
    if flag.startswith(_INPUTS):
        return INPUT
    if flag.endswith(_EPOCHS):
        return _FLAG
    return _SIZE if flag.endswith(_BATCHES) or flag.startswith("--checkpoint-") else None


@remember(2048, _LONGEST)
def read_variable(name: str) -> Signal | None:
    """The sign in an environment variable's name. ``MODEL_NAME`` is none: clients set it too."""
    mark = _VARIABLES.get(name) or _mark_variable(name[:_LONGEST])
    return None if mark is None else say(mark, f"has the environment {name[:_LONGEST]}")


def _mark_variable(name: str) -> Mark | None:
    if name.startswith(_RANKS):
        return _RANK
    if name.endswith(_ELSEWHERE):
        return None
    if name.endswith(_RATES):
        return _RATE
    if name.startswith(_OWN_HEADS):
        return _SETTING
    return _SIZE if name.endswith("BATCH_SIZE") or "CHECKPOINT" in name else None


def add_up(signals: list[Signal]) -> Signal:
    """Several settings of training as one: the weightiest, and one more for each other."""
    best = max(signals, key=_weight)
    weight = min(_MOST, best.weight + len(signals) - 1)
    more = f"{best.sentence.partition(': ')[2]} and {len(signals) - 1} more such"
    return say(Mark(best.role, weight, best.group), more)


def _weight(signal: Signal) -> int:
    return signal.weight
