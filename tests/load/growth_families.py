"""Objects of which one field grows: each family is a function of how large."""

import json
from collections.abc import Callable
from typing import Any

from rules.manifest import LAST_APPLIED
from tests.load.hostile_bodies import JOB_MANIFEST, make_container
from tests.webhook.bodies import review


def submit(api_version: str, kind: str, spec: dict[str, Any], **metadata: Any) -> Any:
    """A review of a bare object that is created."""
    body = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "train-bert", **metadata},
        "spec": spec,
    }
    return review(body)


def submit_job(pod: dict[str, Any], **metadata: Any) -> Any:
    return submit("batch/v1", "Job", {"template": {"spec": pod}}, **metadata)


def of_text(fragment: str, *, env: bool = False, parts: int = 1) -> Callable[[int], Any]:
    """A fragment again and again, in the arguments or the environment of one container."""

    def make(count: int) -> Any:
        texts = [fragment * (count // parts)] * parts
        more: dict[str, Any] = {"args": texts}
        if env:
            more = {"env": [{"name": f"OUTPUT_DIR{one}", "value": one} for one in texts]}
        return submit_job({"containers": [make_container(**more)]})

    return make


def of_containers(**more: Any) -> Callable[[int], Any]:
    def make(count: int) -> Any:
        each = {"name": "c", "image": "trainer:1", **more}
        return submit_job({"containers": [each | {"name": f"c{n}"} for n in range(count)]})

    return make


def of_outputs(count: int) -> Any:
    """As many outputs as mounts and volumes."""
    container = make_container(
        args=[f"--output-dir=/m{n}/x" for n in range(count)],
        volumeMounts=[{"name": f"v{n}", "mountPath": f"/m{n}"} for n in range(count)],
    )
    volumes = [{"name": f"v{n}", "emptyDir": {}} for n in range(count)]
    return submit_job({"containers": [container], "volumes": volumes})


def of_expansions(count: int) -> Any:
    """A long value that is named again and again: it must not be written out each time."""
    half = count // 2
    container = make_container(
        env=[{"name": "A", "value": "/" + "a" * half}], args=["--output-dir=" + "$A" * (half // 2)]
    )
    return submit_job({"containers": [container]})


def of_jobs(value: Callable[[int], dict[str, Any]], **template: Any) -> Callable[[int], Any]:
    """A JobSet with as many jobs as there is of something in its metadata."""

    def make(count: int) -> Any:
        pod = {**SMALL_POD, **template}
        jobs = [{"name": f"n{n}", "template": {"spec": {"template": pod}}} for n in range(count)]
        spec = {"replicatedJobs": jobs}
        return submit("jobset.x-k8s.io/v1alpha2", "JobSet", spec, **value(count))

    return make


def of_serving(part: Callable[[int], dict[str, Any]], **pod: Any) -> Callable[[int], Any]:
    """A Deployment of one model server, of which one part is as large as there is."""

    def make(count: int) -> Any:
        container = {"name": "c", "image": "vllm/vllm-openai:v0.11.0", **part(count)}
        labels = {"app": "a"}
        template = {"metadata": {"labels": labels}, "spec": {**pod, "containers": [container]}}
        spec = {"selector": {"matchLabels": labels}, "template": template}
        return submit("apps/v1", "Deployment", spec)

    return make


def of_ports(**more: Any) -> Callable[[int], Any]:
    """Ports of a server, and what asks one that is not there."""
    return of_serving(
        lambda n: {
            "ports": [{"name": f"p{k}", "containerPort": k % 60_000 + 1} for k in range(n)],
            **more,
        }
    )


def of_lost_mounts(count: int) -> Any:
    """As many mounts of volumes that are not there as volumes of other names."""
    container = make_container(
        volumeMounts=[{"name": f"m{n}", "mountPath": f"/m{n}"} for n in range(count)]
    )
    volumes = [{"name": f"v{n}", "emptyDir": {}} for n in range(count)]
    return submit_job({"containers": [container], "volumes": volumes})


def of_lost_claims(count: int) -> Any:
    """As many claims of a container as the pod has of other names."""
    claims = [{"name": f"c{n}"} for n in range(count)]
    held = [{"name": f"d{n}", "resourceClaimName": "one"} for n in range(count)]
    container = make_container(resources={"claims": claims})
    return submit_job({"containers": [container], "resourceClaims": held})


def of_failure_rules(count: int) -> Any:
    """Rules that name containers that are not there, as many as there are containers."""
    rules = [
        {"action": "FailJob", "onExitCodes": {"containerName": f"x{n}", "values": [1]}}
        for n in range(count)
    ]
    containers = [{"name": f"c{n}", "image": "trainer:1"} for n in range(count)]
    template = {"spec": {"restartPolicy": "Never", "containers": containers}}
    spec = {"podFailurePolicy": {"rules": rules}, "template": template}
    return submit("batch/v1", "Job", spec)


def of_update(count: int) -> Any:
    """An update of what was denied as well before, its containers in another order."""
    spec = of_containers(resources=LACKING)(count // 2)["request"]["object"]["spec"]
    new = submit("batch/v1", "CronJob", {"jobTemplate": {"spec": spec}})["request"]["object"]
    old = json.loads(json.dumps(new))
    old["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"].reverse()
    return review(new, operation="UPDATE", old=old)


def of_a_key(count: int) -> Any:
    """Containers that lack limits, all below a key as long as they are together."""
    each = {"name": "c", "image": "trainer:1", "resources": LACKING}
    replica = {"template": {"spec": {"containers": [each] * count}}}
    spec = {"pytorchReplicaSpecs": {"R" * count * 50: replica}}
    return submit("kubeflow.org/v1", "PyTorchJob", spec)


def of_artifacts(count: int) -> Any:
    """As many outputs as artifacts, none of which is the other."""
    container = make_container(args=[f"--output-dir=/o{n}" for n in range(count)])
    artifacts = [{"name": f"a{n}", "path": f"/a{n}"} for n in range(count)]
    template = {"name": "a", "container": container, "outputs": {"artifacts": artifacts}}
    return submit("argoproj.io/v1alpha1", "Workflow", {"templates": [template]})


def of_followers(count: int) -> Any:
    """Tasks of which the plugin alone says that they train."""
    pod = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
    tasks = [{"name": f"n{n}", "template": pod} for n in range(count)]
    return submit("batch.volcano.sh/v1alpha1", "Job", {"plugins": {"pytorch": []}, "tasks": tasks})


def of_aliases(length: int) -> Callable[[int], Any]:
    """An embedded Job whose arguments are one text of some length again and again."""

    def make(count: int) -> Any:
        words = f"[sh, &a {'a' * length}{', *a' * count}]"
        return of_manifests(JOB_MANIFEST.replace("[python, train.py]", words))(1)

    return make


def of_items(
    api_version: str, kind: str, place: str, item: dict[str, Any], **spec: Any
) -> Callable[[int], Any]:
    """Items of one list of the spec, each with a name of its own."""

    def make(count: int) -> Any:
        items = [{**item, "name": f"n{n}"} for n in range(count)]
        return submit(api_version, kind, {**spec, place: items})

    return make


def of_replicas(api_version: str, kind: str, place: str) -> Callable[[int], Any]:
    """Replica types, of which there are but a few in earnest."""
    template = {"spec": {"containers": [{"name": "c", "image": "trainer:1"}]}}

    def make(count: int) -> Any:
        specs = {f"R{n}": {"replicas": 1, "template": template} for n in range(count)}
        return submit(api_version, kind, {place: specs})

    return make


def of_manifests(document: str) -> Callable[[int], Any]:
    def make(count: int) -> Any:
        resource = {"action": "create", "manifest": document * count}
        templates = [{"name": "a", "resource": resource}]
        return submit("argoproj.io/v1alpha1", "Workflow", {"templates": templates})

    return make


def of_metadata(value: Callable[[int], dict[str, Any]]) -> Callable[[int], Any]:
    def make(count: int) -> Any:
        pod = {"restartPolicy": "OnFailure", "containers": [make_container()]}
        return submit_job(pod, **value(count))

    return make


SMALL = {"name": "c", "image": "trainer:1", "command": ["python", "train.py"]}
SMALL_POD = {"spec": {"containers": [SMALL]}}
LACKING = {"requests": {"nvidia.com/gpu": 1}}
ENTRY = {"operation": "Apply", "fieldsV1": {"f:spec": {"f:backoffLimit": {}}}}
FAMILIES: dict[str, Callable[[int], Any]] = {
    **{f"text {text!r}": of_text(text) for text in (
        *("a", "a b ", "-", "_", "--", "/", "$(", "${A", "{{", "{{a", "<a", "<<a", "[[a ", "[["),
        *("echo '", 'echo "', 'print("', "pip -a ", "pip  ", "sleep ", "tail -f ", "while  ", "//"),
        *("x=1;", "a.b.", "a://", "8x7b", "\n#", "\n    ", "\\\n", "-m a.b ", "'\"", "output_dir_"),
        *("train.py ", "wget ", "; ; ", "a:b ", "cd a ", "--output-dir ", "--out=a/b ", "$A", "é"),
    )},
    **{f"texts {text!r}": of_text(text, parts=99) for text in ("a", "_", "echo '", "--out=a/b ")},
    **{f"env {text!r}": of_text(text, env=True) for text in ("a", "$(A)", "://", "/.", "{{a")},
    "containers": of_containers(),
    "containers that train": of_containers(command=["python", "train.py"]),
    "containers without limits": of_containers(resources=LACKING),
    "containers with outputs": of_containers(args=["--output-dir=/out"]),
    "servers": of_containers(image="vllm/vllm-openai:1", livenessProbe={"httpGet": {"port": 1}}),
    "arguments": lambda n: submit_job({"containers": [make_container(args=["--a=b"] * n)]}),
    "outputs": lambda n: submit_job({"containers": [make_container(args=["--output-dir=/o"] * n)]}),
    "outputs, mounts and volumes": of_outputs,
    "values named often": of_expansions,
    "environment": lambda n: submit_job({"containers": [make_container(
        env=[{"name": f"OUTPUT_DIR{k}", "value": "/o"} for k in range(n)])]}),
    "requests": lambda n: submit_job({"containers": [make_container(
        resources={"requests": {f"nvidia.com/gpu{k}": 1 for k in range(n)}})]}),
    "a resource's name": lambda n: submit_job({"containers": [make_container(
        resources={"requests": {"nvidia.com/" + "a" * n: 1}})]}),
    "an amount's digits": lambda n: submit_job({"containers": [make_container(
        resources={"requests": {"nvidia.com/gpu": "1" * n}})]}),
    "tolerations": lambda n: submit_job({"containers": [SMALL], "tolerations": [{"key": "a"}] * n}),
    "an image's name": lambda n: submit_job({"containers": [make_container(image="a/" * n)]}),
    "a container's name": lambda n: submit_job({"containers": [make_container("a-" * n)]}),
    "tasks": of_items("batch.volcano.sh/v1alpha1", "Job", "tasks", {"template": SMALL_POD}),
    "replicated jobs": of_items("jobset.x-k8s.io/v1alpha2", "JobSet", "replicatedJobs",
        {"template": {"spec": {"template": SMALL_POD}}}),
    "templates": of_items("argoproj.io/v1alpha1", "Workflow", "templates",
        {"container": SMALL, "retryStrategy": {"limit": 9}}),
    "steps": of_items("argoproj.io/v1alpha1", "Workflow", "templates",
        {"steps": [[{"name": "a", "template": "b"}]]}),
    "references": of_items("argoproj.io/v1alpha1", "Workflow", "templates",
        {"steps": [[{"name": "a", "templateRef": {"name": "b", "template": "c"}}]]}),
    "worker groups": lambda n: submit("ray.io/v1", "RayJob", {
        "entrypoint": "python train.py",
        "rayClusterSpec": {"headGroupSpec": {"template": SMALL_POD},
                           "workerGroupSpecs": [{"template": SMALL_POD}] * n}}),
    "PyTorchJob replica types": of_replicas("kubeflow.org/v1", "PyTorchJob", "pytorchReplicaSpecs"),
    "MPIJob replica types": of_replicas("kubeflow.org/v2beta1", "MPIJob", "mpiReplicaSpecs"),
    "followers": of_followers,
    "an update": of_update,
    "containers below a long key": of_a_key,
    "requests of a long name": lambda n: submit_job({"containers": [make_container(
        "a" * 20 * n, resources={"requests": {f"nvidia.com/gpu{k}": 1 for k in range(n)}})]}),
    "outputs and artifacts": of_artifacts,
    "outputs and a long folder": lambda n: submit_job({"containers": [make_container(
        workingDir="/a" * 8 * n, args=["--output-dir=./o"] * n)]}),
    "outputs after a long cd": lambda n: submit_job({"containers": [make_container(
        args=["cd", "/a" * 8 * n] + ["--output-dir=./o"] * n)]}),
    "mounts without volumes": of_lost_mounts,
    "claims without a name": of_lost_claims,
    "rules without containers": of_failure_rules,
    "ports and a probe": of_ports(startupProbe={"httpGet": {"port": "x"}},
        readinessProbe={"httpGet": {"port": "y"}}),
    "ports and a number": of_ports(livenessProbe={"tcpSocket": {"port": 61_000}}),
    "servers that ask each other": of_containers(image="vllm/vllm-openai:1",
        ports=[{"name": "http", "containerPort": 8000}],
        startupProbe={"httpGet": {"port": "web"}}, readinessProbe={"exec": {"command": ["true"]}}),
    "words of a probe": of_serving(lambda n: {"livenessProbe": {"exec": {"command": ["a;"] * n}}}),
    "text of a probe": of_serving(
        lambda n: {"livenessProbe": {"exec": {"command": ["sh", "-c", "ps;" * n]}}}),
    "text of a hook": of_serving(lambda n: {
        "lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", "ollama pull a;" * n]}}}}),
    "mounts of caches": of_serving(lambda n: {
        "env": [{"name": "HF_HOME", "value": "/m/a"}],
        "volumeMounts": [{"name": "v", "mountPath": f"/m{k}", "readOnly": True}
                         for k in range(n)]}, volumes=[{"name": "v", "emptyDir": {}}]),
    "claims that are mounted": lambda n: of_serving(lambda _: {}, volumes=[
        {"name": f"v{k}", "persistentVolumeClaim": {"claimName": f"c{k}"}} for k in range(n)])(1),
    "parallel sizes": of_serving(lambda n: {
        "args": ["--tensor-parallel-size=2"] * n, "resources": {"limits": {"nvidia.com/gpu": 1}}}),
    "variables of one name": of_serving(lambda n: {
        "env": [{"name": "A", "value": str(k)} for k in range(n)]}),
    "credentials": of_serving(lambda n: {
        "env": [{"name": f"HF_TOKEN{k}", "value": "hf_" + "aB3" * 11} for k in range(n)]}),
    "credentials in a text": of_serving(lambda n: {"args": ["export HF_TOKEN=hf_a " * n]}),
    "numbers that are texts": of_serving(lambda n: {
        "env": [{"name": f"A{k}", "value": k} for k in range(n)]}),
    "fields that are none": of_serving(lambda n: {f"resourcez{k}": k for k in range(n)}),
    "claimed devices": of_serving(lambda n: {
        "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "0," * n}]}),
    "selected labels": lambda n: submit("apps/v1", "Deployment", {
        "selector": {"matchLabels": {f"l{k}": "a" for k in range(n)}},
        "template": {"metadata": {"labels": {"a": "b"}}, **SMALL_POD}}),
    "triggers": of_items("keda.sh/v1alpha1", "ScaledObject", "triggers",
        {"type": "cpu", "metadata": {"value": "50"}}, scaleTargetRef={"name": "a"}),
    "rules of a JobSet": lambda n: submit("jobset.x-k8s.io/v1alpha2", "JobSet", {
        "failurePolicy": {"rules": [{"action": "RestartJobSetAndIgnoreMaxRestarts"}] * n},
        "replicatedJobs": [{"name": "a", "template": {"spec": {"template": SMALL_POD}}}]}),
    "policies": of_items("batch.volcano.sh/v1alpha1", "Job", "tasks", {
        "template": SMALL_POD, "policies": [{"event": "PodFailed", "action": "RestartTask"}]}),
    "mount paths": lambda n: submit_job({"containers": [make_container(
        args=["--output-dir=" + "/a" * n], volumeMounts=[{"name": "v", "mountPath": "/a" * n}])]}),
    "jobs and a long name": of_jobs(lambda n: {"name": "retrain-" * 8 * n}),
    "jobs and ignores": of_jobs(lambda n: {"annotations": {"mlgate.dev/ignore": "CRN001=a;" * n}}),
    "jobs and ignored codes": of_jobs(
        lambda n: {"annotations": {"mlgate.dev/ignore": "CRN001," * n + "TRN001=a"}}),
    "jobs with ignores": of_jobs(lambda _: {},
        metadata={"annotations": {"mlgate.dev/ignore": "CRN001=a"}}),
    "jobs and managed fields": of_jobs(lambda n: {"managedFields": [ENTRY] * n}),
    "jobs and managed items": of_jobs(lambda n: {"managedFields": [{
        "operation": "Apply",
        "fieldsV1": {"f:spec": {
            "f:replicatedJobs": {f'k:{{"name":"n{k}"}}': {} for k in range(n)},
        }},
    }]}),
    "embedded aliases": of_aliases(20),
    "embedded aliases of a text": of_aliases(100_000),
    "metrics": of_items("autoscaling/v2", "HorizontalPodAutoscaler", "metrics", {"type": "Object"}),
    "embedded documents": of_manifests("---\n" + JOB_MANIFEST),
    "embedded empty documents": of_manifests("---\n"),
    "embedded open brackets": of_manifests("["),
    "embedded spaces": of_manifests(" "),
    "embedded dashes": of_manifests("-"),
    "embedded keys": of_manifests("a"),
    "embedded tags": of_manifests("!a "),
    "embedded anchors": of_manifests("&a "),
    "embedded comments": of_manifests("#\n"),
    "embedded directives": of_manifests("%A\n"),
    "embedded quotes": of_manifests('"\\/"'),
    "embedded list": of_manifests("- a: &a [b]\n"),
    "embedded digits": of_manifests("1"),
    "ignores": of_metadata(lambda n: {"annotations": {"mlgate.dev/ignore": "TRN001=a;" * n}}),
    "ignores of nothing": of_metadata(lambda n: {"annotations": {"mlgate.dev/ignore": ";" * n}}),
    "ignored codes": of_metadata(lambda n: {"annotations": {"mlgate.dev/ignore": "TRN001," * n}}),
    "last applied": of_metadata(lambda n: {"annotations": {LAST_APPLIED: "[" * n}}),
    "managed fields": of_metadata(lambda n: {"managedFields": [ENTRY] * n}),
    "owners": of_metadata(lambda n: {"ownerReferences": [{"kind": "Job"}] * n}),
    "labels": of_metadata(lambda n: {"labels": {f"l{k}": "a" for k in range(n)}}),
    "a name": of_metadata(lambda n: {"name": "train-" * n}),
    "a namespace": of_metadata(lambda n: {"namespace": "ml-" * n}),
}  # fmt: skip
