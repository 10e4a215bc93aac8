"""Facts: where each kind has them, and what is said of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from rules.inventory import Inventory
from rules.kinds import BUILT_IN, facts, find_kind
from rules.kinds.facts import Fact
from rules.kinds.neighbours import NEIGHBOURS, NEIGHBOURS_IN_FILES
from rules.kinds.rows import CONTROLLER, POD_ROWS, find_every
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Presence, Value
from rules.paths import dig, dotted, split_dotted
from rules.policy import Policy
from rules.reader import Document, read
from rules.workload import Workload

MANIFESTS = Path(__file__).parent / "manifests"
KINDS = [kind for kind in (*BUILT_IN, *NEIGHBOURS) if kind.rows]
WITHOUT_ROWS = {
    *("ControllerRevision", "PodTemplate", "JobFlow", "ManifestWork", "Sensor", "Template"),
    *("Dataset", "Model", "Server", "Notebook", "BackendRuntime", "WorkspaceKind"),
}
"""One only names JobTemplates, others are nothing but a template, manifests, or a command."""
WITHOUT_PODS = """
    inferenceendpointconfig.inference.sagemaker.aws.amazon.com minicluster.flux-framework.org
    appwrapper.workload.codeflare.dev cron.apps.kubedl.io experiment.kubeflow.org
    horizontalpodautoscaler.autoscaling model.kubeai.org model.mlops.seldon.io
    modelbooster.workload.serving.volcano.sh nimpipeline.apps.nvidia.com
    nimservice.apps.nvidia.com notebook.substratus.ai podautoscaler.autoscaling.aibrix.ai
    scaledobject.keda.sh server.mlops.seldon.io vllmruntime.production-stack.vllm.ai
    nimcache.apps.nvidia.com playground.inference.llmaz.io bentodeployment.serving.yatai.ai
    workspace.kubeflow.org
""".split()
"""Those that hold other objects, and those whose pods are made of settings."""
EVERYWHERE = (facts.GRACE_PERIOD, facts.PRIORITY_CLASS, facts.NODE_SELECTOR)
"""Fields of the PodSpec that every manifest with one sets; the Pod's own sets all of them."""


def named(kind: Kind) -> str:
    return f"{kind.name.lower()}.{kind.group or 'core'}"


def read_whole(kind: Kind) -> Manifest:
    """The manifest of a kind that sets every field its rows name, be they at odds or not.

    Trainer's kinds had another group before, and the same fields or fewer.
    """
    path = MANIFESTS / f"{named(kind)}.yaml"
    if not path.exists() and kind.group == "kubeflow.org":
        path = MANIFESTS / f"{kind.name.lower()}.trainer.kubeflow.org.yaml"
    (document,) = read(path.read_text())
    assert isinstance(document, Document)
    return Manifest(document.value)


def make_workload(body: dict[str, Any], *, admitted: bool = False) -> Workload:
    manifest = Manifest(body, admitted=admitted)
    kind = find_kind(manifest.group, body["kind"])
    assert kind is not None
    return Workload(manifest, kind, Inventory(), Policy().parameters)


def make_cron_job(**job: Any) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "main", "image": "train:1"}]}}
    spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template, **job}}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "spec": spec}


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_each_row_finds_its_value(kind: Kind) -> None:
    manifest = read_whole(kind)
    for _, rows in kind.rows:
        for fact in rows:
            places = list(find_every(kind.rows, fact, manifest.object))
            assert places, fact
            assert all(place.read(manifest).presence is not Presence.ABSENT for place in places), (
                fact,
                [dotted(place.path) for place in places],
            )


@pytest.mark.parametrize("kind", BUILT_IN, ids=named)
def test_each_row_of_a_pod_finds_its_value(kind: Kind) -> None:
    """In some pod of the manifest. A kind without rows or pod specs is named above."""
    if not kind.rows:
        assert kind.name in WITHOUT_ROWS
        return
    workload = Workload(read_whole(kind), kind, Inventory(), Policy().parameters)
    pods = [pod for pod in workload.pods if pod.volumes_at is not None]
    assert bool(pods) == (named(kind) not in WITHOUT_PODS)
    everywhere = kind.pod_rows is POD_ROWS and kind.name != "Pod"
    for fact in (EVERYWHERE if everywhere else kind.pod_rows) if pods else ():
        values = [value for pod in pods if (value := workload.at(fact, pod)) is not None]
        written = [value for value in values if value.written]
        assert written, fact
        assert all(dig(workload.manifest.object, one.path) == one.value for one in written)


def test_every_fact_is_said_by_some_kind() -> None:
    written = ((name, one) for name, one in vars(facts).items() if name.isupper())
    every = [one for _, one in written if isinstance(one, str)]
    judged_or_asked = (*KINDS, *NEIGHBOURS_IN_FILES)
    said = {fact for kind in judged_or_asked for _, rows in kind.places for fact in rows}
    said |= {fact for kind in KINDS for fact in kind.pod_rows}

    assert len(every) == len(set(every))
    assert set(every) == said


def test_a_path_is_written_as_messages_write_it() -> None:
    for kind in KINDS:
        for _, rows in kind.rows:
            for row in rows.values():
                assert dotted(split_dotted(row[0])) == row[0]


def test_a_fact_of_a_deeper_spec_has_its_whole_path() -> None:
    workload = make_workload(make_cron_job(backoffLimit=2))

    assert workload.at(facts.BACKOFF_LIMIT) == Value(
        ("spec", "jobTemplate", "spec", "backoffLimit"), 2, Presence.WRITTEN
    )
    assert workload.at(facts.SCHEDULE) == Value(("spec", "schedule"), "0 3 * * *", Presence.WRITTEN)


def test_absence_means_what_the_row_says() -> None:
    workload = make_workload(make_cron_job())

    limit, ttl = workload.at(facts.BACKOFF_LIMIT), workload.at(facts.TTL)

    assert limit is not None
    assert ttl is not None
    assert (limit.value, limit.presence) == (6, Presence.ABSENT)
    assert (ttl.value, ttl.presence) == (None, Presence.ABSENT)


def test_a_kind_without_the_field_says_none() -> None:
    assert make_workload(make_cron_job()).at(facts.SHUTDOWN_WHEN_FINISHED) is None
    assert make_workload(make_cron_job()).at(facts.GRACE_PERIOD) is None


@pytest.mark.parametrize(
    ("fact", "body", "presence"),
    [
        (facts.BACKOFF_LIMIT, make_cron_job(backoffLimit=6), Presence.DEFAULTED),
        (
            facts.CLEANUP_POLICY,
            {
                "apiVersion": "kubeflow.org/v1",
                "kind": "TFJob",
                "spec": {"runPolicy": {"cleanPodPolicy": "None"}},
            },
            Presence.WRITTEN,
        ),
    ],
)
def test_a_default_that_only_the_controller_knows_was_written(
    fact: Fact, body: dict[str, Any], presence: Presence
) -> None:
    value = make_workload(body, admitted=True).at(fact)

    assert value is not None
    assert value.presence is presence


def test_of_a_pod_it_is_the_item_around_it_that_counts() -> None:
    def task(name: str, **more: Any) -> dict[str, Any]:
        template = {"spec": {"containers": [{"name": name, "image": "train:1"}]}}
        return {"name": name, "template": template, **more}

    tasks = [task("master", maxRetry=1), task("worker", replicas=4)]
    spec = {"maxRetry": 5, "tasks": tasks}
    workload = make_workload(
        {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "spec": spec}
    )
    master, worker = workload.pods

    own = workload.at(facts.BACKOFF_LIMIT)
    of_master, of_worker = (workload.at(facts.BACKOFF_LIMIT, pod) for pod in (master, worker))
    replicas, queue = (
        workload.at(facts.REPLICAS, worker),
        workload.at(facts.SCHEDULER_QUEUE, worker),
    )

    assert own is not None
    assert own.path == ("spec", "maxRetry")
    assert of_master is not None
    assert (of_master.path, of_master.value) == (("spec", "tasks", 0, "maxRetry"), 1)
    assert of_worker is not None
    assert of_worker.absent
    assert replicas is not None
    assert (replicas.path, replicas.value) == (("spec", "tasks", 1, "replicas"), 4)
    assert queue is not None
    assert queue.path == ("spec", "queue")
    assert workload.at(facts.REPLICAS) is None
    assert [one.path for one in workload.each(facts.BACKOFF_LIMIT)] == [
        ("spec", "maxRetry"),
        ("spec", "tasks", 0, "maxRetry"),
        ("spec", "tasks", 1, "maxRetry"),
    ]


def test_a_pods_own_default_holds_only_where_the_api_server_writes_it() -> None:
    template = {"spec": {"terminationGracePeriodSeconds": 30, "containers": [{"name": "main"}]}}
    built_in = make_workload(make_cron_job(template=template), admitted=True)
    custom = make_workload(
        {
            "apiVersion": "kubeflow.org/v1",
            "kind": "Notebook",
            "spec": {"template": template},
        },
        admitted=True,
    )

    for workload, presence in ((built_in, Presence.DEFAULTED), (custom, Presence.WRITTEN)):
        value = workload.at(facts.GRACE_PERIOD, workload.pods[0])
        assert value is not None
        assert value.presence is presence


def test_what_another_object_may_say_is_unknown() -> None:
    reference = {"workflowTemplateRef": {"name": "train"}}
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": reference}
    deadline = make_workload(body).at(facts.DEADLINE)
    lone = make_workload({**body, "spec": {}}).at(facts.DEADLINE)

    assert deadline is not None
    assert lone is not None
    assert (deadline.presence, lone.presence) == (Presence.UNKNOWN, Presence.ABSENT)


def test_a_pod_that_inherits_leaves_what_it_does_not_say_unknown() -> None:
    workload = make_workload(
        {
            "apiVersion": "trainer.kubeflow.org/v1alpha1",
            "kind": "TrainJob",
            "spec": {"runtimeRef": {"name": "torch"}},
        }
    )
    (pod,) = workload.pods

    value = workload.at(facts.GRACE_PERIOD, pod)

    assert value is not None
    assert value.unknown
    assert value.path == (*pod.spec_path, "terminationGracePeriodSeconds")
    assert workload.at(facts.HOST_IPC, pod) is None


def test_a_pod_without_a_spec_has_no_fields() -> None:
    workload = make_workload(
        {"apiVersion": "kaito.sh/v1beta1", "kind": "Workspace", "tuning": {"preset": {"name": "a"}}}
    )

    assert workload.at(facts.GRACE_PERIOD, workload.pods[0]) is None


@pytest.mark.parametrize(
    ("said", "presence"), [("training", Presence.WRITTEN), ("$(CLASS)", Presence.UNKNOWN)]
)
def test_a_merged_spec_says_what_it_says(said: str, presence: Presence) -> None:
    """A podSpecPatch reaches what the template cannot say in fields of its own."""
    template = {
        "name": "train",
        "container": {"image": "train:1"},
        "podSpecPatch": f'{{"priorityClassName": "{said}"}}',
    }
    workload = make_workload(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "spec": {"templates": [template]},
        }
    )

    value = workload.at(facts.PRIORITY_CLASS, workload.pods[0])

    assert value == Value(("spec", "templates", 0, "priorityClassName"), said, presence)


def test_a_rule_can_read_a_fact() -> None:
    job = find_kind("batch", "Job")
    assert job is not None

    assert job.has(facts.TTL)
    assert job.has("retries")
    assert not job.has(facts.SCHEDULE)
    assert not job.has("autoscalers")


def test_absence_means_what_the_sources_say() -> None:
    """One line for each default: kind, fact, value, and who knows it. A kind's rows and a pod's are
    held to the CRDs, webhooks and controllers of their projects when they are written down here."""
    said = (MANIFESTS.parent / "defaults.txt").read_text().splitlines()

    assert sorted(describe_defaults()) == said


def describe_defaults() -> set[str]:
    rows = [(named(kind), row) for kind in KINDS for _, rows in kind.rows for row in rows.items()]
    rows += [("pod spec", row) for row in POD_ROWS.items()]
    return {
        f"{name}: {fact} is {json.dumps(row[1])}, {(*row[2:], 'written')[0]}"
        for name, (fact, row) in rows
        if len(row) > 1
    }


def test_only_the_controller_is_named_as_one_who_defaults() -> None:
    rows = [row for kind in KINDS for _, rows in kind.rows for row in rows.values()]

    assert {row[2:] for row in rows} == {(), (CONTROLLER,)}
