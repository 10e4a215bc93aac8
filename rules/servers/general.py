"""Servers of any model, and of embeddings and speech."""

from rules.servers.schema import Server, answers_always, answers_until_asked

# triton-inference-server/server: src/command_line_parser.h, docs/user_guide/metrics.md,
# docs/customization_guide/inference_protocols.md
TRITON = Server(
    "Triton",
    ("tritonserver",),
    ("tritonserver", "launch_triton_server"),
    port=8000,
    port_from=("--http-port",),
    live="/v2/health/live",
    ready="/v2/health/ready",
    metrics=("nv_inference_queue_duration_us", "nv_inference_pending_request_count"),
    slow=True,
    answers_unloaded=answers_until_asked,
    names=("triton", "tritonserver"),
)

GENERAL_SERVERS: tuple[Server, ...] = (
    TRITON,
    Server(
        "KServe's model server",
        (
            *("sklearnserver", "xgbserver", "lgbserver", "pmmlserver", "paddleserver"),
            *("predictiveserver", "autogluonserver"),
        ),
        ("sklearnserver", "xgbserver", "lgbserver", "pmmlserver", "paddleserver"),
        port=8080,
        port_from=("--http-port",),
        live="/v2/health/live",
        ready="/v2/health/ready",
        metrics=("request_predict_seconds",),
    ),
    # SeldonIO/MLServer: mlserver/settings.py, mlserver/rest/app.py, mlserver/server.py (serves
    # while it loads), mlserver/parallel/dispatcher.py
    Server(
        "MLServer",
        ("mlserver",),
        ("mlserver",),
        port=8080,
        port_from=("MLSERVER_HTTP_PORT",),
        live="/v2/health/live",
        ready="/v2/health/ready",
        metrics=("parallel_request_queue", "batch_request_queue"),
        answers_unloaded=answers_always,
        names=("mlserver",),
    ),
    # pytorch/serve: docs/configuration.md, docs/metrics.md, ApiUtils.isModelHealthy (a worker that
    # still loads is healthy)
    Server(
        "TorchServe",
        ("torchserve",),
        ("torchserve",),
        port=8080,
        live="/ping",
        ready="/ping",
        metrics=("ts_queue_latency_microseconds",),
        answers_unloaded=answers_always,
        names=("torchserve",),
    ),
    # tensorflow/serving: tools/docker/Dockerfile, server.cc (opens its ports after loading); its
    # only health path is a model's
    Server(
        "TensorFlow Serving",
        ("tensorflow/serving", "tensorflow-serving", "tensorflow_serving"),
        ("tensorflow_model_server",),
        port=8501,
        port_from=("--rest-api-port",),
    ),
    # openvinotoolkit/model_server: docs/parameters.md (no port by default), docs/metrics.md
    Server(
        "OpenVINO Model Server",
        ("openvino/model_server", "openvino-model-server"),
        port_from=("--rest-port",),
        live="/v2/health/live",
        ready="/v2/health/ready",
        metrics=("ovms_current_requests",),
    ),
    # ray-project/ray: python/ray/serve (DEFAULT_HTTP_PORT, /-/healthz), serve/monitoring.md
    Server(
        "Ray Serve",
        ("ray-llm",),
        ("serve run", "serve deploy"),
        port=8000,
        live="/-/healthz",
        ready="/-/healthz",
        metrics=("ray_serve_deployment_queued_queries",),
        slow=True,
    ),
    # bentoml/BentoML: _internal/configuration/v2/default_configuration.yaml, server/base_app.py,
    # docs/source/build-with-bentoml/observability/metrics.rst
    Server(
        "BentoML",
        ("bentoml",),
        ("bentoml serve",),
        port=3000,
        port_from=("--port", "BENTOML_PORT"),
        live="/livez",
        ready="/readyz",
        metrics=("bentoml_service_request_in_progress",),
    ),
    # huggingface/text-embeddings-inference: Dockerfile, router/src/http/server.rs, core/src
    Server(
        "TEI",
        ("text-embeddings-inference", "^tei"),
        ("text-embeddings-router",),
        port=80,
        port_from=("--port", "PORT"),
        live="/health",
        ready="/health",
        metrics=("te_queue_size",),
        caches=("/data",),
        names=("tei",),
    ),
    # michaelfeil/infinity: libs/infinity_emb/infinity_emb/{env,infinity_server}.py, Dockerfile.*
    Server(
        "Infinity",
        ("michaelf34/infinity", "infinity_emb", "infinity-emb"),
        ("infinity_emb",),
        port=7997,
        port_from=("--port", "INFINITY_PORT"),
        live="/health",
        ready="/health",
        caches=("/app/.cache/huggingface",),
    ),
    # speaches-ai/speaches: Dockerfile, src/speaches/routers/misc.py; it loads when it is asked, as
    # it did under its first name
    Server(
        "Speaches",
        ("speaches", "faster-whisper-server"),
        port=8000,
        port_from=("UVICORN_PORT",),
        live="/health",
        ready="/health",
        answers_unloaded=answers_always,
    ),
    Server("whisper.cpp", (), ("whisper-server",)),
    # comfyanonymous/ComfyUI: comfy/cli_args.py (--port), server.py; a prompt's nodes load models
    Server(
        "ComfyUI",
        ("comfyui",),
        port=8188,
        port_from=("--port",),
        answers_unloaded=answers_always,
    ),
    # immich-app/immich: machine-learning/immich_ml/{main,config}.py, Dockerfile; it loads a model
    # when it is asked for what that does
    Server(
        "Immich's machine learning",
        ("immich-machine-learning",),
        port=3003,
        port_from=("IMMICH_PORT",),
        live="/ping",
        ready="/ping",
        caches=("/cache",),
        answers_unloaded=answers_always,
    ),
    # deepjavalibrary/djl-serving: serving/docs/inference_api.md, serving/docker/config.properties
    Server("DJL Serving", ("djl",), port=8080, live="/ping", ready="/ping"),
    # awslabs/multi-model-server: docs/configuration.md, docs/inference_api.md
    Server(
        "Multi Model Server",
        ("multi-model-server",),
        ("multi-model-server",),
        port=8080,
        live="/ping",
        ready="/ping",
    ),
    Server("Seldon Core", (), ("seldon-core-microservice",)),
    Server("MLflow", (), ("mlflow models serve",)),
)
