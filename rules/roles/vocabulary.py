"""What a sign weighs, and the words by which names, namespaces and environments show a role.

Everything here is lower case. Weights: 6 and more say what runs, 3 to 5 say it less surely, 1 and 2
only add to something else.
"""

import re
from collections.abc import Mapping

from rules.kinds.roles import Role
from rules.record import NamedTuple
from rules.servers import SERVERS
from rules.type_names import Any


class Mark(NamedTuple):
    """What one word says: a role, how much it weighs, and the group that counts once.

    Groups of what runs: ``script``, ``module``, ``program``, ``evaluation``, ``launcher``,
    ``flags``, ``web`` (a web server of anything), ``sizes`` (of batches and the like),
    ``transport`` (moves files, which any workload may do on the side). Others: ``settings`` (the
    environment's), ``name``, ``image``, ``base`` (an image for anything), ``part`` (of a platform),
    ``burn`` (devices are only kept busy).
    """

    role: Role
    weight: int
    group: str


class Signal(NamedTuple):
    """A mark with the sentence that a person can check."""

    role: Role
    weight: int
    group: str
    sentence: str


def say(mark: Mark, reason: str) -> Signal:
    """The signal of a mark: ``+5 training: runs "train.py"``."""
    role, weight, group = mark
    return Signal(role, weight, group, f"{weight:+d} {role}: {reason}")


def make_table(*rows: tuple[Mark, str]) -> dict[str, Mark]:
    """A table of marks by word from rows of a mark and its words."""
    return {word: mark for mark, words in rows for word in words.split()}


TRAVEL = frozenset(
    """
    rail rails railway railways railroad railroads trains transit gtfs timetable timetables delay
    delays departures arrivals station stations locomotive freight tram subway
    """.split()
)
"""Words beside which a train runs on rails."""

TRAINING_SETS = (
    "trainset trainsets trainsplit trainval trainingset trainingsets trainingsplit trainingdata "
    "trainingdataset trainingdatasets testsplit"
)
"""Data that somebody trains with. ``train-data`` may be a step that trains: it is none of them."""

NAME_TRAINING = Mark(Role.TRAINING, 3, "name")
_SERVES = Mark(Role.SERVING, 2, "name")
NAME_SERVER = Mark(Role.SERVING, 3, "name")
NAME_BATCH = Mark(Role.BATCH, 3, "name")
INFERS = frozenset("infer inference predict prediction predictions detect".split())
"""Words that say of a server that it answers, and of a job that it predicts once."""
DEPLOYS = frozenset("deployment deploy".split())
"""How names end that only repeat the kind."""
ANSWERING = frozenset("api app endpoint rest server service svc".split())
ASKED_FOR = frozenset(
    "model models score scoring predict prediction predictor mnist cifar resnet yolo".split()
)
"""How names end of what answers, and what it is asked for: ``ml-score-api``."""
NAME_DATA = Mark(Role.DATA, 5, "name")
NAMES: Mapping[str, Mark] = make_table(
    (NAME_TRAINING, "tuning tune tuner sft dpo grpo rlhf qlora onlinelearning transferlearning"),
    (NAME_TRAINING, "hpo hyperopt optuna hyperparameter hyperparameters hyperparam"),
    (
        _SERVES,
        """
        serving serve inference infer prediction predict llm model models embedding
        embeddings embedder reranker rerank llama gemma mistral mixtral qwen falcon deepseek gpt phi
        bloom bert whisper t5 flan mpt starcoder codellama nemotron granite
        """,
    ),
    (
        NAME_SERVER,
        """
        predictor modelserver modelserving modelservice modelapi mlmodel mlapi mlservice llmserver
        inferenceserver inferenceservice inferenceapi predictionserver predictionservice
        predictionapi predictapi embeddingserver tfserving classifier
        sentimentanalysis sentimentapi sentimentservice frauddetection objectdetection facedetection
        facerecognition speechrecognition speechtotext texttospeech stablediffusion comfyui sdxl tts
        stt asr deepspeech libretranslate
        """,
    ),
    (
        _SERVES,
        " ".join([name for server in SERVERS for name in server.names]),
    ),
    (
        Mark(Role.BATCH, 5, "name"),
        """
        batchpredict batchprediction batchinfer batchinference batchscore batchscoring batchembed
        offlineinference offlineinfer offlinepredict scoring eval evaluation
        """,
    ),
    (
        NAME_DATA,
        """
        loader dataloader preloader dataload download downloader downloads downloading converter
        convert conversion prepdata dataprep datapreparation dataprocessing dataprocess storageinit
        storageinitializer populate populator etl ingest ingestion ingester datasetinitializer
        modelinitializer prefetch prefetcher indexing transferdata datatransfer modeltransfer
        datasync syncdata modelsync syncmodels compile compiler compilation indexer serializer
        tensorizer copymodel copymodels modelcopy copydata datacopy s3copy stagedata stagemodel
        splitter sharder vectorize vectorizer featurize featurizer featureengineering
        """,
    ),
    (NAME_DATA, TRAINING_SETS),
    (Mark(Role.DATA, 3, "name"), "sync transfer"),
    (Mark(Role.DATA, 2, "name"), "process processor processing"),
    (Mark(Role.NOTEBOOK, 3, "name"), "jupyter jupyterlab notebook notebooks workbench zeppelin"),
    (
        Mark(Role.OTHER, 4, "part"),
        """
        controller controllers operator webhook manager router gateway ui webui frontend dashboard
        epp proxy exporter scheduler loadtest loadgen loadgenerator benchmark bench tensorboard
        mlflow autoscaler autotune autotuning installer importer migration agent chatbot console
        portal grafana prometheus client adapter registry collector gradio streamlit
        perf inferenceperf smoke
        """,
    ),
    (Mark(Role.OTHER, 6, "part"), "trigger submit submitter register performancetuning"),
    (Mark(Role.OTHER, 12, "part"), "backup backups recovery"),
    (
        Mark(Role.OTHER, 9, "burn"),
        """
        burn burnin burntest gpuburn neuronburn nccltest nccltests nccllauncher rccltest rccltests
        rccllauncher
        """,
    ),
)
"""Words of names, and pairs of words written as one (``batch-predict``)."""

NAME_DATA_PARTS = ("preprocess", "tokeniz", "tokenis", "quantiz", "quantis", "download", "dataload")
"""How words of names begin that speak of data."""

NAMESPACE_HEADS = ("ml", "ai", "llm", "model", "mlops")
NAMESPACES: tuple[tuple[tuple[str, ...], Mark], ...] = (
    (("train", "research"), Mark(Role.TRAINING, 2, "namespace")),
    (("serv", "infer", "predict"), Mark(Role.SERVING, 3, "namespace")),
)
"""What stands in a namespace's name that begins with one of ``NAMESPACE_HEADS``."""

_ML = (
    r"(?i)(?:^|[-_/.])(?:ml|ai|models?|train(?:er|ing)?|bert|llm|gpt|llama|mnist|pytorch|tensorflow)"
    r"(?:$|[-_/.:])"
)


def sounds_like_ml(*names: Any) -> bool:
    """Whether a word of some names is one of machine learning's, whatever it says of a role."""
    return re.search(_ML, "/".join(str(name or "") for name in names)) is not None
