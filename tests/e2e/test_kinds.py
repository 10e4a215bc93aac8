"""Objects of every sort of kind, brought to a real API server by kubectl, and what it answers.

The bad manifests are those of the rules' own cases, the examples, and for the kinds that these
leave out ``tests/e2e/manifests``; the good ones are the exemplary ones.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

from rules.kinds import find_kind
from rules.manifest import Manifest
from tests.e2e.answers import read_answer
from tests.e2e.cluster import Cluster, until
from tests.e2e.custom_kinds import installed, versions_in
from tests.e2e.installation import Installation
from tests.manifests import CASES, Case, find, read_case, read_documents
from tests.test_golden import FOLDER as GOLDEN

HERE = Path(__file__).parent / "manifests"
EXAMPLES = Path(__file__).parents[2] / "examples"
NAMESPACE = "kinds"

Body = dict[str, Any]

POD = "spec.template.spec"
CONTAINER = "spec.containers[0]"
GPU = '.resources.limits["nvidia.com/gpu"]'
WORKER = f"workerGroupSpecs[0].template.{CONTAINER}.resources.limits"
REPLICATED = f"replicatedJobs[0].template.{POD}.containers[0].resources.limits"

SINCE = {"TRN001/bad-container-restarts": 35}
"""The minor version of Kubernetes from which a manifest means what it says."""

BAD = {
    "TRN001/bad-job-on-failure": {"denied TRN001": f"{POD}.restartPolicy"},
    "TRN001/bad-container-restarts": {"denied TRN001": f"{POD}.containers[0].restartPolicy"},
    "TRN001/bad-pod-always": {"denied TRN001": "spec.restartPolicy"},
    "TRN001/bad-pod-on-failure": {"warned TRN001": "restartPolicy OnFailure: set Never [spec]"},
    "TRN001/bad-pytorchjob-unset": {
        "warned TRN001": "restartPolicy unset: set ExitCode [pytorchReplicaSpecs Master]",
        "left out": "+1 more",
    },
    "TRN001/bad-paddlejob-unset": {
        "warned TRN001": "restartPolicy unset: set ExitCode [paddleReplicaSpecs Master]",
        "left out": "+1 more",
    },
    "TRN001/bad-xgboostjob-on-failure": {"warned TRN001": "[xgbReplicaSpecs Master]"},
    "TRN001/bad-jobset-unset": {
        "warned TRN001": "restartPolicy unset: set Never [replicatedJobs workers]"
    },
    "TRN001/bad-volcano-unset": {"warned TRN001": "restartPolicy unset: set Never [tasks worker]"},
    "TRN002/bad-job-unset": {"denied TRN002": "spec.backoffLimit"},
    "TRN002/bad-job-too-many": {"denied TRN002": "spec.backoffLimit is 10"},
    "TRN002/bad-jobset-both-budgets": {"warned TRN002": "set maxRestarts 3, backoffLimit 0"},
    "TRN002/bad-pytorchjob-unset": {
        "added TRN002": "backoffLimit: 0; add it to the manifest [runPolicy]"
    },
    "TRN003/bad-job-missing": {"warned TRN003": "activeDeadlineSeconds unset: set 86400 [spec]"},
    "TRN003/bad-job-pod-only": {"warned TRN003": "bounds one pod"},
    "TRN003/bad-argo-missing": {"warned TRN003": "activeDeadlineSeconds unset"},
    "CRN001/bad-cronjob-allow": {
        "warned CRN001": "concurrencyPolicy Allow (unset or default): set Forbid"
    },
    "CRN001/bad-cronjob-replace": {"warned CRN001": "concurrencyPolicy Replace: set Forbid [spec]"},
    "CRN001/bad-raycronjob": {"warned CRN001": "keep activeDeadlineSeconds below the interval"},
    "GPU001/bad-requests-only": {"added GPU001": 'limits["nvidia.com/gpu"]: 1'},
    "GPU001/bad-init-container": {
        "added GPU001": 'limits["amd.com/gpu"]: 1; add it to the manifest [initContainers warm'
    },
    "GPU001/bad-trainjob-resources-per-node": {"added GPU001": 'limits["nvidia.com/gpu"]: 4'},
    "HPA001/bad-absent": {"warned HPA001": "metrics looks defaulted"},
    "HPA001/bad-v1": {"warned HPA001": "targetCPUUtilizationPercentage looks defaulted"},
    "HPA001/bad-inference-service-implicit": {"warned HPA001": "metrics has no metric"},
    "SRV001/bad-absent": {"added SRV001": 'startupProbe: {"httpGet":{'},
    "SRV001/bad-killed-while-loading": {"added SRV001": 'startupProbe: {"httpGet":{'},
    "STO001/bad-output-on-emptydir": {"warned STO001": "output_dir is /out/run1"},
    "bad/train-job": {
        "denied TRN001": f"{POD}.restartPolicy is OnFailure",
        "denied TRN002": "spec.backoffLimit",
        "warned TRN003": "activeDeadlineSeconds unset",
        "warned STO001": "/checkpoints/reviews",
    },
    "manifests/bad-tfjob": {"warned TRN003": "activeDeadlineSeconds unset"},
    "manifests/bad-rayjob": {"denied GPU001": f"spec.rayClusterSpec.{WORKER}"},
    "manifests/bad-cronworkflow": {"denied CRN001": "spec.concurrencyPolicy is Allow"},
    "manifests/bad-statefulset": {"added SRV001": 'startupProbe: {"httpGet":{'},
    "manifests/bad-mpijob": {"warned TRN001": "[mpiReplicaSpecs Launcher]"},
    "manifests/bad-leaderworkerset": {
        "denied GPU001": f"spec.leaderWorkerTemplate.workerTemplate.{CONTAINER}{GPU}"
    },
    "manifests/bad-rayservice": {"denied GPU001": f"spec.rayClusterConfig.{WORKER}"},
    "manifests/bad-servingruntime": {
        "denied GPU001": f"{CONTAINER}{GPU}",
        "warned SRV001": "no startupProbe",
    },
    "manifests/bad-clustertrainingruntime": {"denied GPU001": f"spec.template.spec.{REPLICATED}"},
    "manifests/bad-notebook": {"denied GPU001": f"spec.template.{CONTAINER}{GPU}"},
    "manifests/bad-seldondeployment": {
        "denied SRV001": f"spec.predictors[0].componentSpecs[0].{CONTAINER}"
    },
}
"""By manifest: what ``kubectl create`` is answered (``denied``, ``warned`` or ``added`` with the
rule), and what the message says of the field. Inside a list of a custom resource nothing is added:
what is applied again would take it away."""

UNREADABLE = {
    "GPU001/good-template-variable": "cannot be handled as a Pod",
    "MLG006/bad-misplaced": 'unknown field "metadata.annotation"',
    "SRV001/bad-liveness-template-variable": "cannot be handled as a Deployment",
    "TRN002/good-job-limit-as-text": "cannot be handled as a Job",
    "TRN002/good-job-template-variable": "cannot be handled as a Job",
    "TRN003/good-job-template-variable": "cannot be handled as a Job",
}
"""Templates, values of another type, and fields that do not exist, which the API server cannot read
or, asked by kubectl, refuses to drop."""

OTHERS = {
    **UNREADABLE,
    "CRN001/good-cronjob-template-variable": "Unsupported value",
    "GPU001/good-near-miss-with-a-limit": "must be a standard resource type or fully qualified",
    "GPU001/good-zero": "Limit must be set for non overcommitable resources",
    "TRN001/good-job-template-variable": "Unsupported value",
}
"""Manifests in which mlgate finds nothing, and what the API server says of them."""

AROUND = set("HPA002 HPA003 HPA004 HPA005 NET001 PLC001 REF001 SRV012 STO002 STO003".split())
"""Rules that judge an object by those around it: here each comes alone, beside what others left."""

NEVER_ASKED = {"MET002", "MLG007"}
"""Rules on versions that no API server serves any more, and on kinds that nobody registers."""

DEFAULTS = {"HPA001/good-v2": "metrics looks defaulted (cpu at 80 %)"}
"""Who creates what the API server writes by default looks like who writes nothing."""

UNSENT = ("strict decoding error", "cannot be handled", "unable to decode", "cannot unmarshal")
"""What is said of a body that comes to no webhook."""

KINDS = (
    "ClusterTrainingRuntime CronJob CronWorkflow Deployment HorizontalPodAutoscaler "
    "InferenceService Job JobSet LeaderWorkerSet MPIJob Notebook Pod PyTorchJob RayJob RayService "
    "SeldonDeployment ServingRuntime StatefulSet TFJob TrainJob Workflow"
).split()


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _of_this_policy(case: Case) -> bool:
    """Whether a case is all that a cluster sees of it: objects, under the installation's policy,
    without comments that ignore something."""
    known = case.whole and not case.header and "# mlgate:" not in case.text
    # No API server has served this group since 1.16, and none takes a definition in it.
    return known and "apiVersion: extensions/" not in case.text


FILES = {
    name_of(path): path
    for folder in (CASES, HERE, EXAMPLES / "good", EXAMPLES / "bad", GOLDEN)
    for path in sorted(folder.rglob("*.yaml"))
    if ".fixed" not in path.name
    and (CASES not in path.parents or path.name.startswith(("good-", "bad-")))
    and _of_this_policy(read_case(path))
}
GOOD = [name for name in FILES if name.startswith("golden/")]


def read_bodies(path: Path) -> list[Body]:
    """The objects of a manifest, in no namespace of their own."""
    bodies: list[Body] = [document.value for document in read_documents(read_case(path).text)]
    for body in bodies:
        body.get("metadata", {}).pop("namespace", None)
    return bodies


BODIES = {name: read_bodies(path) for name, path in FILES.items()}


@pytest.fixture(scope="module")
def mlgate(cluster: Cluster, installation: Installation) -> Iterator[Installation]:
    """An mlgate in a cluster that has all kinds of this module, and the namespace ``kinds``."""
    with installed(cluster, versions_in(body for bodies in BODIES.values() for body in bodies)):
        cluster.create_namespace(NAMESPACE)
        yield installation
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def create(cluster: Cluster, body: Body) -> CompletedProcess[str]:
    """Create an object under a name of its own."""
    metadata = dict(body["metadata"])
    if "name" in metadata:
        metadata["generateName"] = f"{metadata.pop('name')}-"
    named = {**body, "metadata": metadata}
    return cluster.try_kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=named)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_object_is_denied_mended_or_warned_of(
    cluster: Cluster, mlgate: Installation, name: str
) -> None:
    if cluster.minor < SINCE.get(name, 0):
        pytest.skip(f"Kubernetes 1.{cluster.minor} drops the field; it has it since {SINCE[name]}")
    body, *_ = BODIES[name]
    done = create(cluster, body)
    said = read_answer(done.stdout)
    assert [key for key, text in BAD[name].items() if text not in said.get(key, "")] == [], said
    known = {text.partition("/")[0] for text in found_in(body)} | {"out"} | AROUND
    assert {key.split()[-1] for key in said} <= known, done.stdout
    assert (done.returncode == 1) == any(key.startswith("denied") for key in said)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_object_is_created_without_a_word(
    cluster: Cluster, mlgate: Installation, name: str
) -> None:
    for body in BODIES[name]:
        done = create(cluster, body)
        said = {key for key in read_answer(done.stdout) if key.split()[-1] not in AROUND}
        assert (done.returncode, said) == (0, set()), done.stdout
        assert done.stdout.strip().endswith("created")


@pytest.mark.parametrize("name", OTHERS)
def test_what_the_api_server_refuses_is_not_for_mlgate_to_refuse(
    cluster: Cluster, mlgate: Installation, name: str
) -> None:
    (body,) = BODIES[name]
    done = create(cluster, body)
    assert done.returncode == 1
    assert OTHERS[name] in done.stdout
    assert "denied" not in {key.split()[0] for key in read_answer(done.stdout)}


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_may_be_a_default_is_no_more_than_warned_of(
    cluster: Cluster, mlgate: Installation, name: str
) -> None:
    (body,) = BODIES[name]
    done = create(cluster, body)
    assert done.returncode == 0
    assert DEFAULTS[name] in read_answer(done.stdout)["warned HPA001"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_object_of_the_kind_is_tried(kind: str) -> None:
    assert kind in {body["kind"] for name in BAD for body in BODIES[name]}


def _one_of_each() -> list[str]:
    """For each rule one bad manifest of each kind."""
    found: dict[tuple[str, str], str] = {}
    for name in sorted(FILES.keys() - UNREADABLE):
        folder, _, stem = name.partition("/")
        if stem.startswith("bad-") and folder not in AROUND | NEVER_ASKED:
            found.setdefault((folder, BODIES[name][0]["kind"]), name)
    return list(found.values())


@pytest.mark.parametrize("name", _one_of_each())
def test_f64_the_cluster_finds_what_lint_finds(
    cluster: Cluster, mlgate: Installation, name: str
) -> None:
    """Of objects that are applied, whose own values can be told from defaults. What was found
    before anything was added is in the log."""
    judged = [body for body in BODIES[name] if find_kind(Manifest(body).group, body["kind"])]
    assert judged
    for body in judged:
        review = look_at(cluster, mlgate, body)[0]
        assert review["kind"] == body["kind"]
        assert _alone(review.get("rules", ())) == _alone(found_in(body))


def look_at(cluster: Cluster, mlgate: Installation, body: Body) -> list[dict[str, Any]]:
    """What ``/mutate`` logs of an object that is applied as a dry run."""
    before = len(dry_runs(mlgate))
    verb = "apply" if "name" in body["metadata"] else "create"
    done = cluster.try_kubectl(verb, "--dry-run=server", "-n", NAMESPACE, "-f", "-", stdin=body)
    if any(reason in done.stdout for reason in UNSENT):
        pytest.skip("kubectl or the API server refuses it before")
    until(lambda: len(dry_runs(mlgate)) > before)
    return dry_runs(mlgate)[before:]


def _alone(rules: Iterable[str]) -> set[str]:
    """The findings that need no other object."""
    return {one for one in rules if one.partition("/")[0] not in AROUND}


def dry_runs(mlgate: Installation) -> list[dict[str, Any]]:
    reviews = mlgate.replicas[0].reviews
    return [one for one in reviews if one["endpoint"] == "mutate" and one.get("dry_run")]


def found_in(body: Body) -> set[str]:
    """What lint finds in an object, as the log puts it."""
    found = [one.finding for one in find(yaml.safe_dump(body))]
    return {f"{one.rule}/{one.form}={one.action}" for one in found}
