"""Servers of language models."""

from rules.servers.schema import Server, answers_always

_HF = "/root/.cache/huggingface"

# vllm-project/vllm: docs/usage/metrics.md, docs/deployment/k8s.md (/health), envs.py
VLLM = Server(
    "vLLM",
    ("vllm", "vllmserver", "llm-d-cuda", "llm-d-dev"),
    ("vllm serve", "vllm.entrypoints.openai.api_server", "vllm.entrypoints.api_server"),
    port=8000,
    port_from=("--port",),
    live="/health",
    ready="/health",
    metrics=("vllm:num_requests_waiting", "vllm:num_requests_running"),
    caches=(_HF, "/root/.cache/vllm"),
    slow=True,
    names=("vllm",),
)
# huggingface/text-generation-inference: Dockerfile (PORT, HF_HOME), router/src/server.rs,
# docs/source/reference/metrics.md; AIP_HTTP_PORT is that of Google's images of it
TGI = Server(
    "TGI",
    ("text-generation-inference", "^tgi"),
    ("text-generation-launcher", "text-generation-server"),
    port=80,
    port_from=("--port", "PORT", "AIP_HTTP_PORT"),
    live="/health",
    ready="/health",
    metrics=("tgi_queue_size", "tgi_batch_current_size"),
    caches=("/data",),
    slow=True,
    names=("tgi",),
)

LANGUAGE_SERVERS: tuple[Server, ...] = (
    VLLM,
    TGI,
    # sgl-project/sglang: docs/references/production_metrics.md, docs/basic_usage/send_request
    Server(
        "SGLang",
        ("sglang",),
        ("sglang serve", "sglang.launch_server"),
        port=30000,
        port_from=("--port",),
        live="/health",
        ready="/health",
        metrics=("sglang:num_queue_reqs", "sglang:num_running_reqs"),
        caches=(_HF,),
        slow=True,
        names=("sglang",),
    ),
    # NVIDIA/TensorRT-LLM: docs/source/commands/trtllm-serve; its /metrics is JSON, not Prometheus'
    Server(
        "TensorRT-LLM",
        ("trtllm", "tensorrt-llm", "tensorrtllm"),
        ("trtllm-serve",),
        port=8000,
        port_from=("--port",),
        live="/health",
        ready="/health",
        caches=(_HF,),
        slow=True,
    ),
    # docs.nvidia.com/nim/large-language-models: quickstart, API reference
    Server(
        "NIM",
        ("/nim/",),
        port=8000,
        port_from=("NIM_SERVER_PORT",),
        live="/v1/health/live",
        ready="/v1/health/ready",
        caches=("/opt/nim/.cache",),
        slow=True,
        names=("nim",),
    ),
    # ollama/ollama: Dockerfile, server/routes.go, envconfig/config.go; it loads when it is asked
    Server(
        "Ollama",
        ("ollama",),
        ("ollama serve", "ollama run"),
        port=11434,
        port_from=("OLLAMA_HOST",),
        live="/",
        ready="/",
        caches=("/root/.ollama",),
        slow=True,
        answers_unloaded=answers_always,
        one_process=True,
        names=("ollama",),
    ),
    # ggml-org/llama.cpp: tools/server/README.md (/health is 503 while it loads), .devops (images),
    # ggml/src/ggml-cuda (one process with all GPUs, as Ollama's runner is).
    # 8080 is what the images' own health check asks; the newest README says 9931 without --port
    Server(
        "llama.cpp",
        ("llama.cpp", "llama-cpp", "llamacpp"),
        ("llama-server",),
        port=8080,
        port_from=("--port", "LLAMA_ARG_PORT"),
        live="/health",
        ready="/health",
        metrics=("llamacpp:requests_deferred", "llamacpp:requests_processing"),
        caches=("/root/.cache/llama.cpp",),
        slow=True,
        one_process=True,
        names=("llamacpp",),
    ),
    # mostlygeek/llama-swap: llama-swap.go, internal/server/server.go
    Server(
        "llama-swap",
        ("llama-swap",),
        ("llama-swap",),
        port=8080,
        port_from=("--listen",),
        live="/health",
        ready="/health",
        slow=True,
        answers_unloaded=answers_always,
        one_process=True,
    ),
    # InternLM/lmdeploy: lmdeploy/cli/serve.py, lmdeploy/metrics/loggers.py
    Server(
        "LMDeploy",
        ("lmdeploy",),
        ("lmdeploy serve",),
        port=23333,
        port_from=("--server-port",),
        live="/health",
        ready="/health",
        metrics=("lmdeploy:num_requests_waiting", "lmdeploy:num_requests_running"),
        caches=(_HF,),
        slow=True,
        names=("lmdeploy",),
    ),
    # AI-Hypercomputer/JetStream: jetstream/core/metrics/prometheus.py; the port is gRPC's
    Server(
        "JetStream",
        ("jetstream", "maxengine"),
        ("maxengine_server",),
        port=9000,
        port_from=("--port",),
        metrics=("jetstream_prefill_backlog_size", "jetstream_slots_used_percentage"),
        slow=True,
        names=("jetstream",),
    ),
    Server("MindIE", ("mindie",), slow=True),
    # ModelTC/lightllm: lightllm/server/api_cli.py, api_http.py
    Server(
        "LightLLM",
        ("lightllm",),
        ("lightllm.server.api_server",),
        port=8000,
        port_from=("--port",),
        live="/liveness",
        ready="/readiness",
    ),
    # aphrodite-engine: aphrodite/entrypoints/openai/cli_args.py, aphrodite/v1/metrics/loggers.py
    Server(
        "Aphrodite",
        ("aphrodite",),
        ("aphrodite",),
        port=2242,
        port_from=("--port",),
        live="/health",
        ready="/health",
        metrics=("aphrodite:num_requests_waiting", "aphrodite:num_requests_running"),
    ),
    # kserve/kserve: python/kserve (DEFAULT_HTTP_PORT, v2_endpoints.py), python/huggingfaceserver
    # (__main__.py loads before it starts), config/runtimes
    Server(
        "KServe's huggingfaceserver",
        ("huggingfaceserver",),
        ("huggingfaceserver",),
        port=8080,
        port_from=("--http-port",),
        live="/v2/health/live",
        ready="/v2/health/ready",
        slow=True,
    ),
    # bentoml/OpenLLM: src/openllm/local.py runs ``bentoml serve``
    Server(
        "OpenLLM",
        ("openllm",),
        ("openllm start", "openllm serve", "openllm run"),
        port=3000,
        port_from=("--port", "BENTOML_PORT"),
        live="/livez",
        ready="/readyz",
    ),
    # xorbitsai/inference: xinference/constants.py, api/routers/admin.py; models are launched later
    Server(
        "Xinference",
        ("xinference",),
        ("xinference-local", "xinference-worker", "xinference launch"),
        port=9997,
        port_from=("--port",),
        live="/status",
        ready="/status",
        caches=("/root/.xinference",),
        answers_unloaded=answers_always,
    ),
    # mudler/LocalAI: core/cli/run.go, core/http/routes/health.go, Dockerfile; it loads when asked
    Server(
        "LocalAI",
        ("localai", "local-ai"),
        ("local-ai",),
        port=8080,
        port_from=("--address", "LOCALAI_ADDRESS", "ADDRESS"),
        live="/healthz",
        ready="/readyz",
        caches=("/models",),
        answers_unloaded=answers_always,
    ),
    # LostRuins/koboldcpp: koboldcpp.py
    Server(
        "KoboldCpp",
        ("koboldcpp",),
        ("koboldcpp",),
        port=5001,
        port_from=("--port",),
        one_process=True,
    ),
    # lm-sys/FastChat: fastchat/serve: a controller, workers and an API server, each with its port
    Server("FastChat", ("fastchat",), ("fastchat.serve.model_worker",)),
    Server(
        "Dynamo",
        (),
        ("dynamo.vllm", "dynamo.sglang", "dynamo.trtllm", "dynamo serve", "dynamo run"),
    ),
)
