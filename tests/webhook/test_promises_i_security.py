"""Group I: hostile input and bad policies, one test a promise."""

import gc
import io
import json
import logging
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.inventory import Inventory
from rules.policy import Policy
from tests.growth import measure_growth
from tests.manifests import TODAY
from tests.webhook.bodies import admitted, cron_job, job, pytorch_job, review
from tests.webhook.in_process import POLICY, InProcessServer, policies_of
from webhook.observability.logs import Log, LogBridge
from webhook.review.admission import mutate, validate
from webhook.review.context import ReviewContext
from webhook.review.decoding import MAX_DEPTH, decode_body
from webhook.review.request import BadReview
from webhook.server.policy_reloader import (
    BUILT_IN_REVISION,
    PolicyReloader,
    PolicyUnusable,
    count_expired_exceptions,
)
from webhook.server.process import reload_policy

KNOWN = ReviewContext(Policy(profile="strict"), Inventory(), TODAY)


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"[]" + b"}" * levels


def test_i79_depth_is_bounded() -> None:
    for levels in (MAX_DEPTH - 2, MAX_DEPTH + 1, 900, 100_000):
        tree, depth = decode_body(nested(levels)), 0
        while isinstance(tree, dict):
            tree, depth = tree["a"], depth + 1
        assert depth == min(levels, MAX_DEPTH)
        assert InProcessServer().post(nested(levels)).status == 400


@pytest.mark.parametrize("fragment", ["a", "-", "$(", "{{"])
def test_i79_no_text_of_an_object_takes_long(fragment: str) -> None:
    def judge(count: int) -> None:
        assert validate(review(wordy(fragment * count)), KNOWN).errors == ()

    assert measure_growth(judge, 25_000, 8) < 20


def wordy(text: str) -> dict[str, Any]:
    """A Job with the text in each place where rules read one."""
    body = admitted(job())
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["command"] = ["python", "train.py", text, f"--output-dir={text}"]
    container["env"] = [{"name": text, "value": text}]
    container["image"] = text
    body["metadata"]["annotations"]["mlgate.dev/ignore"] = text
    return body


def jobset(jobs: int, **metadata: Any) -> dict[str, Any]:
    """A JobSet of training jobs, none with a budget."""
    container = {"name": "c", "image": "trainer:1", "command": ["python", "train.py"]}
    template = {"spec": {"containers": [container]}}
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": "sweep", **metadata},
        "spec": {
            "replicatedJobs": [
                {"name": f"n{number}", "template": {"spec": {"template": template}}}
                for number in range(jobs)
            ]
        },
    }


def pod_job(*containers: dict[str, Any], **pod: Any) -> dict[str, Any]:
    body = job()
    body["spec"]["template"]["spec"] = {"containers": list(containers), **pod}
    return body


def trainer(**more: Any) -> dict[str, Any]:
    return {"name": "c", "image": "trainer:1", "command": ["python", "train.py"], **more}


def gpus(count: int) -> dict[str, Any]:
    return {"requests": {f"nvidia.com/gpu{number}": 1 for number in range(count)}}


def volcano(tasks: int) -> dict[str, Any]:
    """Tasks of which the plugin alone says that they train."""
    pod = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
    return {
        "apiVersion": "batch.volcano.sh/v1alpha1",
        "kind": "Job",
        "metadata": {"name": "a"},
        "spec": {
            "plugins": {"pytorch": []},
            "tasks": [{"name": f"n{number}", "template": pod} for number in range(tasks)],
        },
    }


def ignored(count: int) -> dict[str, Any]:
    return jobset(count, annotations={"mlgate.dev/ignore": "CRN001=a;" * count})


def mounted(count: int) -> dict[str, Any]:
    """As many outputs as mounts and volumes."""
    container = trainer(
        args=[f"--output-dir=/m{number}/x" for number in range(count)],
        volumeMounts=[{"name": f"v{n}", "mountPath": f"/m{n}"} for n in range(count)],
    )
    return pod_job(container, volumes=[{"name": f"v{n}", "emptyDir": {}} for n in range(count)])


MANY: dict[str, Callable[[int], dict[str, Any]]] = {
    "jobs": jobset,
    "jobs and ignores": ignored,
    "tasks": volcano,
    "requests": lambda count: pod_job(trainer(resources=gpus(count))),
    "containers": lambda count: pod_job(*[trainer(resources=gpus(1))] * count),
    "outputs, mounts and volumes": mounted,
}
"""Where a rule once compared each of thousands with each other, for minutes."""


@pytest.mark.parametrize("make", MANY.values(), ids=MANY)
def test_i79_many_of_one_thing_take_no_longer_each(make: Callable[[int], dict[str, Any]]) -> None:
    def judge(count: int) -> None:
        assert validate(review(make(count)), KNOWN).errors == ()
        mutate(review(make(count)), KNOWN)

    assert measure_growth(judge, 200, 8) < 20


def test_i79_a_value_is_not_written_out_each_time_that_it_is_named() -> None:
    value = "/" + "a" * 100_000
    body = pod_job(trainer(env=[{"name": "A", "value": value}], args=["--output-dir=" + "$A" * 9]))
    [lost] = [one for one in validate(review(body), KNOWN).findings if one.rule == "STO001"]
    assert lost.message.startswith("outputs are lost with the pod: output-dir is $A$A")
    assert len(lost.message) < 1000


@pytest.mark.parametrize("place", ["name", "namespace", "key", "container"])
def test_i79_long_names_are_not_written_out_for_each_finding(place: str) -> None:
    long = "train" * 20_000
    key, name = (long if place == one else "Worker" for one in ("key", "container"))
    each = trainer(name=name, resources=gpus(2))
    body = pytorch_job()
    template = {"spec": {"containers": [each]}}
    body["spec"] = {"pytorchReplicaSpecs": {key: {"template": template}}}
    body["metadata"] = {place: long}
    known = KNOWN._replace(policy=Policy(profile="strict"))
    namespace = long if place == "namespace" else "research"
    findings = validate(review(body, namespace=namespace), known).findings
    assert {finding.rule for finding in findings} >= {"GPU001", "TRN002"}
    for finding in findings:
        assert len(finding.fingerprint) < 2000
        assert len(finding.message) < 2000


def test_i79_what_is_remembered_of_long_names_is_bounded() -> None:
    def judge(number: int) -> None:
        long = f"{number}" + "a" * 100_000
        container = trainer(name=long, image=f"registry/{long}", command=[f"{long}.py"])
        container["resources"] = {"requests": {f"nvidia.com/{long}": 1}}
        container["env"] = [{"name": long, "value": long}]
        container["args"] = [f"--{long}", f"--{long}=/out"]
        validate(review(pod_job(container)), KNOWN)

    judge(0)
    tracemalloc.start()
    try:
        for number in range(1, 21):
            judge(number)
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


def test_i79_more_fixes_than_anyone_needs_are_no_patch() -> None:
    body = pod_job(*(trainer(name=f"c{n}", resources=gpus(1)) for n in range(301)))
    outcome = mutate(review(body), KNOWN)
    assert outcome.allowed
    assert outcome.dropped
    assert "patch" not in outcome.body["response"]
    body["spec"]["template"]["spec"]["containers"] = body["spec"]["template"]["spec"]["containers"][
        :9
    ]
    assert "GPU001" in mutate(review(body), KNOWN).patched


def test_i79_a_message_counts_findings_that_it_does_not_show() -> None:
    body = pod_job(*(trainer(name=f"c{n}", resources=gpus(1)) for n in range(500)))
    outcome = validate(review(body), KNOWN)
    message = outcome.body["response"]["status"]["message"]
    denied = sum(finding.action == "deny" for finding in outcome.findings)
    shown = message.count("GPU001/") + message.count("TRN002/")
    assert denied > 500
    assert message.startswith(f"{denied} findings:\n")
    assert f"\n+{denied - shown} more: " in message
    assert len(message.encode()) <= 2048


@pytest.mark.parametrize("value", [{}, [], {"a": 1}, 1, True])
def test_i79_a_mapping_in_place_of_a_word_crashes_no_rule(value: Any) -> None:
    volumes = [{"name": "a", "emptyDir": value}]
    body = pod_job(trainer(), tolerations=[{"key": value}], volumes=volumes)
    body["metadata"]["labels"] = {"mlgate.dev/role": value}
    body["spec"]["template"]["metadata"] = {"annotations": {"mlgate.dev/role": value}}
    outcome = validate(review(body), KNOWN)
    assert outcome.errors == ()
    assert [one.path[-2:] for one in outcome.findings if one.rule == "MLG006"] == [
        ("labels", "mlgate.dev/role"),
        ("annotations", "mlgate.dev/role"),
    ]


@pytest.mark.parametrize("value", ["Memory", ["Memory"], 1, True])
def test_i79_an_empty_dir_that_is_no_mapping_crashes_no_rule(value: Any) -> None:
    """The fix is safe where nothing keeps its files on a disk of the node."""
    container = trainer(volumeMounts=[{"name": "a", "mountPath": "/a"}])
    pod = {"containers": [container], "volumes": [{"name": "a", "emptyDir": value}]}
    template = {"spec": {**pod, "restartPolicy": "OnFailure"}}
    body = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledJob",
        "metadata": {"name": "a"},
        "spec": {"jobTargetRef": {"template": template}, "triggers": [{"type": "cron"}]},
    }
    outcome = validate(review(body), KNOWN)
    assert outcome.errors == ()
    [found] = [finding for finding in outcome.findings if finding.rule == "TRN001"]
    assert found.fix is not None
    assert not found.fix.safe


@pytest.mark.parametrize("operation", [{"a": "b"}, None, 1, "\x85\x9b2J" + "a" * 100_000])
def test_i79_why_a_request_passes_is_short_and_plain(operation: Any) -> None:
    passed = validate(review(job(), operation=operation), KNOWN).passed
    assert passed is not None
    assert passed.startswith("operation ")
    assert passed.isprintable()
    assert len(passed) < 400


def test_i79_of_a_key_that_stands_twice_the_last_counts() -> None:
    first = json.dumps(review(admitted(job())))
    twice = first.replace('"backoffLimit": 6', '"backoffLimit": 9, "backoffLimit": 2')
    assert twice != first
    assert validate(decode_body(twice.encode()), KNOWN._replace(policy=Policy())).allowed


_LEAF = st.none() | st.booleans() | st.integers(-1, 9) | st.text(max_size=5) | st.floats()
_TREE = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(tree, dict):
        for key, value in tree.items():
            found += places(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            found += places(value, (*path, index))
    return found


def planted(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = planted(tree[path[0]], path[1:], value)
    return copy


@given(data=st.data())
def test_i79_whatever_stands_anywhere_there_is_an_answer_or_400(data: st.DataObject) -> None:
    bodies = (admitted(job()), cron_job(), pytorch_job())
    body = data.draw(st.sampled_from(bodies))
    tree = review(body, operation=data.draw(st.sampled_from(["CREATE", "UPDATE"])), old=body)
    for _ in range(data.draw(st.integers(1, 3))):
        tree = planted(tree, data.draw(st.sampled_from(places(tree))), data.draw(_TREE))
    for judge in (validate, mutate):
        try:
            outcome = judge(tree, KNOWN)
        except BadReview:
            continue
        assert not [error for error in outcome.errors if "crashed" in error]


@given(body=st.binary(max_size=200))
def test_i79_whatever_bytes_come_they_are_no_review(body: bytes) -> None:
    with pytest.raises(BadReview):
        validate(decode_body(body), KNOWN)


BAD = [
    "profile: lenient\n",
    "rules: {TRN999: deny}\n",
    "rules: {TRN002: {max: many}}\n",
    "unknown: 1\n",
    "rules: [\n",
    "rules: {TRN002: deny}\nrules: {TRN002: warn}\n",
]


@pytest.mark.parametrize("text", BAD)
def test_i80_a_bad_policy_is_no_beginning(text: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyUnusable, match=r"mlgate\.yaml:\d+:\d+: "):
        policies_of(tmp_path, text)


@pytest.mark.parametrize("text", BAD)
def test_i80_the_last_good_policy_stays(text: str, tmp_path: Path) -> None:
    server = InProcessServer(policies_of(tmp_path, "profile: observe\n"))
    good = server.handler.policies.active
    (tmp_path / "mlgate.yaml").write_text(POLICY + text)
    for _ in range(3):
        reload_policy(server.handler)
    assert server.handler.policies.active is good
    assert server.send(review(admitted(job())))["allowed"] is True
    assert server.sample("mlgate_config_reload_total", ok="false") == 1
    assert [line["level"] for line in server.lines() if line["event"] == "policy"] == ["error"]


def test_i80_a_mended_policy_counts_at_once(tmp_path: Path) -> None:
    server = InProcessServer(policies_of(tmp_path, "profile: observe\n"))
    file = tmp_path / "mlgate.yaml"
    for text, ok in (("profile: [", False), ("profile: strict", True)):
        file.write_text(POLICY + text)
        reload_policy(server.handler)
        assert (server.handler.policies.error is None) is ok
    revision = server.handler.policies.active.revision
    assert server.sample("mlgate_config_reload_total", ok="true") == 1
    assert server.sample("mlgate_config_revision", revision=revision) == 1
    assert server.send(review(admitted(job())))["allowed"] is False


def test_i80_a_file_that_was_gone_and_came_back_is_good(tmp_path: Path) -> None:
    settings = policies_of(tmp_path, "profile: observe\n")
    file = tmp_path / "mlgate.yaml"
    text = file.read_text()
    file.unlink()
    assert settings.refresh() is False
    assert settings.refresh() is None
    file.write_text(text)
    assert settings.refresh() is True
    assert settings.error is None
    assert settings.refresh() is None


def test_i80_kubelets_symlink_swap_is_followed(tmp_path: Path) -> None:
    def publish(name: str, profile: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "mlgate.yaml").write_text(f"{POLICY}profile: {profile}\n")
        (tmp_path / "next").symlink_to(name)
        (tmp_path / "next").rename(tmp_path / "..data")

    publish("..one", "observe")
    (tmp_path / "mlgate.yaml").symlink_to("..data/mlgate.yaml")
    settings = PolicyReloader(tmp_path / "mlgate.yaml")
    publish("..two", "strict")
    assert settings.refresh() is True
    assert settings.active.policy.profile == "strict"


def test_the_policys_revision_is_that_of_its_text(tmp_path: Path) -> None:
    assert PolicyReloader().active.revision == BUILT_IN_REVISION
    one = policies_of(tmp_path, "profile: strict\n").active.revision
    assert one == policies_of(tmp_path, "profile: strict\n").active.revision
    assert one != policies_of(tmp_path, "profile: strict \n").active.revision


def test_expired_exceptions_are_counted(tmp_path: Path) -> None:
    entry = "{rules: [TRN002], match: {kind: Job}, reason: a, owner: b, expires: 2026-05-31}"
    policy = policies_of(tmp_path, f"exceptions: [{entry}]\n").active.policy
    assert count_expired_exceptions(policy, TODAY) == 1
    assert count_expired_exceptions(policy, TODAY.replace(month=5)) == 0


def test_what_a_library_says_again_at_once_is_written_once() -> None:
    stream = io.StringIO()
    bridge = LogBridge(Log(stream))
    crash = (OSError, OSError("too many open files"), None)
    for text, exc_info in (("Invalid HTTP request.", None), ("else", None), ("accept", crash)):
        for _ in range(1000):
            record = logging.LogRecord("uvicorn", logging.ERROR, "", 0, text, (), exc_info)
            bridge.handle(record)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("message") or line["error"] for line in lines] == [
        "Invalid HTTP request.",
        "else",
        "OSError",
    ]
