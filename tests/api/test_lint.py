"""The public API: objects and files judged as the command judges them."""

import datetime
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

import mlgate
import rules
from tests.linter.test_cli import BAD, FIXABLE, call

RULES = ("CRN001", "HPA001", "STO001")


def retrain(**spec: Any) -> dict[str, Any]:
    body: dict[str, Any] = yaml.safe_load(FIXABLE)
    body["spec"].update(spec)
    return body


def test_an_object_is_judged() -> None:
    report = mlgate.lint(retrain(), select=RULES)
    first, second = report.findings
    assert (first.rule, first.form, first.action) == ("CRN001", "overlap", "deny")
    assert first.object == ("batch/v1", "CronJob", None, "nightly-retrain")
    assert first.path == ("spec", "concurrencyPolicy")
    assert (first.file, first.number, first.line) == (None, 0, None)
    assert second.rule == "STO001"
    assert str(first).startswith("deny[CRN001/overlap] CronJob/nightly-retrain: runs may overlap")


def test_a_good_object_passes() -> None:
    report = mlgate.lint(retrain(concurrencyPolicy="Forbid"), select=["CRN001"])
    assert (report.findings, report.unread) == ((), ())
    assert report.passes("audit")
    assert str(report) == ""


def test_objects_and_files_are_judged_together(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(BAD)
    report = mlgate.lint(retrain(), tmp_path, str(tmp_path / "web.yaml"), select=RULES)
    (web,) = (one for one in report.findings if one.rule == "HPA001")
    assert (web.file, web.line, web.column) == (str(tmp_path / "web.yaml"), 4, 1)
    assert not report.passes("deny")
    assert report.passes("never")


def test_it_finds_what_the_command_finds(tmp_path: Path) -> None:
    (tmp_path / "both.yaml").write_text(f"{BAD}---\n{FIXABLE}")
    out = json.loads(call("lint", str(tmp_path), "--format", "json").out)
    report = mlgate.lint(tmp_path)
    assert [one.fingerprint for one in report.findings] == [
        row["fingerprint"] for row in out["findings"]
    ]
    bodies = yaml.safe_load_all((tmp_path / "both.yaml").read_text())
    assert {one.fingerprint for one in mlgate.lint(*bodies).findings} == {
        one.fingerprint for one in report.findings
    }


def test_a_policy_and_a_profile_count(tmp_path: Path) -> None:
    policy = tmp_path / "mlgate.yaml"
    policy.write_text("apiVersion: mlgate.dev/v1\nkind: Policy\nrules: {CRN001: off}\n")
    assert mlgate.lint(retrain(), policy=policy, select=["CRN001"]).findings == ()
    (one,) = mlgate.lint(retrain(), profile="observe", select=["CRN001"]).findings
    assert one.action == "audit"


def test_what_cannot_be_read_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("apiVersion: v1\nkind: Pod\n a: [\n")
    report = mlgate.lint(tmp_path, tmp_path / "nowhere")
    assert {one.file for one in report.unread} == {
        str(tmp_path / "broken.yaml"),
        str(tmp_path / "nowhere"),
    }
    assert not report.passes("never")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"policy": "/nowhere.yaml"}, "/nowhere.yaml: No such file or directory"),
        ({"profile": "loud"}, "profile is loud; expected one of observe, standard, strict"),
        ({"policy": {"profile": "strict"}}, "policy is of type dict; expected a path"),
        ({"select": ["TRN9"]}, "TRN9"),
        ({"select": "TRN"}, "select is TRN; expected a list of rules"),
        ({"ignore": [1]}, "ignore holds 1; expected rules"),
        ({"namespace": 1}, "namespace is 1; expected a name"),
    ],
)
def test_a_wrong_argument_is_an_error(words: dict[str, Any], complaint: str) -> None:
    with pytest.raises(mlgate.LintError, match=complaint):
        mlgate.lint(retrain(), **words)


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ((), "nothing is given to judge"),
        (([{}],), r"of type list; expected a path, or an object: .* lint\(\*objects\)"),
        ((None,), "of type NoneType; expected a path"),
        (("",), "expected a path"),
        (("a\0b",), "expected a path"),
    ],
)
def test_a_wrong_input_is_an_error(inputs: tuple[Any, ...], complaint: str) -> None:
    with pytest.raises(mlgate.LintError, match=complaint):
        mlgate.lint(*inputs)


@pytest.mark.parametrize("value", [object(), float("nan"), datetime.date(2026, 1, 1), "\ud800"])
def test_an_object_must_be_plain_data(value: object) -> None:
    with pytest.raises(mlgate.LintError, match="no plain data"):
        mlgate.lint({"apiVersion": value})


def test_an_object_must_not_be_nested_without_end() -> None:
    deep: dict[str, Any] = {}
    for _ in range(20_000):
        deep = {"a": deep}
    with pytest.raises(mlgate.LintError, match="nested too deep"):
        mlgate.lint(deep)


def test_mappings_of_any_type_are_objects() -> None:
    body = retrain()
    wrapped = {**body, "spec": MappingProxyType(body["spec"])}
    assert mlgate.lint(wrapped) == mlgate.lint(body)


def test_where_nothing_is_judged_nothing_passes(tmp_path: Path) -> None:
    report = mlgate.lint(tmp_path)
    assert str(report) == f"{tmp_path}: cannot be read: nothing to check in it"
    assert not report.passes("never")


def test_what_a_report_is_asked_for_is_an_action() -> None:
    report = mlgate.lint(retrain())
    with pytest.raises(
        mlgate.LintError, match="expected one of deny, warn, audit, never, found all"
    ):
        report.passes("all")  # type: ignore[arg-type]


def test_the_version_is_the_commands() -> None:
    assert mlgate.__version__ == rules.VERSION
