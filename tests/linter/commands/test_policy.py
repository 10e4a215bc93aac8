"""``mlgate policy check`` and ``show``, and the schema that is shipped."""

import argparse
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import yaml

from linter.commands.policy import SCHEMA_FILE, add_arguments, run, schema_text, write_schema
from linter.errors import UserError
from rules.checks import ALL
from rules.policy.schema import schema

HEAD = "apiVersion: mlgate.dev/v1\nkind: Policy\n"


def call(*words: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    out, err = io.StringIO(), io.StringIO()
    code = run(parser.parse_args(words, SimpleNamespace()), out, err)
    assert not err.getvalue()
    return code, out.getvalue()


def show(*words: str) -> Any:
    code, text = call("show", "--format", "json", *words)
    assert code == 0
    return json.loads(text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_check_says_ok(folder: Path) -> None:
    (folder / "mlgate.yaml").write_text(HEAD)
    (folder / "other.yaml").write_text(HEAD + "profile: observe\n")

    assert call("check") == (0, "mlgate.yaml: ok\n")
    assert call("check", "other.yaml") == (0, "other.yaml: ok\n")


def test_k126_check_warns_of_exceptions_that_have_expired(folder: Path) -> None:
    entry = "{rules: [TRN003], match: {kind: Job}, reason: sweeps, owner: ml, expires: %s}"
    old, new = entry % "2020-01-31", entry % "2999-01-31"
    (folder / "mlgate.yaml").write_text(f"{HEAD}exceptions:\n  - {new}\n  - {old}\n")
    column = 5 + old.index("2020")
    assert call("check") == (
        0,
        (
            f"mlgate.yaml:5:{column}: warning: the exception of ml expired on 2020-01-31: sweeps\n"
            "mlgate.yaml: ok\n"
        ),
    )


def test_check_prints_every_problem_and_exits_2(folder: Path) -> None:
    (folder / "mlgate.yaml").write_text(HEAD + "profile: strct\nrules: {TRN03: deny}\n")

    assert call("check") == (
        2,
        (
            "mlgate.yaml:3:10: profile: expected one of observe, standard, strict; found 'strct'; "
            "did you mean 'strict'?\n"
            "mlgate.yaml:4:9: rules: there is no rule 'TRN03'; did you mean 'TRN003'?\n"
        ),
    )


@pytest.mark.usefixtures("folder")
def test_check_needs_a_policy() -> None:
    with pytest.raises(UserError, match=r"there is no mlgate\.yaml here or above"):
        call("check")


@pytest.mark.usefixtures("folder")
def test_show_without_a_policy_prints_the_defaults() -> None:
    shown = show()

    assert shown["file"] is None
    assert shown["profile"] == {"value": "standard", "from": "default"}
    assert shown["rules"].keys() == {rule.code for rule in ALL}
    assert shown["rules"]["TRN003"]["forms"]["missing"] == {
        "action": "warn", "from": "profile standard",
    }  # fmt: skip
    assert shown["rules"]["TRN003"]["parameters"]["default"] == {
        "value": 86400, "from": "default",
    }  # fmt: skip
    assert shown["parameters"]["roles"]["label"] == {"value": "mlgate.dev/role", "from": "default"}
    assert shown["exceptions"] == []


def test_show_tells_where_each_value_came_from(folder: Path) -> None:
    (folder / "mlgate.yaml").write_text(
        HEAD
        + """
profile: strict
rules:
  TRN002: {action: warn, max: 5}
  TRN001/operator: off
parameters: {serving: {slow_load_seconds: {13B: 400}}}
kinds: [{group: x.io, kind: T, templates: ["spec.a[*].template"]}]
exceptions:
  - {rules: [TRN003], match: {name: "sweep-*"}, reason: bounded, owner: me, expires: 2027-01-31}
"""
    )
    shown = show()

    assert shown["file"] == "mlgate.yaml"
    assert shown["profile"] == {"value": "strict", "from": "profile"}
    retries = shown["rules"]["TRN002"]
    assert retries["forms"]["operator"] == {"action": "warn", "from": "rules: TRN002"}
    assert retries["parameters"]["max"] == {"value": 5, "from": "rules: TRN002"}
    assert retries["parameters"]["max_spot"]["from"] == "default"
    forms = shown["rules"]["TRN001"]["forms"]
    assert forms["operator"] == {"action": "off", "from": "rules: TRN001/operator"}
    assert forms["batch"] == {"action": "deny", "from": "profile strict"}
    seconds = shown["parameters"]["serving"]["slow_load_seconds"]
    assert seconds["13B"] == {"value": 400, "from": "parameters"}
    assert seconds["40B"] == {"value": 600, "from": "default"}
    assert shown["kinds"] == [{"group": "x.io", "name": "T", "templates": ["spec.a[*].template"]}]
    (exception,) = shown["exceptions"]
    assert exception == {
        "rules": ["TRN003"], "reason": "bounded", "owner": "me", "expires": "2027-01-31",
        "name": "sweep-*",
    }  # fmt: skip


def test_show_prints_namespaces_as_they_hold(folder: Path) -> None:
    (folder / "mlgate.yaml").write_text(
        HEAD + 'namespaces: [{match: {name: "lab-*"}, profile: observe, rules: {TRN003: off}}]\n'
    )

    assert show()["namespaces"] == [
        {"name": "lab-*", "profile": "observe", "rules": {"TRN003": "off"}}
    ]


def test_show_takes_the_flags_profile(folder: Path) -> None:
    (folder / "mlgate.yaml").write_text(HEAD + "rules: {TRN003: off}\n")
    shown = show("--profile", "observe")

    assert shown["profile"] == {"value": "observe", "from": "--profile"}
    assert shown["rules"]["TRN003"]["forms"]["missing"] == {
        "action": "audit", "from": "--profile observe",
    }  # fmt: skip


def test_show_prints_the_same_as_yaml(folder: Path) -> None:
    (folder / "mlgate.yaml").write_text(HEAD + "rules: {TRN002: {max: 5}}\n")
    code, text = call("show")

    assert code == 0
    assert yaml.safe_load(text) == show()


def test_the_shipped_schema_is_the_generated_one() -> None:
    assert Path(SCHEMA_FILE).read_text(encoding="utf-8") == schema_text()
    assert json.loads(schema_text()) == schema(ALL)


def test_the_schema_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "schema.json"
    monkeypatch.setattr("linter.commands.policy.SCHEMA_FILE", str(file))
    write_schema()

    assert file.read_text(encoding="utf-8") == schema_text()


def test_the_shipped_schema_holds_for_a_real_policy() -> None:
    policy = {
        "apiVersion": "mlgate.dev/v1",
        "kind": "Policy",
        "rules": {"TRN003": "deny", "TRN002": {"action": "warn", "max": 5}},
    }
    jsonschema.validate(policy, json.loads(schema_text()))


def test_check_takes_several(folder: Path) -> None:
    (folder / "mlgate.yaml").write_text(HEAD)
    (folder / "other.yaml").write_text(HEAD + "profile: none\n")

    code, text = call("check", "mlgate.yaml", "other.yaml")
    assert code == 2
    assert text.startswith("mlgate.yaml: ok\nother.yaml:3:10: ")
