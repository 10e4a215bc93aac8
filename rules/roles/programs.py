"""The programs, modules and flags by which a command shows what it is for; lower case."""

from collections.abc import Mapping

from rules.kinds.roles import Role
from rules.roles.vocabulary import Mark, make_table
from rules.servers import SERVERS

_SERVERS = [program for server in SERVERS for program in server.programs]


def _make_phrases(*rows: tuple[Mark, str]) -> dict[str, tuple[tuple[str, Mark], ...]]:
    """Phrases by their first word; ``;`` stands between phrases."""
    found: dict[str, tuple[tuple[str, Mark], ...]] = {}
    for mark, text in rows:
        for phrase in text.split(";"):
            words = phrase.split()
            found[words[0]] = (*found.get(words[0], ()), (" ".join(words), mark))
    return found


def _spell(flags: str) -> str:
    """Flags in both spellings: ``--num-epochs`` and ``--num_epochs``."""
    return f"{flags} {flags.replace('-', '_').replace('__', '--')}"


TRAINS = Mark(Role.TRAINING, 4, "module")
MOVES = Mark(Role.DATA, 6, "transport")
_LAUNCHES = Mark(Role.TRAINING, 3, "launcher")
_TRAINING_FLAG = Mark(Role.TRAINING, 2, "flags")
ANSWERS = Mark(Role.SERVING, 6, "program")
_SERVING_FLAG = Mark(Role.SERVING, 2, "flags")
PREDICTS = Mark(Role.BATCH, 6, "program")
EVALUATES = Mark(Role.BATCH, 5, "evaluation")
"""Predictions that are only counted; what trains does it on the side."""
PREPARES = Mark(Role.DATA, 6, "program")
_EXPLORES = Mark(Role.NOTEBOOK, 6, "program")
MEASURES = Mark(Role.OTHER, 7, "program")
_TESTS = Mark(Role.OTHER, 9, "program")
"""More than the name and the image of what is tested, or built, weigh."""
OPERATES = Mark(Role.OTHER, 5, "program")
SUBMITS = Mark(Role.OTHER, 7, "program")

METHODS = frozenset({"backward", "train_on_batch"})
"""Words of the table below that are said of an object: ``loss.backward``."""

WORDS: Mapping[str, Mark] = make_table(
    (
        _LAUNCHES,
        """
        torchrun torch.distributed.run torch.distributed.launch deepspeed horovodrun mpirun mpiexec
        mpiexec.hydra paddle.distributed.launch fleetrun colossalai torchx
        """,
    ),
    (
        TRAINS,
        """
        axolotl torchtune autotrain unsloth openrlhf fine_tuning main_ppo main_grpo
        main_dapo mlx_lm.lora --do-train --do_train
        backward fit train_on_batch trainer.fit trainer.train model.train xgb.train xgboost.train
        lgb.train lightgbm.train trainingarguments sfttrainer dpotrainer grpotrainer
        seq2seqtrainer torchtrainer tensorflowtrainer xgboosttrainer lightgbmtrainer
        """,
    ),
    (
        _TRAINING_FLAG,
        _spell(
            """
            --epochs --epoch --n-epochs --num-epochs --max-epochs --total-epochs --num-train-epochs
            --learning-rate --lr --lr-scheduler-type --optimizer --momentum --weight-decay
            --warmup-steps --warmup-ratio --max-steps --train-steps --num-train-steps
            --max-train-steps --train-iters --train-batch-size --per-device-train-batch-size
            --per-device-train-batch --micro-batch-size --global-batch-size --num-rounds
            --gradient-accumulation-steps --lora-alpha --lora-dropout --arch
            """
        ),
    ),
    (
        _TRAINING_FLAG,
        """
        epochs num_epochs max_epochs total_epochs num_train_epochs learning_rate train_batch_size
        total_training_steps max_steps
        """,
    ),
    (
        Mark(Role.TRAINING, 3, "flags"),
        _spell(
            """
            --train-data --train-input --train-file --train-dir --train-path --train-data-path
            --training-data --train-dataset
            """
        ),
    ),
    (
        ANSWERS,
        """
        api_server launch_server inference_api inference-server inference_server model_worker
        """,
    ),
    (ANSWERS, " ".join([program for program in _SERVERS if " " not in program])),
    (
        _SERVING_FLAG,
        """
        --served-model-name --model-repository --model_repository --model-store --model-id
        --model-path --model_base_path --model_config_file --max-model-len --max-num-seqs
        --max-input-length --max-total-tokens --max-num-batched-tokens --tensor-parallel-size --tp
        --num-shard --gpu-memory-utilization --mem-fraction-static --kv-transfer-config
        --enable-prefix-caching
        """,
    ),
    (Mark(Role.SERVING, 2, "web"), "uvicorn gunicorn hypercorn"),
    (PREDICTS, "run_batch batch_predict batch-predict batchpredict batch_inference"),
    (Mark(Role.BATCH, 3, "flags"), "--prompt --save_file --save-file"),
    (EVALUATES, "model.generate llm.generate model.predict clf.predict trainer.predict"),
    (_TESTS, "pytest py.test unittest tox nox nose2 cmake"),
    (
        PREPARES,
        """
        tokenize_data torch-model-archiver model-archiver trtllm-build spark-submit llama-quantize
        convert_hf_to_gguf ct2-transformers-converter download-to-cache download_model
        """,
    ),
    (
        MOVES,
        """
        snapshot_download hf_hub_download load_dataset map_batches storage-initializer gsutil s5cmd
        rclone azcopy kaggle
        """,
    ),
    (
        _EXPLORES,
        "jupyter-lab jupyter-notebook jupyter-server jupyterlab code-server start-notebook rserver",
    ),
    (
        MEASURES,
        """
        all_reduce_perf all_gather_perf alltoall_perf reduce_scatter_perf sendrecv_perf
        broadcast_perf reduce_perf gather_perf scatter_perf hypercube_perf nccl-tests nccl_tests
        rccl-tests nccom-test nvbandwidth bandwidthtest ib_write_bw ib_read_bw osu_allreduce osu_bw
        osu_latency osu_bibw osu_mbw_mr osu_allgather osu_alltoall osu_bcast osu_reduce osu_barrier
        gpu-burn gpu_burn dcgmproftester12 dcgmi iperf iperf3 fio sysbench stress stress-ng
        vegeta k6 locust genai-perf perf_analyzer perf_client aiperf guidellm inference-perf llmperf
        fortio jmeter wrk hey bench_serving bench_one_batch trtllm-bench lm_eval lm-eval evalscope
        dist.all_reduce torch.distributed.all_reduce
        mpi_hello_world mpi_hello hello_c ring_c
        xhpl xhpcg lmp lmp_gpu lmp_mpi lmp_serial gmx gmx_mpi namd2 namd3 run_check
        mysqldump pg_dump mongodump list-model-profiles
        """,
    ),
    (
        OPERATES,
        """
        kubectl oc helm terraform ansible-playbook open-webui redis-server mysqld psql label-studio
        chainlit lmcache_server lmcache_experimental_server gradio_web_server
        manage.py alembic flyway
        """,
    ),
)
"""Words of a command, its arguments or a source: programs, modules, functions, flags."""

PHRASES: Mapping[str, tuple[tuple[str, Mark], ...]] = _make_phrases(
    (_LAUNCHES, "accelerate launch; ray train"),
    (
        TRAINS,
        """
        llamafactory-cli train; tune run; trl sft; trl dpo; trl grpo; trl kto; trl reward;
        swift sft; swift dpo; swift pt; swift rlhf; xtuner train; ludwig train; yolo train;
        yolo detect train; rasa train; spacy train; lightning fit; nemo llm finetune;
        nemo llm pretrain; ilab train;
        ilab model train; lightgbm config; mode train; task train;
        dvc repro; dvc exp run; --pipeline train; --pipeline training;
        --pipeline finetune; --pipeline retrain
        """,
    ),
    (ANSWERS, "swift deploy; llamafactory-cli api; rasa run"),
    (PREDICTS, "--job_type predict; --job-type predict"),
    (ANSWERS, ";".join([program for program in _SERVERS if " " in program])),
    (
        MOVES,
        """
        huggingface-cli download; huggingface-cli upload; hf download; hf upload; git lfs; dvc pull;
        modelscope download; gcloud storage; aws s3; s3 cp; s3 sync; az storage; mc cp; mc mirror;
        ollama pull; oras pull
        """,
    ),
    (
        PREPARES,
        """
        optimum-cli export; optimum-cli neuron; llamafactory-cli export; swift export;
        feast materialize; feast materialize-incremental; axolotl merge-lora; axolotl preprocess;
        tune download; lmdeploy convert; lmdeploy lite
        """,
    ),
    (_EXPLORES, "jupyter lab; jupyter notebook; jupyter server; marimo edit"),
    (
        MEASURES,
        """
        vllm bench; tensorboard --logdir; tensorboard --logdir_spec; tune eval;
        llamafactory-cli eval; llamafactory-cli webui; mlflow server; mlflow ui; ilab model evaluate
        """,
    ),
    (_TESTS, "go test; npm test"),
    (
        OPERATES,
        "streamlit run; nginx -g; etcd --name; gradio app; mc mb; mc alias; s3 mb; gsutil mb",
    ),
)
"""Phrases of the same texts, by their first word."""

SUBMISSIONS = (
    *("ray job submit", "argo submit", "runai submit", "arena submit", "sky launch", "sbatch "),
    *("sagemaker create-training-job", "ai custom-jobs create", "az ml job create"),
    *("mlflow run --backend", "kfp run create", "pyflyte register", "pyflyte run", "flytectl "),
    "flyteremote(",
)
"""Commands that have another system run what they name."""

COMMANDS: Mapping[str, Mark] = make_table(
    (TRAINS, "train retrain finetune fine-tune pretrain"),
    (Mark(Role.BATCH, 5, "program"), "predict transcribe"),
)
"""Commands of a program (``main.py train``) that are common names of folders too."""

_TRANSCRIBERS = "whisper whisperx whisper-cli whisper-ctranslate2 faster-whisper"
PROGRAMS: Mapping[str, tuple[Mark, ...]] = {
    **dict.fromkeys(_TRANSCRIBERS.split(), (PREDICTS,)),
    "deepstream-app": (Mark(Role.BATCH, 4, "program"), Mark(Role.SERVING, 4, "program")),
}
"""Programs whose names are common words elsewhere in a command (``--model whisper``), or which
predict for as long as their kind of workload lives."""
