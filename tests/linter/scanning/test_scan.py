"""A cluster scanned: what is found where, and what is said of what could not be read."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from linter.commands import scan
from rules.manifest import LAST_APPLIED
from tests.api_server import present
from tests.cluster.fake_api import FakeApi, Kind, running
from tests.linter.test_cli import BAD, FIXABLE, Answer, call

ROOT = Path(__file__).parents[3]
SERVED = {
    ("", "Namespace"): ("v1", "namespaces"),
    ("", "Pod"): ("v1", "pods"),
    ("apps", "Deployment"): ("v1", "deployments"),
    ("batch", "Job"): ("v1", "jobs"),
    ("batch", "CronJob"): ("v1", "cronjobs"),
    ("autoscaling", "HorizontalPodAutoscaler"): ("v2", "horizontalpodautoscalers"),
    ("", "PersistentVolumeClaim"): ("v1", "persistentvolumeclaims"),
    ("example.com", "Trainer"): ("v1", "trainers"),
}


class Server:
    """A fake API server with kinds and objects."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.kinds: dict[tuple[str, str], Kind] = {}
        for (group, kind), (version, plural) in SERVED.items():
            self.kinds[group, kind] = api.serve(group, version, kind, plural)

    def put(self, text: str, namespace: str = "research", **metadata: Any) -> None:
        """Create what a manifest says, as ``kubectl apply`` does."""
        body = present(yaml.safe_load(text))
        group, version = "", body.pop("apiVersion")
        if "/" in version:
            group, version = version.split("/")
        kind = self.kinds[group, body.pop("kind")]
        told = {**body.pop("metadata"), **metadata}
        told.pop("namespace", None)
        self.api.put(kind, told.pop("name"), namespace, metadata=told, **body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.chdir(tmp_path)
    with running() as api:
        monkeypatch.setattr(scan, "connect_cluster", lambda *_: api.client())
        yield Server(api)


RULES = ("--select", "CRN001,HPA001,HPA002,STO001,TRN001,GPU001")


def rows(*words: str) -> list[dict[str, Any]]:
    answer = text("--format", "json", *words)
    found: list[dict[str, Any]] = json.loads(answer.out)["findings"]
    return found


def forms(*words: str) -> list[tuple[str, str]]:
    return [(row["file"], f"{row['rule']}/{row['form']}") for row in rows(*words)]


def text(*words: str) -> Answer:
    rules = () if "--select" in words else RULES
    return call("scan", "--rate", "1000", *rules, *words)


def test_findings_have_the_name_and_the_text_of_their_object(server: Server) -> None:
    server.put(FIXABLE)
    answer = text()
    assert answer.code == 1
    assert "deny[CRN001/overlap]: runs may overlap" in answer.out
    assert "--> research/CronJob.batch/nightly-retrain:" in answer.out
    assert "schedule: 0 2 * * *" in answer.out or "spec:" in answer.out
    assert "managedFields" not in answer.out
    assert answer.err.startswith("2 findings (1 deny, 1 warn)")
    assert "checked 1 object: 1 pod template (CronJob 1)" in answer.err
    assert "fixable" not in answer.err


def test_what_an_owner_made_is_judged_with_it(server: Server) -> None:
    inner = yaml.safe_load(FIXABLE)["spec"]["jobTemplate"]["spec"]
    inner["template"]["spec"]["restartPolicy"] = "OnFailure"
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": inner}
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": "nightly-retrain",
        "uid": "u",
        "controller": True,
    }
    server.put(yaml.safe_dump(job), ownerReferences=[owner])
    assert rows() == []
    server.put(yaml.safe_dump({**job, "metadata": {"name": "b"}}))
    assert ("research/Job.batch/b", "TRN001/batch") in forms()


def test_one_namespace_and_a_selector(server: Server) -> None:
    server.put(FIXABLE, labels={"team": "a"})
    server.put(FIXABLE, "other")
    server.api.put(server.kinds["", "Namespace"], "other")
    assert {file for file, _ in forms("-n", "other")} == {"other/CronJob.batch/nightly-retrain"}
    assert {file for file, _ in forms("-l", "team=a")} == {"research/CronJob.batch/nightly-retrain"}
    lines = text("--group-by", "namespace", "-q").err.splitlines()
    assert [line.split() for line in lines] == [
        ["other", "1", "deny", "1", "warn"],
        ["research", "1", "deny", "1", "warn"],
    ]
    lines = text("--group-by", "label:team", "-q").err.splitlines()
    assert [line.split()[0] for line in lines] == ["(none)", "a"]


def test_a_namespace_that_is_not_there_is_an_error(server: Server) -> None:
    server.api.put(server.kinds["", "Namespace"], "research")
    answer = text("-n", "reserch")
    assert answer.code == 4
    told = "error: namespace reserch: there is no such namespace; did you mean 'research'?"
    assert told in answer.out


def test_a_selector_that_means_nothing_ends_it(server: Server) -> None:
    server.kinds["batch", "CronJob"].list_status = 400
    answer = text("-l", "a in (")
    assert answer.code == 2
    assert answer.err.startswith("--selector a in (: 400: ")
    assert "{" not in answer.err


def test_a_namespace_chooses_its_profile(server: Server) -> None:
    server.put(FIXABLE)
    kind = server.kinds["", "Namespace"]
    server.api.put(kind, "research", metadata={"labels": {"mlgate.dev/profile": "observe"}})
    assert {row["action"] for row in rows()} == {"audit"}


def test_exempt_namespaces_are_counted(server: Server) -> None:
    server.put(FIXABLE, "kube-system")
    answer = text()
    assert answer.out == ""
    assert "1 object in exempt namespaces not checked" in answer.err


def test_look_ups_see_the_whole_namespace(server: Server) -> None:
    """The Deployment of the autoscaler is there, and asks for no CPU."""
    hpa = BAD.replace(
        "maxReplicas: 3",
        "maxReplicas: 3, metrics: [{type: Resource, resource: "
        "{name: cpu, target: {type: Utilization, averageUtilization: 80}}}]",
    )
    server.put(hpa)
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "vllm/vllm-openai:v0.9"}]},
            },
        },
    }
    server.put(yaml.safe_dump(deployment))
    (row,) = [row for row in rows() if row["rule"] == "HPA002"]
    (place,) = row["related"]
    assert place["file"] == "research/Deployment.apps/web"
    assert place["object"]["kind"] == "Deployment"
    assert place["line"] > 5
    assert f"research/Deployment.apps/web:{place['line']}" in text().out


def test_what_may_not_be_listed_is_an_error(server: Server) -> None:
    server.put(FIXABLE)
    server.kinds["batch", "Job"].list_status = 403
    answer = text()
    assert answer.code == 4
    assert (
        "error: jobs.batch: forbidden: the verb list on jobs of group batch is missing"
        in answer.out
    )
    assert "deny[CRN001/overlap]" in answer.out
    assert answer.err.count("1 error") == 1


def test_only_what_is_new_since_a_report(server: Server, tmp_path: Path) -> None:
    server.put(FIXABLE)
    server.put(BAD)
    old = tmp_path / "old.json"
    assert text("--format", "json", "-o", str(old), "-q").code == 1
    server.api.delete(server.kinds["autoscaling", "HorizontalPodAutoscaler"], "web", "research")
    server.put(FIXABLE, "other")
    answer = text("--diff", str(old), "--format", "concise")
    assert answer.err.startswith("2 new, 2 as before, 1 gone\ngone: HPA001/")
    assert answer.out.count("other/CronJob.batch/nightly-retrain:") == 2
    assert "research/" not in answer.out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"findings": [1]}'])
def test_a_wrong_report_is_refused(server: Server, tmp_path: Path, content: str) -> None:
    (tmp_path / "old.json").write_text(content)
    answer = text("--diff", str(tmp_path / "old.json"))
    assert answer.code == 2
    assert "is no JSON report of mlgate's" in answer.err


def test_a_kind_of_the_policys_own_is_scanned(server: Server, tmp_path: Path) -> None:
    (tmp_path / "mlgate.yaml").write_text(
        "apiVersion: mlgate.dev/v1\nkind: Policy\n"
        "kinds: [{group: example.com, kind: Trainer, templates: [spec.template], role: training}]\n"
    )
    container = {
        "name": "a",
        "image": "a",
        "resources": {"requests": {"nvidia.com/gpu": 1}},
    }
    server.put(
        yaml.safe_dump(
            {
                "apiVersion": "example.com/v1",
                "kind": "Trainer",
                "metadata": {"name": "t"},
                "spec": {"template": {"spec": {"containers": [container]}}},
            }
        )
    )
    assert ("research/Trainer.example.com/t", "GPU001/limits") in forms()


def test_nothing_to_check_is_exit_5(server: Server) -> None:
    assert text().code == 5


def test_without_a_cluster_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    answer = call("scan")
    assert answer.code == 2
    assert "no kubeconfig, and this is no pod: give --kubeconfig" in answer.err
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    answer = call("scan", "--context", "prod")
    assert "--context needs a kubeconfig" in answer.err


def test_forms_and_confidence_are_chosen_as_in_lint(server: Server) -> None:
    server.put(FIXABLE)
    assert {form for _, form in forms("--select", "CRN001/overlap")} == {"CRN001/overlap"}
    assert forms("--ignore", "CRN001,STO001") == []


TRAINING = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  backoffLimit: 6
  template:
    spec:
      restartPolicy: Never
      containers: [{name: a, image: trainer, command: [python, train.py]}]
"""


@pytest.mark.parametrize(
    ("applied", "owned", "said"),
    [
        ('{"spec": {}}', None, "absent"),
        ('{"spec": {"backoffLimit": 6}}', None, "written"),
        (None, {"f:spec": {}}, "absent"),
        (None, {"f:spec": {"f:backoffLimit": {}}}, "written"),
        (None, None, "defaulted"),
    ],
)
def test_what_the_api_server_filled_in_is_told_apart(
    server: Server, applied: str | None, owned: dict[str, Any] | None, said: str
) -> None:
    """RULES of presence: an apply says what was written, and an update says nothing."""
    annotations = {} if applied is None else {LAST_APPLIED: applied}
    fields: list[Any] = [{"operation": "Update", "fieldsV1": {"f:spec": {"f:backoffLimit": {}}}}]
    if owned is not None:
        fields.append({"operation": "Apply", "fieldsV1": owned})
    server.put(TRAINING, managedFields=fields, annotations=annotations)
    (row,) = rows("--select", "TRN002")
    absent = row["message"].startswith("spec.backoffLimit is not set (the default is 6")
    # What somebody wrote, or may have written, is nobody's to overwrite unasked.
    assert (absent, row["fix"]["safety"]) == (
        (True, "safe") if said == "absent" else (False, "unsafe")
    )


def running_pod(name: str, owner: Any = None, **status: Any) -> tuple[str, dict[str, Any]]:
    limits = {"nvidia.com/gpu": 4}
    container = {"name": "a", "image": "trainer", "resources": {"limits": limits}}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container, {"name": "side", "image": "b"}]},
    }
    metadata = {"ownerReferences": [{**owner, "controller": True}]} if owner else {}
    state = {"phase": "Running", "startTime": "2026-11-29T00:00:00Z", **status}
    return yaml.safe_dump({**body, "status": state}), metadata


def reference(server: Server, kind: str, name: str) -> dict[str, Any]:
    held = server.kinds["batch", kind].objects["research", name]
    uid = held["metadata"]["uid"]
    return {"apiVersion": "batch/v1", "kind": kind, "name": name, "uid": uid}


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    time = datetime.datetime(2026, 11, 29, 12, 0, 30, tzinfo=datetime.UTC)
    monkeypatch.setattr("linter.scanning.scan.find_now", lambda: time)


def test_running_accelerators_count_for_who_wrote_the_workload(server: Server, noon: None) -> None:
    """Two Pods of a Job of a CronJob, through both owners; what has ended holds nothing."""
    server.put(FIXABLE)
    schedule = reference(server, "CronJob", "nightly-retrain")
    server.put(TRAINING, ownerReferences=[{**schedule, "controller": True}])
    job = reference(server, "Job", "train")
    for name in ("train-0", "train-1"):
        text_of_pod, metadata = running_pod(name, job)
        server.put(text_of_pod, **metadata)
    ended, metadata = running_pod("train-2", job, phase="Succeeded")
    server.put(ended, **metadata)
    cluster = json.loads(text("--format", "json").out)["cluster"]
    (one,) = cluster["objects"]
    assert cluster["at"] == "2026-11-29T12:00:30Z"
    assert one["file"] == "research/CronJob.batch/nightly-retrain"
    assert (one["pods"], one["accelerators"], one["gpu_hours"]) == (2, 8, 96.07)
    assert cluster["namespaces"]["research"]["objects"] == 1
    said = text("--group-by", "namespace").err
    line = "running now with such findings: 2 pods with 8 accelerators, 96 GPU-hours so far"
    assert line in said
    assert "1 deny      1 warn      8 accelerators now, 96 GPU-hours so far" in said


REGISTRATIONS = "ValidatingWebhookConfiguration"


def register(server: Server, *webhooks: Any) -> None:
    group = "admissionregistration.k8s.io"
    kind = server.api.serve(group, "v1", REGISTRATIONS, f"{REGISTRATIONS.lower()}s")
    created = {"creationTimestamp": "2026-11-01T00:00:00Z"}
    server.api.put(kind, "mlgate", metadata=created, webhooks=list(webhooks))


def test_what_came_in_although_it_is_denied_is_told(server: Server) -> None:
    server.put(FIXABLE, creationTimestamp="2026-10-01T00:00:00Z")
    server.put(FIXABLE.replace("nightly", "weekly"), creationTimestamp="2026-11-02T00:00:00Z")
    assert "in the cluster although denied: 2 objects\n" in text().err
    register(server, {"name": "enforce.mlgate.dev"})
    assert (
        "in the cluster although denied: 2 objects; 1 came after the webhook was registered "
        "(2026-11-01T00:00:00Z), unchecked or before the policy denied them: "
        "research/CronJob.batch/weekly-retrain\n"
    ) in text().err
    report = json.loads(text("--format", "json").out)
    assert report["cluster"]["registered"] == "2026-11-01T00:00:00Z"
    assert {one["created"] for one in report["cluster"]["objects"]} == {
        "2026-10-01T00:00:00Z",
        "2026-11-02T00:00:00Z",
    }
    schema = json.loads((ROOT / "docs/report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)


def test_a_webhook_that_is_switched_off_checks_nothing(server: Server) -> None:
    server.put(FIXABLE, creationTimestamp="2026-11-02T00:00:00Z")
    register(server)
    assert "registered" not in json.loads(text("--format", "json").out)["cluster"]


def test_a_report_says_what_may_be_promoted(server: Server, tmp_path: Path) -> None:
    policy = "apiVersion: mlgate.dev/v1\nkind: Policy\nrules: {CRN001: warn}\n"
    (tmp_path / "mlgate.yaml").write_text(policy)
    server.put(FIXABLE, labels={"team": "vision"})
    assert call("scan", "--rate", "1000", "--format", "json", "-o", "scan.json", "-q").code == 1
    told = call("promote", "scan.json").out
    assert told.startswith("1 object of 1 namespace, 20")
    assert (
        "  CRN001/overlap  would deny 1 of 1 object in 1 namespace (research 1), owners vision 1; "
        "not yet: 0 at most\n"
    ) in told
    assert text("--format", "json", "-o", "part.json", "-q").code == 1
    assert "was made with --select" in call("promote", "part.json").err


def test_metrics_of_the_last_run(server: Server, noon: None) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    server.put(FIXABLE)
    server.kinds["batch", "Job"].list_status = 403
    assert text("--metrics", "scan.prom").code == 4
    families = text_string_to_metric_families(Path("scan.prom").read_text())
    found = {
        (one.name, *one.labels.values()): one.value for family in families for one in family.samples
    }
    assert found["mlgate_scan_findings", "deny", "CRN001"] == 1
    assert found["mlgate_scan_last_run_timestamp_seconds",] == 1795953630
    assert found["mlgate_scan_errors",] == 1
    assert found["mlgate_scan_objects",] == 1
    assert found["mlgate_scan_duration_seconds",] > 0
    page = (ROOT / "docs/scan.md").read_text()
    assert all(f"`{name}`" in page for name, *_ in found)
    answer = text("--metrics", "nowhere/scan.prom")
    assert answer.code == 2
    assert "cannot write nowhere/scan.prom: there is no folder nowhere" in answer.err


def test_what_nobody_reads_in_a_cluster_is_not_missing(server: Server) -> None:
    """Secrets and ServiceAccounts are not listed; of ConfigMaps, which are, it can be told."""
    body = yaml.safe_load(TRAINING)
    pod = body["spec"]["template"]["spec"]
    sources = [{"secretRef": {"name": "token"}}, {"configMapRef": {"name": "settings"}}]
    pod["containers"][0]["envFrom"] = sources
    pod["serviceAccountName"] = "trainer"
    server.api.serve("", "v1", "ServiceAccount", "serviceaccounts")
    server.api.serve("", "v1", "Secret", "secrets")
    server.put(yaml.safe_dump(body))
    (row,) = rows("--select", "REF001")
    assert row["path"] == "/spec/template/spec/containers/0/envFrom/1/configMapRef/name"
    asked = {path for path, _ in server.api.requests}
    assert not {path for path in asked if path.endswith(("/secrets", "/serviceaccounts"))}
