"""`mlgate review`, and `mlgate serve` where it cannot begin."""

import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from linter.cli import main
from tests.webhook.bodies import admitted, cron_job, deployment, job, review
from tests.webhook.in_process import POLICY


def replay(folder: Path, request: Any, *arguments: str) -> tuple[int, str, str]:
    file = folder / "review.json"
    file.write_text(request if isinstance(request, str) else json.dumps(request))
    out, err = io.StringIO(), io.StringIO()
    code = main(["review", str(file), *arguments], stdout=out, stderr=err)
    return code, out.getvalue(), err.getvalue()


def test_a_denial_is_told_as_a_person_reads_it(tmp_path: Path) -> None:
    code, out, _ = replay(tmp_path, review(admitted(job(backoffLimit=20))))
    assert code == 1
    assert out.startswith("CREATE Job research/finetune by alice\n  denied (profile standard, ")
    assert "  deny TRN002/batch training-retry-budget-set\n      at spec.backoffLimit: " in out
    assert "  warnings to the user:\n    TRN003 " in out


def test_a_patch_is_told_as_operations(tmp_path: Path) -> None:
    code, out, _ = replay(tmp_path, review(admitted(job())), "--endpoint", "mutate")
    assert code == 0
    assert "allowed and patched" in out
    assert "  patch:\n    replace /spec/backoffLimit = 3\n" in out


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (review(None, operation="DELETE", old=cron_job()), "operation DELETE"),
        (review(cron_job(), operation="UPDATE", subResource="status"), "subresource status"),
    ],
)
def test_what_is_not_judged_says_why(request_: Any, reason: str, tmp_path: Path) -> None:
    code, out, _ = replay(tmp_path, request_)
    assert code == 0
    assert f"allowed without judging: {reason}" in out


def test_json_holds_the_response_that_the_server_would_give(tmp_path: Path) -> None:
    body = admitted(job(ttlSecondsAfterFinished=86400))
    code, out, _ = replay(tmp_path, review(body), "--format", "json")
    tree = json.loads(out)
    assert code == 1
    assert (tree["decision"], tree["allowed"]) == ("deny", False)
    assert tree["response"]["status"]["code"] == 403
    assert [one["rule"] for one in tree["findings"]] == ["TRN002", "TRN003"]
    assert all(one["fingerprint"] for one in tree["findings"])


def test_what_only_mutates_compares_no_fingerprints(tmp_path: Path) -> None:
    flags = ("--format", "json", "--endpoint", "mutate")
    _, out, _ = replay(tmp_path, review(admitted(job())), *flags)
    assert {one["fingerprint"] for one in json.loads(out)["findings"]} == {None}


def test_a_policy_decides(tmp_path: Path) -> None:
    policy = tmp_path / "mlgate.yaml"
    policy.write_text(f"{POLICY}profile: observe\n")
    assert replay(tmp_path, review(admitted(job())), "--policy", str(policy))[0] == 0
    policy.write_text(f"{POLICY}profile: lenient\n")
    code, _, err = replay(tmp_path, review(admitted(job())), "--policy", str(policy))
    assert code == 2
    assert f"{policy}:3:10: " in err


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing stands in it; expected a manifest"),
        ("# a comment", "comments alone stand in it; expected a manifest"),
        ("[]", "no Kubernetes object: apiVersion and kind are missing; expected a manifest"),
        ('{"kind": "Job"}', "no Kubernetes object: apiVersion and kind are missing"),
        ("apiVersion: v1", "no Kubernetes object: apiVersion and kind are missing"),
        ("a: [1,\nb: 2", "line 1, column 4: "),
        (
            '{"kind": "AdmissionReview"}',
            "the body is 'AdmissionReview'; expected admission.k8s.io/v1",
        ),
        ('{"kind": "AdmissionReview"', "the body is no JSON"),
    ],
)
def test_what_is_no_review_is_exit_4(text: str, reason: str, tmp_path: Path) -> None:
    code, out, err = replay(tmp_path, text)
    assert (code, out) == (4, "")
    assert f"review.json: {reason}" in err


def test_a_file_that_is_not_there_is_exit_4(tmp_path: Path) -> None:
    err = io.StringIO()
    assert main(["review", str(tmp_path / "none")], stderr=err) == 4
    assert (
        "none: no such file or directory: give a manifest or an AdmissionReview" in err.getvalue()
    )


TWO = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  backoffLimit: 20
  template:
    spec:
      restartPolicy: Never
      containers: [{name: train, image: "a:1", command: [torchrun, train.py]}]
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: web, namespace: serving}}
"""


def test_a_manifest_is_reviewed_object_by_object(tmp_path: Path) -> None:
    code, out, _ = replay(tmp_path, TWO, "--namespace", "research")
    assert code == 1
    assert out.startswith("CREATE Job research/train by anybody\n  denied (profile standard, ")
    assert "deny TRN002/batch" in out
    assert "\n\nCREATE Service serving/web by anybody\n  allowed" in out


def test_several_objects_are_a_list_in_json(tmp_path: Path) -> None:
    _, out, _ = replay(tmp_path, TWO, "--format", "json")
    assert [(one["version"], one["allowed"]) for one in json.loads(out)] == [(1, False), (1, True)]


def test_a_manifest_is_mended_as_at_admission(tmp_path: Path) -> None:
    text = TWO.partition("---")[0].replace("  backoffLimit: 20\n", "")
    code, out, _ = replay(tmp_path, text, "--endpoint", "mutate")
    assert code == 0
    assert "  patch:\n    add /spec/backoffLimit = 3\n" in out


def test_findings_have_the_shapes_of_the_linters(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(TWO.partition("---")[0])
    lint = io.StringIO()
    main(["lint", str(tmp_path / "job.yaml"), "--format", "json"], stdout=lint)
    _, out, _ = replay(tmp_path, TWO.partition("---")[0], "--format", "json")
    linted = {row["rule"]: row for row in json.loads(lint.getvalue())["findings"]}
    reviewed = json.loads(out)["findings"]
    assert {"TRN002", "TRN003"} <= {row["rule"] for row in reviewed}
    for row in reviewed:
        assert row.pop("note") is None
        same = linted[row["rule"]]
        assert row == {key: same[key] for key in row}
        assert [key for key in same if key in row] == list(row)


def test_standard_input_is_read() -> None:
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(review(deployment())).encode()))
    out = io.StringIO()
    assert main(["review", "-"], stdin=stdin, stdout=out) == 0
    assert "allowed" in out.getvalue()


_WITHOUT = """
    import sys

    missing = set(sys.argv.pop(1).split(","))

    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in missing or name in missing:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Missing())
    from linter.cli import main
    sys.exit(main(sys.argv[1:]))
"""


WEBHOOK = "fastapi,orjson,uvicorn,cryptography"


def without_extra(
    *arguments: str, missing: str = WEBHOOK, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", textwrap.dedent(_WITHOUT), missing, *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def test_serve_without_the_extra_names_it() -> None:
    done = without_extra("serve", "--dev")
    assert done.returncode == 2
    assert "is missing: install mlgate's extra `webhook`\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_traced_without_the_extra_names_it() -> None:
    ports = ("--port", "0", "--metrics-port", "0")
    done = without_extra("serve", "--dev", *ports, "--tracing", missing="opentelemetry.sdk")
    assert done.returncode == 2
    package = "the package opentelemetry.sdk is missing"
    assert done.stderr == f"mlgate serve: {package}: install mlgate's extra `tracing`\n"


def test_review_works_without_the_extra() -> None:
    done = without_extra("review", "-", stdin=json.dumps(review(admitted(job()))))
    assert done.returncode == 1, done.stderr
    assert "TRN002" in done.stdout


def test_the_example_of_the_documentation_is_denied() -> None:
    out = io.StringIO()
    example = Path(__file__).parents[3] / "docs/review.json"
    assert main(["review", str(example)], stdout=out) == 1
    findings = [line for line in out.getvalue().splitlines() if line.startswith("  audit ")]
    assert len(findings) > 2
    _, decided, first, *_ = out.getvalue().splitlines()
    assert decided.startswith("  denied (profile standard")
    assert first == "  deny TRN002/batch training-retry-budget-set"
