"""Argo: templates as pods, budgets, deadlines, schedules, embedded manifests, Rollouts."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.kept_pods import PODS, unpack_pods
from rules.kinds.lookups import Answer, Reference
from rules.kinds.pods import ContainerUse, Pod
from rules.kinds.roles import Role
from rules.kinds.runs import Deadlines
from rules.kinds.schema import Inner, Kind
from rules.manifest import Manifest
from rules.model import Presence

NO_LIMIT = "a retryStrategy without a limit retries for ever"

TRAIN = {
    "name": "train",
    "container": {
        "image": "trainer:1",
        "command": ["python", "train.py"],
        "args": ["--output-dir", "/out"],
        "resources": {"limits": {"nvidia.com/gpu": 1}},
        "volumeMounts": [{"name": "work", "mountPath": "/out"}],
    },
    "outputs": {"artifacts": [{"name": "model", "path": "/out/model"}, {"name": "x"}]},
}


def _kind(name: str) -> Kind:
    kind = find_kind("argoproj.io", name)
    assert kind is not None
    return kind


def _object(spec: dict[str, Any], kind: str = "Workflow") -> Manifest:
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "spec": spec}
    return Manifest({**body, "metadata": {"name": "x", "namespace": "ml"}})


def _unknown(_reference: Reference, _fact: str) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _pods(spec: dict[str, Any], kind: str = "Workflow", ask: Any = _unknown) -> list[Pod]:
    return list(_kind(kind).pods(_kind(kind).view(_object(spec, kind)), ask))


def _deadlines(spec: dict[str, Any], kind: str = "Workflow") -> Deadlines | None:
    manifest = _object(spec, kind)
    view = _kind(kind).view(manifest)
    return _kind(kind).deadlines(view, list(_kind(kind).pods(view, _unknown)))


def test_a_container_template_is_a_pod_that_is_never_restarted() -> None:
    (pod,) = _pods({"templates": [{"name": "main", "steps": []}, TRAIN]})

    assert pod.path == pod.spec_path == ("spec", "templates", 1)
    assert pod.name == "train"
    assert pod.restart is None
    assert pod.replicas is None
    assert pod.images is False
    assert pod.artifacts == ("/out/model",)
    (main,) = pod.containers
    assert (main.name, main.path) == ("main", ("spec", "templates", 1, "container"))
    assert main.get("resources", "limits", "nvidia.com/gpu") == 1
    assert main.mounts[0].path == (*main.path, "volumeMounts", 0)


def test_a_script_is_a_container_and_its_source_is_text() -> None:
    (pod,) = _pods({"templates": [{"name": "s", "script": {"source": "import torch"}}]})

    assert pod.text == "import torch"
    assert pod.mains[0].path == ("spec", "templates", 0, "script")


def test_all_containers_of_a_set_are_main() -> None:
    bodies = [{"name": "a", "image": "a"}, {"name": "main", "image": "b"}]
    (pod,) = _pods({"templates": [{"containerSet": {"containers": bodies}}]})

    at = ("spec", "templates", 0, "containerSet", "containers")
    assert [(one.name, one.path) for one in pod.mains] == [("a", (*at, 0)), ("main", (*at, 1))]


def test_init_containers_and_sidecars_stand_in_the_template() -> None:
    template = {
        **TRAIN,
        "initContainers": [{"name": "fetch"}],
        "sidecars": [{"name": "db", "image": "redis"}],
    }
    (pod,) = _pods({"templates": [template]})

    uses = {one.name: (one.use, one.path[-2:]) for one in pod.containers}
    assert uses["fetch"] == (ContainerUse.INIT, ("initContainers", 0))
    assert uses["db"] == (ContainerUse.SIDECAR, ("sidecars", 0))


def test_volumes_come_from_template_defaults_workflow_and_claims() -> None:
    spec = {
        "volumes": [{"name": "shared", "nfs": {}}],
        "volumeClaimTemplates": [{"metadata": {"name": "work"}}],
        "templateDefaults": {"volumes": [{"name": "d", "emptyDir": {}}]},
        "templates": [{**TRAIN, "volumes": [{"name": "own", "emptyDir": {}}]}],
    }
    (pod,) = _pods(spec)

    assert {volume.name: volume.path for volume in pod.volumes} == {
        "own": ("spec", "templates", 0, "volumes", 0),
        "d": ("spec", "templateDefaults", "volumes", 0),
        "shared": ("spec", "volumes", 0),
        "work": ("spec", "volumeClaimTemplates", 0),
    }
    assert "volumeClaimTemplate" in pod.volumes[-1].body


@pytest.mark.parametrize(
    "place",
    [
        {"steps": [[{"name": "a", "inline": {"container": {"image": "x"}}}]]},
        {"dag": {"tasks": [{"name": "a", "inline": {"container": {"image": "x"}}}]}},
    ],
)
def test_inline_templates_are_pods(place: dict[str, Any]) -> None:
    (pod,) = _pods({"templates": [{"name": "m", **place}]})

    assert pod.path[-1] == "inline"
    assert pod.mains[0].get("image") == "x"


def test_template_defaults_lie_under_every_template_of_their_form() -> None:
    spec = {
        "templateDefaults": {
            "container": {"image": "base", "env": [{"name": "A", "value": "1"}]},
            "nodeSelector": {"pool": "gpu"},
        },
        "templates": [
            {"name": "a", "container": {"command": ["train"], "env": [{"name": "B"}]}},
            {"name": "b", "script": {"image": "own", "source": "pass"}},
            {"name": "c", "dag": {"tasks": []}},
        ],
    }
    first, second = _pods(spec)

    assert first.mains[0].get("image") == "base"
    assert [env["name"] for env in first.mains[0].get("env")] == ["B", "A"]
    assert first.spec["nodeSelector"] == {"pool": "gpu"}
    assert [one.path[-1] for one in second.containers] == ["script"]


def test_scheduling_of_the_workflow_counts_where_the_template_has_none() -> None:
    spec = {
        "nodeSelector": {"pool": "cpu"},
        "tolerations": [{"key": "gpu"}],
        "podMetadata": {"labels": {"team": "ml"}},
        "templates": [
            {**TRAIN, "nodeSelector": {"pool": "gpu"}, "metadata": {"labels": {"a": "b"}}}
        ],
    }
    (pod,) = _pods(spec)

    assert pod.spec["nodeSelector"] == {"pool": "gpu"}
    assert pod.spec["tolerations"] == [{"key": "gpu"}]
    assert pod.metadata == {"labels": {"team": "ml", "a": "b"}}


@pytest.mark.parametrize(
    "patch",
    [
        '{"containers": [{"name": "main", "resources": {"limits": {"nvidia.com/gpu": 2}}}]}',
        "containers:\n- name: main\n  resources:\n    limits:\n      nvidia.com/gpu: 2\n",
    ],
)
@pytest.mark.parametrize("level", ["workflow", "template"])
def test_a_limit_in_a_pod_spec_patch_counts(patch: str, level: str) -> None:
    template = {"name": "t", "container": {"resources": {"requests": {"nvidia.com/gpu": 2}}}}
    spec: dict[str, Any] = {"templates": [template]}
    (spec if level == "workflow" else template)["podSpecPatch"] = patch
    (pod,) = _pods(spec)

    assert pod.mains[0].get("resources") == {
        "requests": {"nvidia.com/gpu": 2},
        "limits": {"nvidia.com/gpu": 2},
    }
    assert pod.mains[0].path == ("spec", "templates", 0, "container")


def test_the_templates_patch_wins_over_the_workflows_and_may_add_volumes() -> None:
    spec = {
        "podSpecPatch": '{"nodeSelector": {"a": "1"}, "terminationGracePeriodSeconds": 5}',
        "templates": [
            {
                "container": {},
                "podSpecPatch": '{"terminationGracePeriodSeconds": 9, "volumes": [{"name": "v"}]}',
            }
        ],
    }
    (pod,) = _pods(spec)

    assert pod.spec["terminationGracePeriodSeconds"] == 9
    assert pod.spec["nodeSelector"] == {"a": "1"}
    assert [(one.name, one.path[-1]) for one in pod.volumes] == [("v", "podSpecPatch")]


@pytest.mark.parametrize(
    "patch",
    ['{"containers": {{inputs.parameters.containers}}}', "[", "text", "", "- 1", 5, None],
)
def test_a_patch_that_cannot_be_read_says_nothing(patch: Any) -> None:
    (pod,) = _pods({"podSpecPatch": patch, "templates": [TRAIN]})

    assert pod.mains[0].body == TRAIN["container"]


def test_a_quoted_placeholder_in_a_patch_is_kept() -> None:
    patch = '{"containers":[{"name":"main","resources":{"limits":{"cpu":"{{x}}"}}}]}'
    (pod,) = _pods({"templates": [{"container": {}, "podSpecPatch": patch}]})

    assert pod.mains[0].get("resources", "limits", "cpu") == "{{x}}"


def test_no_retry_strategy_is_no_retry() -> None:
    assert (
        list(_kind("Workflow").retries(_kind("Workflow").view(_object({"templates": [TRAIN]}))))
        == []
    )


@pytest.mark.parametrize(
    ("strategy", "value", "presence"),
    [
        ({}, None, Presence.ABSENT),
        ({"retryPolicy": "Always"}, None, Presence.ABSENT),
        ({"retryPolicy": "OnTransientError"}, None, Presence.ABSENT),
        ({"limit": "10"}, 10, Presence.WRITTEN),
        ({"limit": 2}, 2, Presence.WRITTEN),
        ({"limit": "{{inputs.parameters.n}}"}, "{{inputs.parameters.n}}", Presence.UNKNOWN),
        ({"limit": "9" * 5000}, "9" * 5000, Presence.WRITTEN),
    ],
)
@pytest.mark.parametrize(
    "place", [("spec",), ("spec", "templateDefaults"), ("spec", "templates", 0)]
)
def test_retry_limits(
    strategy: dict[str, Any], value: Any, presence: Presence, place: tuple[str | int, ...]
) -> None:
    spec: dict[str, Any] = {"templates": [dict(TRAIN)], "templateDefaults": {}}
    manifest = _object(spec)
    holder: Any = manifest.object
    for key in place:
        holder = holder[key]
    holder["retryStrategy"] = strategy
    (retry,) = _kind("Workflow").retries(_kind("Workflow").view(manifest))

    assert retry.value.path == (*place, "retryStrategy", "limit")
    assert (retry.value.value, retry.value.presence) == (value, presence)
    assert (retry.unset, retry.preset, retry.bound) == (NO_LIMIT, 3, "max")
    assert retry.unset_passes
    assert bool(retry.limitless) == (presence is Presence.ABSENT)
    assert retry.transient == (strategy.get("retryPolicy") == "OnTransientError")


@pytest.mark.parametrize(
    "strategy", [{"expression": "lastRetry.exitCode != 1"}, {"backoff": {"maxDuration": "10m"}}]
)
def test_an_expression_or_a_longest_duration_ends_retries(strategy: dict[str, Any]) -> None:
    manifest = _object({"templates": [{**TRAIN, "retryStrategy": strategy}]})

    assert list(_kind("Workflow").retries(_kind("Workflow").view(manifest))) == []


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        ({"activeDeadlineSeconds": 60, "templates": [TRAIN]}, 60),
        ({"templates": [{**TRAIN, "activeDeadlineSeconds": "3600"}]}, 3600),
        ({"templates": [{**TRAIN, "timeout": "1h30m"}]}, 5400),
        ({"templates": [{**TRAIN, "timeout": "90s"}]}, 90),
        ({"templates": [TRAIN], "templateDefaults": {"timeout": "2h"}}, 7200),
        ({"templates": [TRAIN], "templateDefaults": {"activeDeadlineSeconds": 7}}, 7),
    ],
)
def test_any_deadline_bounds_the_workflow(spec: dict[str, Any], seconds: int) -> None:
    deadlines = _deadlines(spec)

    assert deadlines is not None
    assert [place.value for place in deadlines.places if place.written] == [seconds]


def test_without_a_deadline_it_goes_to_the_workflow() -> None:
    deadlines = _deadlines({"templates": [TRAIN]})

    assert deadlines is not None
    assert all(place.absent for place in deadlines.places)
    assert deadlines.fix_at == (("spec", "activeDeadlineSeconds"),)


def test_a_duration_that_is_none_stays_as_written() -> None:
    deadlines = _deadlines({"templates": [{**TRAIN, "timeout": "soon"}]})

    assert deadlines is not None
    assert [place.value for place in deadlines.places if place.written] == ["soon"]


def test_the_deadline_of_work_that_stands_elsewhere_is_not_known() -> None:
    resource = {"name": "train", "resource": {"action": "create", "manifest": "kind: Job"}}

    assert _deadlines({"templates": [resource]}) is None
    assert _deadlines({"templates": [resource, TRAIN]}) is None
    assert _deadlines({"activeDeadlineSeconds": 5, "templates": [resource]}) is not None


@pytest.mark.parametrize("action", ["create", "apply", "replace"])
def test_a_resource_manifest_is_an_object_of_its_own(action: str) -> None:
    resource = {"action": action, "manifest": "kind: PyTorchJob\nspec: torchrun train.py"}
    spec = {"templates": [{"name": "train-it", "resource": resource}]}
    (inner,) = _kind("Workflow").inner(_kind("Workflow").view(_object(spec)))
    (pod,) = _pods(spec)

    assert inner == Inner(("spec", "templates", 0, "resource", "manifest"))
    assert (pod.name, pod.text, pod.containers) == ("train-it", resource["manifest"], ())
    assert pod.writer is False


@pytest.mark.parametrize("action", ["patch", "delete", "get", None, ["create"]])
def test_a_fragment_is_no_object(action: Any) -> None:
    resource = {"action": action, "manifest": "kind: Job"}

    assert (
        list(
            _kind("Workflow").inner(
                _kind("Workflow").view(_object({"templates": [{"resource": resource}]}))
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("reference", "kinds", "namespace"),
    [
        ({"name": "t"}, ("WorkflowTemplate",), "ml"),
        ({"name": "t", "clusterScope": True}, ("ClusterWorkflowTemplate",), None),
    ],
)
def test_another_objects_templates_tell_the_role_and_are_judged_there(
    reference: dict[str, Any], kinds: tuple[str, ...], namespace: str | None
) -> None:
    asked = []

    def ask(question: Reference, fact: str) -> tuple[Answer, Any]:
        asked.append((question, fact))
        return Answer.FOUND, {"templates": [TRAIN, {"name": "d", "dag": {}}]}

    spec = {"workflowSpec": {"workflowTemplateRef": reference}}
    (pod,) = _pods(spec, "CronWorkflow", ask)

    assert asked == [(Reference("argoproj.io", kinds, namespace, "t"), "spec")]
    assert pod.path == ("spec", "workflowSpec", "workflowTemplateRef")
    assert (pod.name, pod.text) == ("train", "python train.py --output-dir /out")
    assert pod.containers == ()


def test_a_step_takes_one_template_of_another_object() -> None:
    def ask(_question: Reference, _fact: str) -> tuple[Answer, Any]:
        return Answer.FOUND, {"templates": [{**TRAIN, "name": "other"}, TRAIN]}

    step = {"name": "s", "templateRef": {"name": "library", "template": "train"}}
    pods = _pods({"templates": [{"steps": [[step]]}]}, ask=ask)

    assert [pod.name for pod in pods] == ["train"]


def test_what_is_not_found_is_unknown() -> None:
    assert _pods({"workflowTemplateRef": {"name": "t"}}) == []


def test_templates_answer_for_their_spec() -> None:
    spec = {"templates": [TRAIN]}

    for name in ("WorkflowTemplate", "ClusterWorkflowTemplate"):
        assert _kind(name).read_facts(_object(spec, name)) == {"spec": spec}


def test_a_cron_workflow_stands_under_its_workflow_spec() -> None:
    spec = {"schedules": ["0 3 * * *"], "workflowSpec": {"templates": [TRAIN]}}
    (pod,) = _pods(spec, "CronWorkflow")
    deadlines = _deadlines(spec, "CronWorkflow")

    assert pod.path == ("spec", "workflowSpec", "templates", 0)
    assert deadlines is not None
    assert deadlines.fix_at == (("spec", "workflowSpec", "activeDeadlineSeconds"),)


@pytest.mark.parametrize(
    ("spec", "path", "value", "presence"),
    [
        ({"schedules": ["* * * * *"]}, "schedules", "Allow", Presence.ABSENT),
        ({"schedule": "* * * * *"}, "schedule", "Allow", Presence.ABSENT),
        ({"concurrencyPolicy": ""}, "schedule", "Allow", Presence.ABSENT),
        ({"concurrencyPolicy": "Forbid"}, "schedule", "Forbid", Presence.WRITTEN),
        ({"concurrencyPolicy": "Allow"}, "schedule", "Allow", Presence.WRITTEN),
    ],
)
def test_concurrency(spec: dict[str, Any], path: str, value: str, presence: Presence) -> None:
    schedule = _kind("CronWorkflow").schedule(_object(spec, "CronWorkflow"))

    assert schedule is not None
    assert schedule.path == ("spec", path)
    assert schedule.concurrency is not None
    assert schedule.concurrency.path == ("spec", "concurrencyPolicy")
    assert (schedule.concurrency.value, schedule.concurrency.presence) == (value, presence)
    assert schedule.suspended is False
    assert schedule.exclusive is False


def test_what_a_controller_alone_defaults_was_written() -> None:
    """Argo has no defaulting webhook: an admitted Allow is the user's."""
    body = {"apiVersion": "argoproj.io/v1alpha1", "spec": {"concurrencyPolicy": "Allow"}}
    schedule = _kind("CronWorkflow").schedule(Manifest(body, admitted=True))

    assert schedule is not None
    assert schedule.concurrency is not None
    assert schedule.concurrency.written


@pytest.mark.parametrize(
    "synchronization",
    [
        {"mutexes": [{"name": "m"}]},
        {"mutex": {"name": "m"}},
        {"semaphores": [{"configMapKeyRef": {}}]},
        {"semaphore": {"configMapKeyRef": {}}},
    ],
)
def test_a_lock_keeps_runs_apart(synchronization: dict[str, Any]) -> None:
    spec = {"workflowSpec": {"synchronization": synchronization}, "suspend": True}
    schedule = _kind("CronWorkflow").schedule(_object(spec, "CronWorkflow"))

    assert schedule is not None
    assert schedule.exclusive
    assert schedule.suspended


def test_workflows_are_not_scheduled() -> None:
    assert _kind("Workflow").schedule(_object({"templates": [TRAIN]})) is None


def test_a_rollout_is_like_a_deployment() -> None:
    kind = _kind("Rollout")
    spec = {
        "replicas": 4,
        "template": {
            "spec": {"containers": [{"name": "s", "resources": {"limits": {"nvidia.com/gpu": 1}}}]}
        },
    }
    (pod,) = _pods(spec, "Rollout")

    assert (pod.path, pod.replicas) == (("spec", "template"), 4)
    (kept,) = unpack_pods(kind.read_facts(_object(spec, "Rollout"))[PODS])
    assert kept.containers[0].limits == {"nvidia.com/gpu": 1}
    assert kind.priors[Role.SERVING] == 3
    assert list(kind.pods(kind.view(_object({"workloadRef": {}}, "Rollout")), _unknown)) == []


def test_registration() -> None:
    names = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "Rollout")
    kinds = [_kind(name) for name in names]

    assert [kind.plural for kind in kinds] == [name.lower() + "s" for name in names]
    assert [kind.name for kind in kinds if not kind.namespaced] == ["ClusterWorkflowTemplate"]
    assert all(kind.role is None for kind in kinds)
    assert _kind("CronWorkflow").required == (("spec", "workflowSpec"),)
