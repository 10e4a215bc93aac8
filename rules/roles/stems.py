"""What the names of scripts, modules and folders are made of, and what that tells; lower case."""

from collections.abc import Mapping

from rules.kinds.roles import Role
from rules.roles.programs import (
    ANSWERS,
    EVALUATES,
    MEASURES,
    OPERATES,
    PREDICTS,
    PREPARES,
)
from rules.roles.vocabulary import TRAINING_SETS, Mark

SUFFIXES = ("py", "sh", "ipynb", "r", "rmd", "jl", "scala", "java")
"""How scripts end whose names are read."""

NAMELESS = frozenset("main.py __main__.py run.py run.sh start.sh pipeline.py".split())
"""Scripts that are called as everybody's are: their folder tells what they do."""

_VERBS = (
    "get fetch "
    "split shard sample label augment dedup deduplicate clean filter generate make build load"
    " validate"
)
_NOUNS = "data dataset datasets shards"
_DATA_PAIRS = " ".join(
    pair
    for verb in _VERBS.split()
    for noun in _NOUNS.split()
    for pair in (verb + noun, noun + verb)
)
_INDEXES = " ".join(f"index{noun}" for noun in "docs documents corpus embeddings files".split())

EXAMPLE = "example"
_GENERATES = "generate"
_ROLLS_OUT = "rollout"
WEAK_KEYS = frozenset({EXAMPLE, _GENERATES})
"""Keys that any other beats: ``mnist_batch_predict`` predicts, ``generate_training_data``
prepares."""

STEMS: Mapping[str, str] = {
    word: key
    for key, words in (
        (
            "bench",
            """
            perf smoke hello loadtest loadgen listdevices autotune autotuning profile preflight
            check checks healthcheck sanity diagnose diagnostics performancetuning
            sendrecv allreduce allgather alltoall pingpong
            """,
        ),
        (
            "data",
            """
            prep export etl buildindex createdataset createdata processdata
            dataprep loaddata dataprocess dataprocessing imageresize modelarchiver indexer reindex
            serialize serializer tensorize tfrecord tfrecords togcs tos3 totfrecord totfrecords
            toonnx togguf toparquet vectorize vectorizer featurize featurizer featureengineering
            buildfeatures makefeatures createfeatures
            """,
        ),
        ("data", f"{_DATA_PAIRS} {_INDEXES} {TRAINING_SETS} traintest trainingtest"),
        (
            "train",
            "sft dpo grpo ppo rlhf orpo lora qlora tune tuning fit hpo hyperopt optuna buildmodel",
        ),
        (
            "serve",
            """
            serve serving modelserver inferenceapi inferenceserver inferenceservice predictapi
            predictserver predictionserver launchserver llmserver embeddingserver embeddingsserver
            """,
        ),
        (
            "batch",
            """
            score scoring batchscore batchscoring batchinfer batchinference batchembed
            offlineinference offlineinfer transcribe embed ocr
            """,
        ),
        (_ROLLS_OUT, "rollout rollouts rolloutworker sampler samplers envserver"),
        (_GENERATES, "generate"),
        ("infer", "infer inference detect"),
        ("part", "router proxy gateway loadbalancer trigger"),
        (EXAMPLE, "ddp fsdp"),
    )
    for word in words.split()
}
"""Words, and pairs of words written as one, of a script's or module's name: what they mean.

The first telling one counts: ``prepare_train_data`` prepares.
"""

TRIGGER = "trigger"
"""How a name ends of what has something run elsewhere: ``retraining_trigger``."""

STEM_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("bench", ("bench",)),
    ("evaluate", ("eval",)),
    (
        "data",
        (
            *("preprocess", "prepare", "download", "convert", "conversion", "tokeniz", "tokenis"),
            *("quantiz", "quantis", "merge", "upload", "ingest", "extract", "compil"),
        ),
    ),
    ("serve", ("maxengine",)),
    ("batch", ("predict", "batchpredict", "offlinepredict")),
    (EXAMPLE, ("mnist", "cifar", "imagenet", "resnet", "vgg")),
)
"""How such words begin."""

NETWORKS = ("net", "gan")
"""How words end that name a network by its architecture: LeNet, U-Net, EfficientNet, DCGAN."""
OTHER_NETS = frozenset(
    """
    subnet vnet internet intranet ethernet telnet dotnet botnet fortinet planet magnet cabinet
    bonnet organ slogan
    """.split()
)

STEM_MARKS: Mapping[str, tuple[Mark, ...]] = {
    "bench": (MEASURES,),
    "part": (OPERATES,),
    "evaluate": (EVALUATES,),
    "data": (PREPARES,),
    "train": (Mark(Role.TRAINING, 5, "script"),),
    "serve": (ANSWERS,),
    "batch": (PREDICTS,),
    # More than the launcher and the image of the training that it plays for weigh.
    _ROLLS_OUT: (Mark(Role.BATCH, 9, "program"),),
    _GENERATES: (Mark(Role.BATCH, 2, "program"),),
    "infer": (Mark(Role.BATCH, 4, "program"), Mark(Role.SERVING, 3, "program")),
    EXAMPLE: (Mark(Role.TRAINING, 3, "script"),),
}
