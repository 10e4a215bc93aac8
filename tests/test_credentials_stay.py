"""Credentials that stand in a manifest stand in nothing that mlgate says of it, in either front."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from linter.cli import main
from linter.commands.outputs import FORMATS
from rules.credentials import find_credentials, hide, looks_secret
from tests.api_server import present
from tests.manifests import CASES, Case, read_case, read_documents
from tests.webhook.bodies import review
from tests.webhook.in_process import InProcessServer

BAD = [read_case(path) for path in sorted((CASES / "SEC001").glob("bad-*.yaml"))]
ALONE = [case for case in BAD if "kind: ConfigMap" not in case.text]
"""Cases whose objects show it all: a review has no other objects at hand."""
PLANTED = sorted({one.secret for case in BAD for one in find_credentials(case.text)})
RUNS = [
    *(["--format", name, "--show-audit", "--show-roles"] for name in FORMATS),
    ["--fix"],
    ["--diff", "--unsafe-fixes"],
]


def leaks(text: str) -> list[str]:
    """The planted credentials that a text gives away, by half of them too."""
    return [one for one in PLANTED if one in text or one[: len(one) // 2] in text]


def test_the_cases_hold_credentials() -> None:
    assert len(PLANTED) == 8
    assert all(leaks(case.text) for case in BAD)


@pytest.mark.parametrize("flags", RUNS, ids=" ".join)
@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_no_report_shows_one(case: Case, flags: list[str], tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(case.text)
    out, err = io.StringIO(), io.StringIO()
    assert main(["lint", *flags, str(manifest)], stdout=out, stderr=err) in (0, 1)
    assert "SEC001" in out.getvalue() or "secretKeyRef" in out.getvalue() or "--diff" in flags
    assert leaks(out.getvalue() + err.getvalue()) == []


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.name)
def test_the_webhook_gives_none_away(case: Case) -> None:
    server = InProcessServer()
    for document in read_documents(case.text):
        body = present(document.value)
        answers = [_ask(server, body, endpoint) for endpoint in ("validate", "mutate")]
        assert "SEC001" in answers[0]
        assert leaks("".join(answers)) == []
    assert "SEC001" in server.stream.getvalue()
    assert leaks(server.stream.getvalue()) == []
    assert leaks(server.handler.metrics.render().decode()) == []


def _ask(server: InProcessServer, body: dict[str, Any], endpoint: str) -> str:
    return json.dumps(server.send(review(body), endpoint))


@pytest.mark.parametrize(
    "text",
    [
        "env:\n- name: HF_TOKEN\n  value: {}\n",
        "env:\n- value: {}\n  name: HF_TOKEN\n",
        "env: [{{name: HF_TOKEN, value: '{}'}}]",
        '{{"name": "HF_TOKEN", "value": "{}"}}',
        "export HF_TOKEN={} && python train.py",
        "python train.py --hf-token {}",
        "python train.py --hf_token='{}'",
        "env_vars:\n  HF_TOKEN: {}\n",
    ],
)
def test_a_credential_is_hidden_however_it_is_written(text: str) -> None:
    written = "q7Zk2mVx9Lw4Tn8Rb3Jc"
    assert hide(text.format(written)) == text.format("*" * len(written))


@pytest.mark.parametrize(
    "value",
    [
        *("", "EMPTY", "changeme", "minio123", "minioadmin123", "token-abc123", "HF_TOKEN"),
        *("$HF_TOKEN", "${HF_TOKEN:-a1b2c3d4e5f6}", "<your-token>", "{{ .Values.token }}"),
        *("AKIAIOSFODNN7EXAMPLE", "sk-no-key-required", "nvapi-NVKEY", "meta-llama/Llama-3-8B"),
        *("local-vllm-key-1", "two words 12345678a", "x" * 40, "a1b2" * 1000),
    ],
)
def test_what_only_stands_for_a_credential_is_none(value: str) -> None:
    assert not looks_secret(value)


@pytest.mark.parametrize(
    "text",
    [
        "hf_",
        "sk-",
        "AKIA",
        "github_pat_",
        "HF_TOKEN=",
        "HF_TOKEN ",
        "nvapi-a",
        "name: value: ",
        "'",
    ],
)
def test_a_text_is_looked_through_once(text: str) -> None:
    """A thousand times the longest that one of these is in earnest: what takes the square of that
    does not come to an end."""
    long = text * (256_000 // len(text))
    assert hide(long) == long


@pytest.mark.parametrize("filler", [0, 800, 4090, 4100, 50_000])
def test_credentials_are_hidden_wherever_they_stand_in_a_large_text(filler: int) -> None:
    written = "q7Zk2mVx9Lw4Tn8Rb3Jc"
    pairs = ("name: HF_TOKEN\nvalue: {}\n", "value: {}\nname: HF_TOKEN\n", "--hf-token {}\n")
    text = ("a: b\n" * filler).join(["", *pairs, "# hf_" + "Ab1" * 12 + "\n", ""])
    shown = hide(text.replace("{}", written))
    assert written not in shown
    assert "Ab1" not in shown
    assert len(shown) == len(text.replace("{}", written))
