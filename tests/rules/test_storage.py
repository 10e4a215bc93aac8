"""Where a pod's outputs end up, and what outlives it."""

from typing import Any

import pytest

from rules.commands import CommandLine
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_bare_pod
from rules.outputs import INPUT_FLAG, OUTPUT_ENV, OUTPUT_FLAG, Naming, read_outputs
from rules.storage import (
    Keeping,
    Storage,
    find_scratched_data,
    keeps_scratch,
    scratch_mounts,
    suggest_claim,
    trace_outputs,
)

NAMING = Naming(OUTPUT_FLAG, INPUT_FLAG, OUTPUT_ENV)
SCHEMES = frozenset({"s3", "gs"})
VOLUMES = [
    {"name": "claim", "persistentVolumeClaim": {"claimName": "models"}},
    {"name": "locked", "persistentVolumeClaim": {"claimName": "models", "readOnly": True}},
    {"name": "scratch", "emptyDir": {}},
    {"name": "node", "hostPath": {"path": "/data"}},
    {"name": "settings", "configMap": {"name": "x"}},
    {"name": "bare"},
    {"name": "odd", "somethingNew": {}},
    {"name": "lent", "ephemeral": {"volumeClaimTemplate": {}}},
]


def pod(container: dict[str, Any], **known: Any) -> Pod:
    spec = {"containers": [{"name": "main", **container}], "volumes": VOLUMES}
    return make_bare_pod(("spec",), spec, **known)


def place(target: str, mount: str = "", **more: Any) -> Keeping:
    mounts = [{"name": mount, "mountPath": "/out"}] if mount else []
    known = more.pop("known", {})
    one = pod({"args": ["--output_dir", target], "volumeMounts": mounts, **more}, **known)
    [output] = read_outputs(CommandLine(one.mains[0]), NAMING)
    [(_, found)] = Storage(one, SCHEMES).locate([output], one.mains[0])
    return found.keeping


@pytest.mark.parametrize(
    ("target", "mount", "keeping"),
    [
        ("s3://bucket/x", "", "durable"),
        ("ftp://host/x", "", "unknown"),
        ("$OUT", "", "unknown"),
        ("/out/run", "claim", "durable"),
        ("/out", "locked", "read-only"),
        ("/out", "scratch", "ephemeral"),
        ("/out", "node", "weak"),
        ("/out", "settings", "read-only"),
        ("/out", "bare", "ephemeral"),
        ("/out", "odd", "unknown"),
        ("/out", "lent", "ephemeral"),
        ("/out", "nowhere", "ephemeral"),
        ("/outside", "claim", "ephemeral"),
        ("./rel/x", "claim", "ephemeral"),
    ],
)
def test_places(target: str, mount: str, keeping: str) -> None:
    assert place(target, mount) == keeping


def test_a_relative_path_starts_in_the_working_directory() -> None:
    assert place("./run/x", "claim", workingDir="/out") == "durable"
    assert place("~/run", "claim", workingDir="/out") == "ephemeral"


def test_the_innermost_mount_counts() -> None:
    mounts = [("scratch", "/out"), ("claim", "/out/run/"), ("node", "/out/run/1")]
    container = {"volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts]}
    targets = ("/out/run/model", "/out/running", "/out/run", "/out/run/1/x", "/other")
    one = pod({"args": [f"--output_dir={target}" for target in targets], **container})
    places = Storage(one, SCHEMES).locate(
        read_outputs(CommandLine(one.mains[0]), NAMING), one.mains[0]
    )
    keepings = ["durable", "ephemeral", "durable", "weak", "ephemeral"]
    assert [found.keeping for _, found in places] == keepings


@pytest.mark.parametrize(
    ("target", "artifact", "keeping"),
    [
        ("/out/model", "/out", "durable"),
        ("/out", "/out/", "durable"),
        ("/out", "/out/model", "durable"),
        ("/out", "/outside", "ephemeral"),
        ("/outside", "/out", "ephemeral"),
        ("/", "/out", "durable"),
        ("/out", "/", "durable"),
    ],
)
def test_an_artifact_keeps_what_is_in_it_or_holds_it(
    target: str, artifact: str, keeping: str
) -> None:
    assert place(target, known={"artifacts": ("/a", artifact, "/z")}) == keeping


def test_artifacts_are_kept_and_other_objects_may_decide() -> None:
    assert place("/out/model", known={"artifacts": ("/out",)}) == "durable"
    assert place("/out/model", known={"outputs_known": False}) == "unknown"
    assert place("/out", "nowhere", known={"complete": False}) == "unknown"


@pytest.mark.parametrize(
    ("arguments", "mounts", "named", "keeping"),
    [
        (["--output_dir=/a", "--output_dir=s3://b"], {}, "s3://b", "durable"),
        (["--output_dir=/a", "--output_dir=$B"], {}, "$B", "unknown"),
        (["--output_dir=/a", "--output_dir=/b"], {"/b": "node"}, "/b", "weak"),
        (["--output_dir=/a", "--output_dir=/b"], {}, "/a", "ephemeral"),
        (["--output_dir=/a", "--model_dir=/b"], {"/b": "claim"}, "/b", "durable"),
        (["--output_dir=/a", "--model_dir=/b"], {"/b": "node"}, "/a", "ephemeral"),
        (["--model_dir=/b"], {"/b": "node"}, None, "weak"),
        ([], {"/b": "scratch", "/c": "claim"}, None, "durable"),
        ([], {"/b": "node", "/c": "odd"}, None, "unknown"),
        ([], {"/b": "locked"}, None, "read-only"),
        ([], {}, None, "ephemeral"),
        (["--data=s3://in"], {}, None, "ephemeral"),
        (["--sink=s3://out"], {}, None, "durable"),
    ],
)
def test_the_best_place_of_all_outputs_counts(
    arguments: list[str], mounts: dict[str, str], named: str | None, keeping: str
) -> None:
    written = [{"name": name, "mountPath": path} for path, name in mounts.items()]
    one = pod({"args": arguments, "volumeMounts": written})
    output, found = trace_outputs(one, NAMING, SCHEMES, CommandLine)

    assert (output.target if output else None) == named
    assert found.keeping == keeping


@pytest.mark.parametrize(
    "known", [{"outputs_known": False}, {"complete": False}, {"artifacts": ("/model",)}]
)
def test_nothing_is_guessed_where_another_decides(known: dict[str, Any]) -> None:
    _, found = trace_outputs(pod({}, **known), NAMING, SCHEMES, CommandLine)

    assert found.keeping is Keeping.UNKNOWN


def test_a_tracker_keeps_what_is_not_named() -> None:
    env = [{"name": "MLFLOW_TRACKING_URI", "value": "http://m"}]
    _, found = trace_outputs(pod({"env": env}), NAMING, SCHEMES, CommandLine)

    assert found.keeping is Keeping.DURABLE


def test_what_is_scratch() -> None:
    volumes = [
        {"name": "disk", "emptyDir": {}},
        {"name": "bare", "emptyDir": None},
        {"name": "memory", "emptyDir": {"medium": "Memory"}},
        {"name": "claim", "persistentVolumeClaim": {"claimName": "c"}},
    ]
    names = ["disk", "bare", "memory", "claim", "other"]
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in names]
    spec = {"containers": [{"name": "main", "volumeMounts": mounts}], "volumes": volumes}
    one = make_bare_pod(("spec",), spec)

    found = [(mount.mount_path, volume.name) for mount, volume in scratch_mounts(one, one.mains[0])]
    assert found == [("/disk", "disk"), ("/bare", "bare")]


@pytest.mark.parametrize(
    ("mounts", "found"),
    [
        ({"/scratch": "scratch", "/data/x": "scratch"}, "/data/x"),
        ({"/models": "scratch"}, "/models"),
        ({"/data": "claim", "/cache": "scratch"}, None),
        ({"/database": "scratch"}, None),
        ({}, None),
    ],
)
def test_data_on_scratch_is_found_by_its_folder(mounts: dict[str, str], found: str | None) -> None:
    written = [{"name": name, "mountPath": path} for path, name in mounts.items()]
    one = pod({"volumeMounts": written})
    data = find_scratched_data(one, one.mains[0])

    assert (data[0].mount_path if data else None) == found
    assert keeps_scratch(one) == ("scratch" in mounts.values())


def test_a_claim_is_suggested_where_it_would_be_written() -> None:
    suggested = suggest_claim(pod({}))

    assert suggested.startswith(
        "mount one, such as spec.volumes: [{name: output, persistentVolumeClaim:"
    )
    assert "spec.containers[0].volumeMounts: [{name: output," in suggested
