"""The words by which a workload shows what it is for, each with the role that it speaks for.

Everything here is lower case. A ``Mark`` belongs to a group, and a group counts once for its role,
with its weightiest mark. Weights: 6 and more say what runs, 3 to 5 say it less surely, 1 and 2
only add to something else.
"""

from collections.abc import Mapping
from typing import NamedTuple

from rules.kinds.schema import Role

TRAINING, SERVING, BATCH = Role.TRAINING, Role.SERVING, Role.BATCH
DATA, NOTEBOOK, OTHER = Role.DATA, Role.NOTEBOOK, Role.OTHER


class Mark(NamedTuple):
    """What one word says: a role, how much it weighs, and the group that counts once.

    Groups of what runs: ``script``, ``module``, ``program``, ``launcher``, ``flags``,
    ``transport`` (moves files, which any workload may do on the side). Others: ``name``,
    ``image``, ``base`` (an image for anything), ``part`` (a part of a platform).
    """

    role: Role
    weight: int
    group: str


class Signal(NamedTuple):
    """A mark with the reason that a person can check."""

    role: Role
    weight: int
    group: str
    reason: str


def _table(*rows: tuple[Mark, str]) -> dict[str, Mark]:
    return {word: mark for mark, words in rows for word in words.split()}


def _phrases(*rows: tuple[Mark, str]) -> dict[str, tuple[tuple[str, Mark], ...]]:
    """Phrases by their first word; ``;`` stands between phrases."""
    found: dict[str, tuple[tuple[str, Mark], ...]] = {}
    for mark, text in rows:
        for phrase in map(str.strip, text.split(";")):
            head = phrase.partition(" ")[0]
            found[head] = (*found.get(head, ()), (phrase, mark))
    return found


def _with_underscores(flags: str) -> str:
    return f"{flags} {flags.replace('-', '_').replace('__', '--')}"


_TRAINS = Mark(TRAINING, 4, "module")
_LAUNCHES = Mark(TRAINING, 3, "launcher")
_TRAINING_FLAG = Mark(TRAINING, 2, "flags")
_SERVES = Mark(SERVING, 6, "program")
_SERVING_FLAG = Mark(SERVING, 2, "flags")
_PREDICTS = Mark(BATCH, 6, "program")
_PREPARES = Mark(DATA, 6, "program")
_MOVES = Mark(DATA, 6, "transport")
_EXPLORES = Mark(NOTEBOOK, 6, "program")
_MEASURES = Mark(OTHER, 7, "program")
_OPERATES = Mark(OTHER, 5, "program")

WORDS: Mapping[str, Mark] = _table(
    (
        _LAUNCHES,
        (
            "torchrun torch.distributed.run torch.distributed.launch deepspeed horovodrun mpirun"
            " mpiexec mpiexec.hydra paddle.distributed.launch fleetrun colossalai torchx"
        ),
    ),
    (
        _TRAINS,
        (
            "axolotl torchtune fairseq-train autotrain unsloth openrlhf backward fit sfttrainer"
            " dpotrainer grpotrainer torchtrainer tensorflowtrainer xgboosttrainer lightgbmtrainer"
            " seq2seqtrainer trainingarguments fine_tuning main_ppo main_grpo main_dapo"
            " train_on_batch --do-train --do_train trainer.train model.train xgb.train lgb.train"
            " xgboost.train"
            " lightgbm.train trainer.fit"
        ),
    ),
    (
        _TRAINING_FLAG,
        _with_underscores(
            "--epochs --num-epochs --epoch --n-epochs --max-epochs --total-epochs"
            " --num-train-epochs"
            " --learning-rate --lr --per-device-train-batch-size --per-device-train-batch"
            " --train-batch-size --max-steps --train-steps --num-train-steps --train-iters"
            " --max-train-steps --train-data --train-input --train-file --train-dir --train-path"
            " --train-data-path --training-data --weight-decay --warmup-steps --warmup-ratio"
            " --lr-scheduler-type --gradient-accumulation-steps --optimizer --momentum"
            " --micro-batch-size --global-batch-size --lora-alpha --lora-dropout --num-rounds"
        ),
    ),
    (
        _TRAINING_FLAG,
        (
            "epochs num_epochs max_epochs total_epochs num_train_epochs learning_rate"
            " train_batch_size"
            " total_training_steps max_steps"
        ),
    ),
    (
        _SERVES,
        (
            "api_server tritonserver launch_triton_server torchserve tensorflow_model_server"
            " text-generation-launcher text-generation-server text-embeddings-router launch_server"
            " llama-server mlserver trtllm-serve inference_api inference-server inference_server"
            " infinity_emb model_worker xinference-local xinference-worker aphrodite"
            " maxengine_server"
            " multi-model-server huggingfaceserver sklearnserver xgbserver lgbserver pmmlserver"
            " paddleserver seldon-core-microservice koboldcpp local-ai whisper-server"
            " dynamo.vllm dynamo.sglang dynamo.trtllm"
        ),
    ),
    (
        _SERVING_FLAG,
        (
            "--served-model-name --model-repository --model-store"
            " --max-model-len --tensor-parallel-size --num-shard --gpu-memory-utilization"
            " --model-id"
            " --model_base_path --model_config_file --max-num-seqs --max-input-length --model-path"
            " --max-total-tokens --model_repository --kv-transfer-config --enable-prefix-caching"
            " --max-num-batched-tokens --tp --mem-fraction-static"
        ),
    ),
    (Mark(SERVING, 2, "web"), "uvicorn gunicorn hypercorn"),
    (_PREDICTS, "run_batch batch_predict batch-predict batchpredict batch_inference"),
    (
        _PREPARES,
        (
            "tokenize_data torch-model-archiver model-archiver trtllm-build spark-submit"
            " convert_hf_to_gguf"
            " ct2-transformers-converter llama-quantize dataproc"
        ),
    ),
    (
        _MOVES,
        (
            "snapshot_download hf_hub_download gsutil s5cmd rclone azcopy kaggle load_dataset"
            " map_batches"
            " storage-initializer"
        ),
    ),
    (_EXPLORES, "jupyter-lab jupyter-notebook jupyterlab code-server start-notebook.sh rserver"),
    (
        _MEASURES,
        (
            "all_reduce_perf all_gather_perf alltoall_perf reduce_scatter_perf sendrecv_perf"
            " broadcast_perf reduce_perf gather_perf scatter_perf hypercube_perf nccl-tests"
            " nccl_tests"
            " rccl-tests nccom-test nvbandwidth bandwidthtest ib_write_bw ib_read_bw osu_allreduce"
            " osu_bw osu_latency gpu-burn gpu_burn dcgmproftester12 dcgmi vegeta k6 locust"
            " genai-perf"
            " perf_analyzer perf_client aiperf guidellm inference-perf llmperf fortio jmeter wrk"
            " hey"
            " xhpl xhpcg lmp lmp_gpu lmp_mpi lmp_serial gmx gmx_mpi namd2 namd3 lm_eval lm-eval"
            " evalscope trtllm-bench"
            " bench_serving bench_one_batch stress stress-ng"
            " run_check mysqldump pg_dump mongodump osu_micro_benchmarks iperf iperf3"
        ),
    ),
    (
        _OPERATES,
        (
            "kubectl helm terraform ansible-playbook open-webui redis-server"
            " mysqld psql label-studio chainlit lmcache_server"
            " lmcache_experimental_server gradio_web_server"
        ),
    ),
)
"""Words of a command, arguments or source: programs, modules, functions, flags."""

PHRASES: Mapping[str, tuple[tuple[str, Mark], ...]] = _phrases(
    (_LAUNCHES, "accelerate launch; ray train"),
    (
        _TRAINS,
        (
            "llamafactory-cli train; tune run; trl sft; trl dpo; trl grpo; trl kto; trl reward"
            "; swift sft; swift rlhf; swift pt; swift dpo; xtuner train; ludwig train; yolo train"
            "; yolo detect train; rasa train; spacy train; paddleseg train; lightning fit"
            "; nemo llm finetune; nemo llm pretrain; ilab train; ilab model train; mlx_lm.lora"
        ),
    ),
    (
        _SERVES,
        (
            "vllm serve; serve run; serve deploy; ollama serve; ollama run; bentoml serve"
            "; mlflow models serve; lmdeploy serve; dynamo serve; dynamo run; sglang serve;"
            " swift deploy"
            "; llamafactory-cli api; openllm start; openllm serve; xinference launch; rasa run"
            "; ray-llm serve; openllm run; sglang.launch_server"
        ),
    ),
    (
        _MOVES,
        (
            "huggingface-cli download; hf download; hf upload; huggingface-cli upload"
            "; modelscope download; gcloud storage; aws s3; s3 cp; s3 sync; az storage; mc cp;"
            " mc mirror"
            "; git lfs; dvc pull; ollama pull; oras pull"
        ),
    ),
    (
        _PREPARES,
        (
            "optimum-cli export; llamafactory-cli export; swift export; axolotl merge-lora"
            "; axolotl preprocess; tune download; optimum-cli neuron; lmdeploy convert; lmdeploy"
            " lite"
        ),
    ),
    (_EXPLORES, "jupyter lab; jupyter notebook; jupyter server; jupyter-server"),
    (
        _MEASURES,
        (
            "vllm bench; tensorboard --logdir; tensorboard --logdir_spec; sglang.bench_serving;"
            " python -m locust; perf analyzer; tune eval"
            "; llamafactory-cli eval; mlflow server; mlflow ui; llamafactory-cli webui; ilab"
            " model evaluate"
        ),
    ),
    (_OPERATES, "streamlit run; nginx -g; etcd --name; gradio app"),
)
"""Phrases of the same texts, by their first word, single spaces between."""

STEMS: Mapping[str, str] = {
    word: key
    for key, words in (
        ("bench", "perf smoke hello loadtest loadgen listdevices"),
        (
            "data",
            (
                "prep etl buildindex builddataset makedataset createdataset createdata processdata"
                " dataprep loaddata dataprocess dataprocessing imageresize modelarchiver"
            ),
        ),
        ("train", "sft dpo grpo ppo rlhf orpo lora qlora tune tuning"),
        (
            "serve",
            (
                "serve serving modelserver inferenceapi inferenceserver inferenceservice predictapi"
                " predictserver predictionserver launchserver llmserver"
            ),
        ),
        (
            "batch",
            (
                "score scoring batchscore batchscoring batchinfer batchinference batchembed"
                " offlineinference offlineinfer"
            ),
        ),
        ("infer", "infer inference generate"),
        ("example", "ddp fsdp"),
    )
    for word in words.split()
}
"""Words, and pairs of words written as one, of a script's or module's name: what they mean.

The first telling one counts: ``prepare_train_data`` prepares."""

STEM_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("bench", ("bench",)),
    ("evaluate", ("eval",)),
    (
        "data",
        tuple(
            "preprocess prepare download convert conversion tokeniz tokenis quantiz quantis merge"
            " export upload ingest extract".split()
        ),
    ),
    ("serve", ("maxengine",)),
    ("batch", ("predict", "batchpredict", "offlinepredict")),
    ("example", ("mnist", "cifar", "imagenet", "resnet")),
)
"""How such words begin."""

STEM_MARKS: Mapping[str, tuple[Mark, ...]] = {
    "bench": (_MEASURES,),
    "evaluate": (Mark(OTHER, 5, "program"),),
    "data": (_PREPARES,),
    "train": (Mark(TRAINING, 5, "script"),),
    "serve": (_SERVES,),
    "batch": (_PREDICTS,),
    "infer": (Mark(BATCH, 4, "program"), Mark(SERVING, 3, "program")),
    "example": (Mark(TRAINING, 3, "script"),),
}

TRAIN_MODULE = _TRAINS
TRAIN_COMMANDS = frozenset({"train", "finetune", "fine-tune", "pretrain"})

_NAMED_TRAINING = Mark(TRAINING, 3, "name")
_NAMED_SERVING = Mark(SERVING, 2, "name")
_NAMED_BATCH = Mark(BATCH, 5, "name")
_NAMED_DATA = Mark(DATA, 5, "name")
_NAMED_NOTEBOOK = Mark(NOTEBOOK, 3, "name")
_NAMED_PART = Mark(OTHER, 4, "part")

NAMES: Mapping[str, Mark] = _table(
    (_NAMED_TRAINING, "tuning tune tuner sft dpo grpo rlhf qlora"),
    (
        _NAMED_SERVING,
        (
            "serving serve inference infer predictor prediction predict llm tgi tei vllm triton"
            " tritonserver model models sglang ollama embedding embeddings embedder reranker rerank"
            " llama gemma mistral mixtral qwen falcon deepseek gpt phi bloom bert whisper t5"
            " mlserver"
            " torchserve nim jetstream lmdeploy llamacpp flan mpt starcoder codellama nemotron"
            " granite"
        ),
    ),
    (
        _NAMED_BATCH,
        (
            "batchpredict batchprediction batchinfer batchinference batchscore batchscoring"
            " offlineinference offlineinfer offlinepredict scoring batchembed"
        ),
    ),
    (
        _NAMED_DATA,
        (
            "loader dataloader preloader download downloader downloads downloading converter"
            " convert"
            " conversion prepdata dataprep datapreparation storageinit storageinitializer populate"
            " populator etl ingest ingestion ingester datasetinitializer modelinitializer prefetch"
            " indexing prefetcher"
        ),
    ),
    (_NAMED_NOTEBOOK, "jupyter jupyterlab notebook notebooks workbench"),
    (
        _NAMED_PART,
        (
            "controller controllers operator webhook manager router gateway ui webui frontend"
            " dashboard"
            " epp proxy exporter scheduler loadtest loadgen loadgenerator benchmark bench"
            " tensorboard"
            " mlflow autoscaler installer importer migration agent chatbot console portal grafana"
            " prometheus client adapter registry collector"
        ),
    ),
)
"""Whole words of names; see also ``NAME_DATA_PARTS``."""

NAME_TRAINING = _NAMED_TRAINING
NAME_DATA = _NAMED_DATA
NAME_DATA_PARTS = ("preprocess", "tokeniz", "tokenis", "quantiz", "quantis", "download", "dataload")

NAMESPACES: tuple[tuple[tuple[str, ...], Mark], ...] = (
    (("train", "research"), Mark(TRAINING, 2, "namespace")),
    (("serv", "infer", "predict"), Mark(SERVING, 3, "namespace")),
)
"""What stands in a namespace's name after one of ``NAMESPACE_HEADS``."""
NAMESPACE_HEADS = ("ml", "ai", "llm", "model", "mlops")

TRAINING_ENVIRONMENT = frozenset(
    "WORLD_SIZE MASTER_ADDR MASTER_PORT RANK LOCAL_RANK TF_CONFIG FI_PROVIDER".split()
)
TRAINING_PREFIXES = ("NCCL_", "WANDB_", "MLFLOW_", "PET_")
