"""Hostile bodies: objects that give every rule something to read, damaged at random."""

import json
import random
from collections.abc import Callable
from typing import Any

import orjson

from rules.manifest import LAST_APPLIED
from tests.webhook.bodies import owner, review

TEXTS = (
    *("", " ", "\0", "\n", "\x1b[2J", "\u202e", "\ufeff", "é", "\U0001d54f", "\ufffd"),
    *("a" * 64, "~0/~1"),
    *("{{ x }}", "{{", "${X}", "$X", "$(X)", "<x>", "<<x>>", "[[ x ]]", "{{ .Values.x }}: {{"),
    *("1", "-1", "0.5", "100m", "1e3", "1Ei", "-2Gi", "1e999", "nan", "inf", "0x1", "1_000", "Gi"),
    *("0 1 * * *", "@daily", "*/0 99 * * 8", "TZ=UTC 0 1 * * *", "* * * *", "every 5m", "P1D"),
    *("Never", "OnFailure", "Always", "Forbid", "Allow", "Replace", "ExitCode", "true", "null"),
    *("--output-dir=/out", "--output-dir", "s3://b/o", "gs://$X", "/", "..", "./out", "-" * 40),
    *("python train.py", "sleep infinity", "torchrun train.py", "vllm serve llama-70b", "echo hi;"),
    *("TRN001=why", "TRN001", "a: [", "a: &a [*a]", "- 1\n- 2", "%TAG", "---\n---\n", "!!int x"),
    *("nvidia.com/gpu", "amd.com/gpu", "gpu", "*", "?", "[a", "kubernetes.io/", "99d", "1h1h", "5"),
)
"""Fragments that some rule, reader or regular expression may stumble over."""
NUMBERS = (0, -1, 1, 2, 65536, 2**31, 2**53 + 1, 2**63 - 1, 2**64 - 1, 0.5, -0.0, 1e-320, 1e308)
KEYS = (
    *("", "name", "kind", "spec", "metadata", "template", "containers", "uid", "request", "object"),
    *("annotations", "labels", "resources", "restartPolicy", "backoffLimit", "apiVersion", "env"),
    *("mlgate.dev/ignore", "mlgate.dev/role", "mlgate.dev/defaulted", "a/b~c", "0", "-", "\0", "é"),
)
BYTES = (
    *(b"\0", b"\xff", b"\xed\xa0\x80", b"\\u0000", b"\\ud800", b"\\", b'"', b"{", b"[", b"]", b","),
    *(b"1e999", b"-", b"NaN", b"[[[[[[[[", b'{"":', b"\xef\xbb\xbf", b"0" * 400, b"\r\n", b"/**/"),
)

Damage = Callable[[random.Random, Any], Any]


def make_container(name: str = "trainer", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "image": "registry.example.com/team/trainer:1.0",
        "command": ["sh", "-c", "cd /work && python train.py --output-dir $OUT --lr 0.1"],
        "args": ["--checkpoint-dir=/ckpt", "--model", "llama-7b", "save_dir: s3://b/m"],
        "env": [
            {"name": "OUT", "value": "/out"},
            {"name": "MODEL_DIR", "value": "$(OUT)/model"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "k", "key": "k"}}},
        ],
        "resources": {
            "requests": {"cpu": "500m", "nvidia.com/gpu": 1},
            "limits": {"memory": "16Gi"},
        },
        "volumeMounts": [{"name": "out", "mountPath": "/out"}, {"name": "w", "mountPath": "/work"}],
        "livenessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5},
        "ports": [{"containerPort": 8000}],
        **more,
    }


def make_template(**more: Any) -> dict[str, Any]:
    """A pod template with something for every rule to read."""
    return {
        "metadata": {"labels": {"app": "t"}, "annotations": {"mlgate.dev/ignore": "TRN001=why"}},
        "spec": {
            "initContainers": [make_container("init", restartPolicy="Always")],
            "containers": [make_container(), make_container("log-exporter")],
            "volumes": [
                {"name": "out", "emptyDir": {}},
                {"name": "w", "persistentVolumeClaim": {"claimName": "w"}},
            ],
            "nodeSelector": {"cloud.google.com/gke-spot": "true"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            **more,
        },
    }


def make_server() -> dict[str, Any]:
    container = make_container(
        "server", image="vllm/vllm-openai:v0.9", command=["vllm", "serve", "meta/Llama-3-70b"]
    )
    return {"containers": [container]}


LABELS = {"app": "bert", "mlgate.dev/profile": "strict"}


def make_object(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """An object as an API server shows it: who applied what, and who made it."""
    body = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "train-bert", "namespace": "research", "labels": LABELS},
        "spec": spec,
    }
    managed = [{"manager": "k", "operation": "Apply", "fieldsV1": {"f:spec": {"f:schedule": {}}}}]
    metadata = {
        **body["metadata"],  # type: ignore[dict-item]
        "annotations": {LAST_APPLIED: json.dumps(body), "mlgate.dev/ignore": "CRN001=why"},
        "managedFields": managed,
        "ownerReferences": [owner(kind="ReplicaSet", apiVersion="apps/v1", controller=False)],
    }
    return {**body, "metadata": metadata}


JOB_MANIFEST = """apiVersion: batch/v1
kind: Job
metadata: {generateName: step-}
spec: {template: {spec: {containers: [{name: t, image: t:1, command: [python, train.py]}]}}}
"""
REPLICA = {"replicas": 2, "restartPolicy": "OnFailure", "template": make_template()}
JOB = {"backoffLimit": 6, "ttlSecondsAfterFinished": 60, "template": make_template()}
WORKFLOW = {
    "entrypoint": "main",
    "retryStrategy": {"limit": "5", "backoff": {"duration": "1m", "maxDuration": "1h"}},
    "templates": [
        {"name": "main", "steps": [[{"name": "a", "template": "train"}]]},
        {"name": "train", "container": make_container(), "activeDeadlineSeconds": 60},
        {"name": "say", "script": make_container(source="python train.py --output-dir /out")},
        {"name": "make", "resource": {"action": "create", "manifest": JOB_MANIFEST}},
    ],
}
SHAPES = [
    make_object("v1", "Pod", make_template(restartPolicy="Always")["spec"]),
    make_object("batch/v1", "Job", JOB),
    make_object(
        "batch/v1", "CronJob", {"schedule": "0 1 * * *", "jobTemplate": {"spec": JOB}}
    ),
    make_object("apps/v1", "Deployment", {"replicas": 1, "template": {"spec": make_server()}}),
    make_object("kubeflow.org/v1", "PyTorchJob", {
        "runPolicy": {"backoffLimit": 9},
        "elasticPolicy": {"maxRestarts": 3},
        "pytorchReplicaSpecs": {"Master": REPLICA, "Worker": REPLICA},
    }),
    make_object("jobset.x-k8s.io/v1alpha2", "JobSet", {
        "failurePolicy": {"maxRestarts": 20},
        "replicatedJobs": [{"name": "w", "replicas": 2, "template": {"spec": JOB}}],
    }),
    make_object("ray.io/v1", "RayJob", {
        "entrypoint": "python train.py --output-dir /out",
        "backoffLimit": 4,
        "rayClusterSpec": {
            "headGroupSpec": {"rayStartParams": {}, "template": make_template()},
            "workerGroupSpecs": [{"groupName": "g", "replicas": 1, "template": make_template()}],
        },
    }),
    make_object("serving.kserve.io/v1beta1", "InferenceService", {
        "predictor": {
            "minReplicas": 1,
            "maxReplicas": 4,
            "model": {**make_container("m"), "modelFormat": {"name": "huggingface"}},
            **make_server(),
        },
    }),
    make_object("argoproj.io/v1alpha1", "Workflow", WORKFLOW),
    make_object("argoproj.io/v1alpha1", "CronWorkflow", {
        "schedule": "0 1 * * *", "concurrencyPolicy": "Replace", "workflowSpec": WORKFLOW,
    }),
    make_object("autoscaling/v2", "HorizontalPodAutoscaler", {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "maxReplicas": 4,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu"}}],
    }),
    make_object("batch.volcano.sh/v1alpha1", "Job", {
        "maxRetry": 9,
        "policies": [{"event": "PodEvicted", "action": "RestartJob"}],
        "tasks": [{"name": "w", "replicas": 2, "maxRetry": 9, "template": make_template()}],
    }),
    make_object("trainer.kubeflow.org/v1alpha1", "TrainJob", {
        "runtimeRef": {"name": "torch"},
        "trainer": {"numNodes": 2, **make_container()},
        "initializer": {"dataset": {"storageUri": "s3://b/d", "env": []}},
        "podTemplateOverrides": [{"targetJobs": [{"name": "node"}], "spec": make_server()}],
    }),
    make_object("trainer.kubeflow.org/v1alpha1", "ClusterTrainingRuntime", {
        "mlPolicy": {"numNodes": 1},
        "template": {"spec": {
            "replicatedJobs": [{"name": "dataset-initializer", "template": {"spec": JOB}}],
        }},
    }),
    make_object("kubeflow.org/v2beta1", "MPIJob", {
        "launcherCreationPolicy": "AtStartup",
        "mpiReplicaSpecs": {"Launcher": REPLICA, "Worker": {"template": {"spec": make_server()}}},
    }),
    make_object("kubeflow.org/v1beta1", "Experiment", {
        "trialTemplate": {"trialSpec": {"apiVersion": "batch/v1", "kind": "Job", "spec": JOB}},
        "maxTrialCount": 3,
    }),
    make_object("kubeflow.org/v1", "Notebook", {"template": make_template()}),
    make_object("serving.knative.dev/v1", "Service", {"template": {"spec": make_server()}}),
    make_object("machinelearning.seldon.io/v1", "SeldonDeployment", {"predictors": [{
        "graph": {"name": "server", "modelUri": "s3://b/m", "children": [{"name": "x"}]},
        "componentSpecs": [{"spec": make_server(), "hpaSpec": {"maxReplicas": 3, "metrics": []}}],
        "explainer": {"type": "anchor", "containerSpec": make_container()},
        "svcOrchSpec": {"replicas": 1},
    }]}),
    make_object("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", {
        "replicas": 1,
        "leaderWorkerTemplate": {"size": 2, "workerTemplate": {"spec": make_server()}},
    }),
    make_object("serving.kserve.io/v1alpha1", "LLMInferenceService", {
        "model": {"uri": "hf://meta/Llama"},
        "template": make_server(),
        "prefill": {"template": make_server()},
        "router": {"scheduler": {"template": make_server()}},
    }),
    make_object("v1", "Namespace", {"finalizers": ["kubernetes"]}),
    make_object("keda.sh/v1alpha1", "ScaledJob", {"jobTargetRef": JOB, "triggers": []}),
    make_object("keda.sh/v1alpha1", "ScaledObject", {
        "scaleTargetRef": {"name": "web"}, "triggers": [{"type": "cpu"}],
    }),
]  # fmt: skip
SEEDS = [orjson.dumps(shape) for shape in SHAPES]
"""The shapes as text: to read it again is the cheapest deep copy."""


def make_body(number: int) -> tuple[str, bytes]:
    """The kind and the bytes of one damaged review."""
    luck = random.Random(number)  # noqa: S311 - the same each time is what is wanted
    seed = luck.choice(SEEDS)
    body = orjson.loads(seed)
    kind = str(body["kind"])
    updates = luck.random() < 0.3
    old = orjson.loads(seed) if updates else None
    tree: Any = review(body, operation="UPDATE" if updates else "CREATE", old=old)
    for _ in range(luck.choice((1, 1, 2, 3, 5, 8))):
        tree = damage(luck, tree)
    text = write(tree)
    return kind, damage_text(luck, text) if luck.random() < 0.15 else text


def write(tree: Any) -> bytes:
    """``tree`` as JSON; orjson writes no more than 254 levels."""
    try:
        return orjson.dumps(tree)
    except TypeError:
        return json.dumps(tree).encode()


def damage(luck: random.Random, tree: Any) -> Any:
    """Change ``tree`` at a random place, mostly somewhere in the object."""
    parent, key = tree, "request"
    start = luck.choice(("object", "object", "object", "oldObject", ""))
    below = dict(tree["request"]) if isinstance(tree["request"], dict) else {}
    if isinstance(below.get(start), dict):
        parent, key = tree["request"], start
    parent, key = walk(luck, parent, key)
    parent[key] = luck.choice(DAMAGES)(luck, parent[key])
    return tree


def walk(luck: random.Random, parent: Any, key: Any) -> tuple[Any, Any]:
    """Some way down from ``parent[key]``: a mapping or list, and a key that it has."""
    while luck.random() < 0.88:
        inner = parent[key]
        if not inner or not isinstance(inner, dict | list):
            break
        parent = inner
        key = luck.choice(list(inner)) if isinstance(inner, dict) else luck.randrange(len(inner))
    return parent, key


def odd(luck: random.Random, _value: Any = None) -> Any:
    """A value of whatever type."""
    return luck.choice((
        lambda: luck.choice((None, True, False)),
        lambda: luck.choice(NUMBERS),
        lambda: luck.choice(TEXTS),
        lambda: luck.choice(([], {}, [None], [[]], {"": None}, [{}], {"name": {}})),
        lambda: {luck.choice(KEYS): luck.choice(TEXTS)},
        lambda: [luck.choice(TEXTS), luck.choice(NUMBERS)],
    ))()  # fmt: skip


def graft(luck: random.Random, _value: Any) -> Any:
    """Something from elsewhere."""
    parent, key = walk(luck, [orjson.loads(luck.choice(SEEDS))], 0)
    return parent[key]


def add(luck: random.Random, value: Any) -> Any:
    if isinstance(value, dict):
        value[luck.choice(KEYS)] = odd(luck)
    elif isinstance(value, list):
        value.insert(luck.randrange(len(value) + 1), odd(luck))
    return value


def drop(luck: random.Random, value: Any) -> Any:
    if value and isinstance(value, dict):
        del value[luck.choice(list(value))]
    elif value and isinstance(value, list):
        del value[luck.randrange(len(value))]
    return value


def rename(luck: random.Random, value: Any) -> Any:
    if value and isinstance(value, dict):
        value[luck.choice(KEYS)] = value.pop(luck.choice(list(value)))
    return value


def repeat(luck: random.Random, value: Any) -> Any:
    times = luck.choice((2, 3, 30))
    if isinstance(value, list):
        return value * times if len(value) < 40 else value
    return [value] * luck.choice((0, 1, 2))


def nest(luck: random.Random, value: Any) -> Any:
    for _ in range(luck.choice((1, 2, 50, 190, 210))):
        value = [value] if luck.random() < 0.5 else {luck.choice(KEYS): value}
    return value


def stretch(luck: random.Random, value: Any) -> Any:
    """A long text, of one fragment again and again."""
    text = value if isinstance(value, str) and luck.random() < 0.5 else luck.choice(TEXTS)
    return (text[:64] or "-") * luck.choice((3, 30, 300, 300, 3000))


def splice(luck: random.Random, value: Any) -> Any:
    """A fragment in the middle of a text."""
    text = value if isinstance(value, str) else ""
    at = luck.randrange(len(text) + 1)
    return text[:at] + luck.choice(TEXTS) + text[at:]


DAMAGES: tuple[Damage, ...] = (
    *(odd, odd, graft, graft, add, add, drop, drop, rename, repeat, nest, stretch, splice, splice),
)


def damage_text(luck: random.Random, text: bytes) -> bytes:
    """The same bytes, but for some."""
    at = luck.randrange(len(text))
    to = min(len(text), at + luck.choice((1, 2, 20, 200)))
    return luck.choice((
        lambda: text[:at],
        lambda: text[:at] + bytes([text[at] ^ (1 << luck.randrange(8))]) + text[at + 1 :],
        lambda: text[:at] + text[to:],
        lambda: text[:to] + text[at:],
        lambda: text[:at] + luck.choice(BYTES) + text[at:],
        lambda: double_key(luck, text, at),
        lambda: double_key(luck, text, at),
    ))()  # fmt: skip


def double_key(luck: random.Random, text: bytes, at: int) -> bytes:
    """A further member at the beginning of a mapping: its key may well stand there twice."""
    at = text.find(b"{", at) + 1
    member = orjson.dumps({luck.choice(KEYS): odd(luck)})[1:-1]
    return text[:at] + member + b"," + text[at:]
