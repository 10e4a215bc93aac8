"""What becomes of objects on the ways on which they come and change, in a real cluster."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from tests.e2e import other_webhook
from tests.e2e.answers import read_answer
from tests.e2e.cluster import Cluster, until
from tests.e2e.custom_kinds import installed
from tests.e2e.installation import CONFIGURATIONS, POLICY, Installation
from tests.e2e.workloads import (
    bad_job,
    read_body,
    refuses,
    renamed,
    restarting_pod,
    schedule,
    slow_server,
    unbounded_schedule,
)
from tests.webhook.bodies import job, owner
from webhook.server.policy_reloader import revision_of

ANNOTATION = "mlgate.dev/defaulted"
PROFILE = "mlgate.dev/profile"
OLD = "old"
JUDGED = "its owner was judged, and a controller made it"
BUDGET = "spec.jobTemplate.spec.backoffLimit"
DRY = ("create", "--dry-run=server", "-f", "-")

Body = dict[str, Any]

CHANGED = """\
apiVersion: mlgate.dev/v1
kind: Policy
profile: standard
namespaceLabels: ignored
rules:
  HPA001: "off"
  HPA002: "off"
  HPA003: "off"
  HPA004: "off"
  HPA005: "off"
  HPA006: "off"
  ORG001: "off"
  MET004: "off"
namespaces:
  - match: {name: kube-reclaimed}
    rules: {TRN001: deny}
  - match: {labels: {tier: production}}
    rules: {TRN003: deny}
"""
"""Another policy than the one that the installation begins with."""


def make_old(cluster: Cluster, namespace: str, *bodies: Body) -> None:
    """Create objects while nothing is enforced in their namespace; afterwards everything is."""
    cluster.kubectl("label", "namespace", namespace, f"{PROFILE}=observe")
    until(lambda: not refuses(cluster, namespace))
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=list(bodies))
    cluster.kubectl("label", "namespace", namespace, f"{PROFILE}-")
    until(lambda: refuses(cluster, namespace))


class Answer(NamedTuple):
    """Whether a request passed, and what mlgate said."""

    passed: bool
    said: dict[str, str]


QUIET = Answer(passed=True, said={})


def patch(cluster: Cluster, what: str, body: Body, *arguments: str) -> Answer:
    """Patch an object in the namespace ``old``."""
    given = ("--type=merge", "-p", json.dumps(body), *arguments)
    done = cluster.try_kubectl("patch", "-n", OLD, what, *given)
    return Answer(done.returncode == 0, read_answer(done.stdout))


def version(cluster: Cluster, what: str, namespace: str) -> str:
    return str(cluster.get(what, "-n", namespace)["metadata"]["resourceVersion"])


def seen(installation: Installation, **fields: str) -> list[Body]:
    """The reviews that have those fields in the log."""
    (replica,) = installation.replicas
    return [one for one in replica.reviews if fields.items() <= one.items()]


@pytest.fixture(scope="module")
def old(cluster: Cluster, installation: Installation) -> Iterator[str]:
    """A namespace with objects that would be denied now."""
    cluster.create_namespace(OLD)
    inner = bad_job()
    nightly = schedule(inner, schedule="0 0 1 1 *")
    make_old(cluster, OLD, slow_server(), nightly, restarting_pod(), renamed(inner, "finetune"))
    yield OLD
    cluster.kubectl("delete", "namespace", OLD, "--wait=false")


# What is added


def test_c40_what_was_added_is_stored_annotated_and_told(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    printed = cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=unbounded_schedule())
    assert read_answer(printed) == {
        "added TRN002": "TRN002 mlgate added backoffLimit: 3; add it to the manifest [jobTemplate]"
    }
    stored = cluster.get("cronjob/nightly-retrain", "-n", namespace)
    assert stored["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 3
    assert stored["metadata"]["annotations"] == {ANNOTATION: f"TRN002 {BUDGET}"}


def test_kubectl_apply_leaves_alone_what_was_added(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    apply = ("apply", "-n", namespace, "-f", "-")
    body = unbounded_schedule()
    assert read_answer(cluster.kubectl(*apply, stdin=body)).keys() == {"added TRN002"}
    assert cluster.kubectl(*apply, stdin=body) == "cronjob.batch/nightly-retrain unchanged\n"
    body["spec"]["schedule"] = "0 2 * * *"
    assert cluster.kubectl(*apply, stdin=body) == "cronjob.batch/nightly-retrain configured\n"
    stored = cluster.get("cronjob/nightly-retrain", "-n", namespace)
    assert stored["spec"]["schedule"] == "0 2 * * *"
    assert stored["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 3
    assert stored["metadata"]["annotations"][ANNOTATION] == f"TRN002 {BUDGET}"


def test_a_job_that_is_applied_twice_is_unchanged(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    apply = ("apply", "-n", namespace, "-f", "-")
    body = job(activeDeadlineSeconds=7200)
    assert read_answer(cluster.kubectl(*apply, stdin=body)).keys() == {"added TRN002"}
    assert cluster.kubectl(*apply, stdin=body) == "job.batch/finetune unchanged\n"
    assert cluster.get("job/finetune", "-n", namespace)["spec"]["backoffLimit"] == 3


def test_server_side_apply_leaves_alone_what_was_added(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    """What was added belongs to nobody: whoever applies may own it later, without a conflict."""
    apply = ("apply", "--server-side", "-n", namespace, "-f", "-")
    body = job(activeDeadlineSeconds=7200)
    assert read_answer(cluster.kubectl(*apply, stdin=body)).keys() == {"added TRN002"}
    assert owners(cluster, namespace, "f:activeDeadlineSeconds") == ["kubectl"]
    assert owners(cluster, namespace, "f:backoffLimit") == []

    assert cluster.kubectl(*apply, stdin=body) == "job.batch/finetune serverside-applied\n"
    assert cluster.get("job/finetune", "-n", namespace)["spec"]["backoffLimit"] == 3

    body["spec"]["backoffLimit"] = 1
    assert cluster.kubectl(*apply, stdin=body) == "job.batch/finetune serverside-applied\n"
    assert cluster.get("job/finetune", "-n", namespace)["spec"]["backoffLimit"] == 1
    assert owners(cluster, namespace, "f:backoffLimit") == ["kubectl"]


def owners(cluster: Cluster, namespace: str, field: str) -> list[str]:
    """Who owns a field of the spec of the Job ``finetune``."""
    found = cluster.get("job/finetune", "-n", namespace, "--show-managed-fields")
    entries = found["metadata"]["managedFields"]
    return [one["manager"] for one in entries if field in one["fieldsV1"].get("f:spec", {})]


@pytest.mark.parametrize("way", [("create",), ("apply",), ("apply", "--server-side")], ids=" ".join)
def test_f65_a_dry_run_is_decided_alike_and_stores_nothing(
    cluster: Cluster, installation: Installation, namespace: str, way: tuple[str, ...]
) -> None:
    arguments = (*way, "-n", namespace, "-f", "-")
    for body in (bad_job(), unbounded_schedule()):
        dry = cluster.try_kubectl(*arguments, "--dry-run=server", stdin=body)
        what = f"{body['kind']}/{body['metadata']['name']}"
        assert cluster.try_kubectl("get", what, "-n", namespace).returncode == 1
        wet = cluster.try_kubectl(*arguments, stdin=body)
        assert (dry.returncode, read_answer(dry.stdout)) == (
            wet.returncode,
            read_answer(wet.stdout),
        )
        assert read_answer(dry.stdout) != {}


def test_a_dry_run_shows_what_would_be_added(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    shown = cluster.kubectl(*DRY, "-n", namespace, "-o", "yaml", stdin=unbounded_schedule())
    assert "backoffLimit: 3" in shown


# Updates of what was there before


def test_f62_scaling_passes(cluster: Cluster, installation: Installation, old: str) -> None:
    printed = cluster.kubectl("scale", "deployment/chat", "-n", old, "--replicas=2")
    assert printed == "deployment.apps/chat scaled\n"
    body = {"spec": {"replicas": 3}}
    assert patch(cluster, "deployment/chat", body, "--subresource=scale") == QUIET
    assert seen(installation, namespace=old, subresource="scale") == []
    assert cluster.get("deployment/chat", "-n", old)["spec"]["replicas"] == 3


def test_f62_scaling_in_the_object_passes_with_a_warning(cluster: Cluster, old: str) -> None:
    answer = patch(cluster, "deployment/chat", {"spec": {"replicas": 1}})
    assert answer.passed
    assert answer.said.keys() >= {"warned SRV001"}


def test_f62_metadata_and_status_pass_without_a_word(cluster: Cluster, old: str) -> None:
    marked = {"metadata": {"labels": {"team": "vision"}, "finalizers": ["example.com/hold"]}}
    assert patch(cluster, "cronjob/nightly-retrain", marked) == QUIET
    assert patch(cluster, "cronjob/nightly-retrain", {"metadata": {"finalizers": None}}) == QUIET
    status = {"status": {"conditions": [{"type": "Checked", "status": "True"}]}}
    assert patch(cluster, "pod/ml-training", status, "--subresource=status") == QUIET


def test_f62_what_was_there_before_is_warned_of(cluster: Cluster, old: str) -> None:
    answer = patch(cluster, "cronjob/nightly-retrain", {"spec": {"schedule": "0 1 1 1 *"}})
    assert answer.passed
    assert answer.said.keys() >= {"warned TRN001"}


def test_f62_what_an_update_brings_in_is_denied(cluster: Cluster, old: str) -> None:
    before = version(cluster, "cronjob/nightly-retrain", old)
    allow = {"spec": {"concurrencyPolicy": "Allow"}}
    answer = patch(cluster, "cronjob/nightly-retrain", allow)
    assert not answer.passed
    assert answer.said.keys() == {"denied CRN001", "warned TRN001"}
    assert "spec.concurrencyPolicy" in answer.said["denied CRN001"]
    assert version(cluster, "cronjob/nightly-retrain", old) == before


def test_b27_ephemeral_containers_are_judged(
    cluster: Cluster, installation: Installation, old: str
) -> None:
    """``kubectl debug`` writes the subresource; a Pod that is there already may be debugged."""
    given = ("--image=registry.example.com/shell:1", "--container=shell", "--profile=general")
    printed = cluster.kubectl("debug", "pod/ml-training", "-n", old, *given)
    assert read_answer(printed).keys() >= {"warned TRN001"}
    (container,) = cluster.get("pod/ml-training", "-n", old)["spec"]["ephemeralContainers"]
    assert container["name"] == "shell"
    (review,) = seen(installation, namespace=old, subresource="ephemeralcontainers")
    assert review["decision"] == "allow"
    assert "TRN001/batch=warn" in review["rules"]


# Children


def test_f63_a_deployments_children_are_left_alone(
    cluster: Cluster, installation: Installation, old: str
) -> None:
    """Its Pods are made anew, and its ReplicaSet, while everything is enforced."""
    restart = {"metadata": {"annotations": {"example.com/restarted": "now"}}}
    answer = patch(cluster, "deployment/chat", {"spec": {"template": restart}})
    assert answer.passed
    assert answer.said.keys() >= {"warned SRV001"}
    until(lambda: len(children(cluster, "replicasets", "chat")) == 2)
    sets = {one["metadata"]["name"] for one in children(cluster, "replicasets", "chat")}
    until(lambda: {name for name in sets if children(cluster, "pods", name)} == sets)
    for pod in (one for name in sets for one in children(cluster, "pods", name)):
        assert ANNOTATION not in pod["metadata"].get("annotations", {})
        assert "startupProbe" not in pod["spec"]["containers"][0]
    for kind, controller in (("ReplicaSet", "deployment"), ("Pod", "replicaset")):
        user = f"system:serviceaccount:kube-system:{controller}-controller"
        assert seen(installation, namespace=old, kind=kind, user=user) == []


def test_f63_a_schedules_jobs_are_left_alone(
    cluster: Cluster, installation: Installation, old: str
) -> None:
    """The CronJob controller is told that the last run was long ago, and of no deadline for its
    start, which makes one due."""
    endless = {"spec": {"startingDeadlineSeconds": None, "timeZone": None}}
    answer = patch(cluster, "cronjob/nightly-retrain", endless)
    assert answer.passed, answer
    since = {"status": {"lastScheduleTime": "2020-01-01T00:00:00Z"}}
    assert patch(cluster, "cronjob/nightly-retrain", since, "--subresource=status") == QUIET
    until(lambda: scheduled(cluster) != [])
    (made,) = scheduled(cluster)
    assert ANNOTATION not in made["metadata"].get("annotations", {})
    assert made["spec"]["template"]["spec"]["restartPolicy"] == "OnFailure"
    until(lambda: children(cluster, "pods", made["metadata"]["name"]) != [])


def scheduled(cluster: Cluster) -> list[Body]:
    """The Jobs that the CronJob controller has made, which names them by the time."""
    made = children(cluster, "jobs", "nightly-retrain")
    return [one for one in made if one["metadata"]["name"].startswith("nightly-retrain-")]


def test_f63_a_job_that_a_user_makes_of_a_schedule_passes(
    cluster: Cluster, installation: Installation, old: str
) -> None:
    """It is the user who makes it, and names the CronJob as its controller: that one makes such."""
    cluster.kubectl("create", "job", "by-hand", "--from=cronjob/nightly-retrain", "-n", old)
    reviews = seen(installation, namespace=old, name="by-hand", user="admin")
    assert {one["reason"] for one in reviews} == {"its owner was judged, and makes such objects"}
    until(lambda: children(cluster, "pods", "by-hand") != [])


def test_f63_an_owner_that_does_not_exist_is_no_owner(cluster: Cluster, old: str) -> None:
    body = renamed(bad_job(), "orphan", ownerReferences=[owner()])
    done = cluster.try_kubectl("create", "-n", old, "-f", "-", stdin=body)
    assert done.returncode == 1
    assert read_answer(done.stdout).keys() == {"denied TRN001"}


def children(cluster: Cluster, kind: str, name: str) -> list[Body]:
    """The objects in the namespace ``old`` that the object of that name controls."""
    found = cluster.get(kind, "-n", OLD)["items"]
    return [
        one
        for one in found
        if name in [ref["name"] for ref in one["metadata"].get("ownerReferences", ())]
    ]


# Namespaces


def test_f60_a_namespaces_label_counts_and_ceases_to_count(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    cluster.kubectl("label", "namespace", namespace, f"{PROFILE}=observe")
    until(lambda: not refuses(cluster, namespace), 5.0)
    cluster.kubectl("label", "namespace", namespace, f"{PROFILE}=strict", "--overwrite")
    until(lambda: denies_unbounded_runs(cluster, namespace), 5.0)
    cluster.kubectl("label", "namespace", namespace, f"{PROFILE}-")
    until(lambda: not denies_unbounded_runs(cluster, namespace), 5.0)
    assert refuses(cluster, namespace)


def denies_unbounded_runs(cluster: Cluster, namespace: str) -> bool:
    """As the profile ``strict`` does, and no other."""
    done = cluster.try_kubectl(*DRY, "-n", namespace, stdin=job(backoffLimit=2))
    return "denied TRN003" in read_answer(done.stdout)


def test_f60_an_unknown_profile_is_told_to_whoever_writes_it(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    label = ("label", "namespace", namespace, "--overwrite")
    assert read_answer(cluster.kubectl(*label, f"{PROFILE}=stirct")) == {
        PROFILE: f"{PROFILE} is 'stirct'; expected observe, standard, strict: standard holds"
    }
    assert read_answer(cluster.kubectl(*label, "team=vision")) == {}
    assert read_answer(cluster.kubectl(*label, f"{PROFILE}=strict")) == {}
    until(lambda: denies_unbounded_runs(cluster, namespace), 5.0)


def test_f60_an_unknown_profile_is_told_to_whoever_creates_the_namespace(
    cluster: Cluster, installation: Installation
) -> None:
    metadata = {"name": "unknown-profile", "labels": {PROFILE: "none"}}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    printed = cluster.kubectl(*DRY, stdin=body)
    assert read_answer(printed).keys() == {PROFILE}


@pytest.mark.parametrize("name", ["kube-system", "openshift-e2e", "knative-e2e"])
def test_b26_exempt_namespaces_are_left_alone(
    cluster: Cluster, installation: Installation, name: str
) -> None:
    assert refuses(cluster, "default")
    with namespace_of(cluster, name):
        printed = cluster.kubectl(*DRY, "-n", name, stdin=bad_job())
    assert printed == "job.batch/finetune created (server dry run)\n"
    assert seen(installation, namespace=name) == []


@contextmanager
def namespace_of(cluster: Cluster, name: str) -> Iterator[None]:
    """A namespace of that name, unless the cluster has it."""
    if cluster.try_kubectl("get", "namespace", name).returncode == 0:
        yield
        return
    cluster.create_namespace(name)
    try:
        yield
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")


def test_e57_a_namespace_of_old_objects_is_deleted_to_the_end(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    waiting = bad_job()
    waiting["spec"]["suspend"] = True
    make_old(cluster, namespace, slow_server(), schedule(waiting), waiting)
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    until(lambda: cluster.try_kubectl("get", "namespace", namespace).returncode == 1, 40.0)


def test_e57_who_deletes_waits_for_finalizers_alone(cluster: Cluster, old: str) -> None:
    held = {"metadata": {"finalizers": ["example.com/hold"]}}
    assert patch(cluster, "job/finetune", held) == QUIET
    cluster.kubectl("delete", "job/finetune", "-n", old, "--wait=false")
    assert "deletionTimestamp" in cluster.get("job/finetune", "-n", old)["metadata"]
    assert patch(cluster, "job/finetune", {"metadata": {"finalizers": None}}) == QUIET
    assert cluster.try_kubectl("get", "job/finetune", "-n", old).returncode == 1


# What is passed by, and who else is called


@pytest.mark.parametrize(
    ("user", "group"),
    [
        ("system:node:one", "system:nodes"),
        ("system:serviceaccount:mlgate-system:mlgate", "system:serviceaccounts"),
    ],
)
def test_b26_nodes_and_mlgate_itself_are_left_alone(
    cluster: Cluster, installation: Installation, namespace: str, user: str, group: str
) -> None:
    assert refuses(cluster, namespace)
    acting = (f"--as={user}", f"--as-group={group}", "--as-group=system:masters")
    create = ("create", "-n", namespace, "-f", "-")
    assert cluster.kubectl(*create, *acting, stdin=restarting_pod()) == "pod/ml-training created\n"
    assert seen(installation, namespace=namespace, name="ml-training") == []


def test_b26_mirror_pods_are_left_alone(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    """The annotation counts on Pods alone."""
    mirror = {"kubernetes.io/config.mirror": "0123"}
    pod = renamed(restarting_pod(), "mirror", annotations=mirror)
    pod["spec"]["nodeName"] = "one"
    assert cluster.kubectl(*DRY, "-n", namespace, stdin=pod).startswith("pod/mirror created")
    marked = renamed(bad_job(), "marked", annotations=mirror)
    done = cluster.try_kubectl(*DRY, "-n", namespace, stdin=marked)
    assert read_answer(done.stdout).keys() == {"denied TRN001"}


@pytest.mark.parametrize("name", ["aa-other", "zzz-other"])
def test_b24_b31_the_order_of_webhooks_does_not_matter(
    cluster: Cluster, installation: Installation, namespace: str, name: str
) -> None:
    """Where another one changes a Pod after mlgate, mlgate is called again."""
    pod = read_body("GPU001/good-limits-only")
    shown = (*DRY, "-n", namespace, "-o", "yaml")
    with other_webhook.registered(cluster, name, namespace):
        until(lambda: "name: agent" in cluster.kubectl(*shown, stdin=pod))
        printed = cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=pod)
    assert read_answer(printed).keys() == {"added GPU001"}
    stored = cluster.get("pod/inspect", "-n", namespace)
    limits = {one["name"]: one["resources"]["limits"] for one in stored["spec"]["containers"]}
    assert limits["agent"] == {"nvidia.com/gpu": "1"}


# What changes while mlgate runs


def test_b30_a_kind_that_is_installed_later_is_judged_and_known(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    """Judged at once, and known within ten seconds."""
    (replica,) = installation.replicas
    labels = '{group="kubeflow.org",kind="PyTorchJob"}'
    assert replica.sample(f"mlgate_cache_objects{labels}") == 0
    with installed(cluster, {("kubeflow.org", "PyTorchJob"): {"v1"}}):
        create = ("create", "-n", namespace, "-f", "-")
        printed = cluster.kubectl(*create, stdin=read_body("TRN002/bad-pytorchjob-unset"))
        assert read_answer(printed).keys() == {"added TRN002"}
        until(lambda: replica.sample(f"mlgate_cache_objects{labels}") == 1)
        assert replica.sample(f"mlgate_cache_synced{labels}") == 1


@pytest.fixture(scope="module")
def changed(cluster: Cluster, installation: Installation) -> Iterator[Installation]:
    """Another policy, until the end of the module."""
    assert "horizontalpodautoscalers" in registered(installation)
    installation.policy.write_text(CHANGED)
    in_force = f'mlgate_config_revision{{revision="{revision_of(CHANGED.encode())}"}}'
    until(lambda: installation.replicas[0].sample(in_force) == 1)
    until(lambda: "horizontalpodautoscalers" not in registered(installation), 5.0)
    yield installation
    installation.policy.write_text(POLICY)


def test_b29_a_kind_that_nothing_checks_any_more_is_not_registered(
    cluster: Cluster, changed: Installation, namespace: str
) -> None:
    """The rules that read autoscalers are off."""
    assert {"cronjobs", "deployments", "jobs", "pods"} <= registered(changed)
    scaler = read_body("HPA001/bad-absent")
    printed = cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=scaler)
    assert printed == "horizontalpodautoscaler.autoscaling/chat created\n"
    assert seen(changed, namespace=namespace, kind="HorizontalPodAutoscaler") == []
    assert refuses(cluster, namespace)


def test_g71_a_label_that_may_not_exempt_does_not_exempt(
    cluster: Cluster, changed: Installation, namespace: str
) -> None:
    """That mlgate has heard of it shows by another label, which the policy asks for."""
    labels = (f"{PROFILE}=observe", "tier=production")
    assert read_answer(cluster.kubectl("label", "namespace", namespace, *labels)) == {
        PROFILE: f"{PROFILE} has no effect: the policy ignores labels of Namespaces"
    }
    until(lambda: denies_unbounded_runs(cluster, namespace))
    assert refuses(cluster, namespace)


def test_an_exempt_namespace_that_the_policy_names_is_judged(
    cluster: Cluster, changed: Installation
) -> None:
    with namespace_of(cluster, "kube-reclaimed"):
        until(lambda: refuses(cluster, "kube-reclaimed"))


def registered(installation: Installation) -> set[str]:
    """The resources that the API server calls mlgate for."""
    hooks: list[Any] = [hook for one in CONFIGURATIONS for hook in installation.hooks(one)]
    rules = [rule for hook in hooks for rule in hook["rules"]]
    return {name for rule in rules for name in rule["resources"]}
