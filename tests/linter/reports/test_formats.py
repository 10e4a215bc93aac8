"""The reports for programs: each as its reader takes it, of one run with awkward texts in it."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from linter.commands.outputs import ReportRequest, choose_reports
from linter.errors import UserError
from linter.reports import ReportOptions, sarif
from linter.reports.csv import COLUMNS
from linter.row_types import FindingRow
from tests.linter.test_cli import BAD, FIXABLE, Answer, call

NAME = "odd é,100%:<b>.yaml"
ODD = FIXABLE.replace("nightly-retrain", '"=cmd|<i>`x`\\e[31m-retrain"')
BROKEN = "apiVersion: v1\nkind: Pod\n  metadata: [\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).write_text(ODD)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "broken.yaml").write_text(BROKEN)
    return tmp_path


def report(name: str) -> str:
    answer = call("lint", "--format", name)
    assert answer.code == 4
    return answer.out


def shown() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(call("lint", "--format", "json").out)["findings"]
    return [row for row in rows if row["action"] in ("deny", "warn")]


def test_sarif_names_rules_places_and_fixes(here: Path) -> None:
    log = json.loads(report("sarif"))
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    assert [one["ruleId"] for one in results] == [row["rule"] for row in shown()]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in results)
    (retrain,) = (one for one in results if one["ruleId"] == "CRN001")
    place = retrain["locations"][0]["physicalLocation"]
    assert retrain["level"] == "error"
    assert place["artifactLocation"]["uri"] == "odd%20%C3%A9%2C100%25%3A%3Cb%3E.yaml"
    assert place["region"] == {"startLine": 4, "startColumn": 1, "endLine": 4, "endColumn": 5}
    (change,) = retrain["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 6, "startColumn": 1, "endLine": 6, "endColumn": 1},
            "insertedContent": {"text": "  concurrencyPolicy: Forbid\n"},
        }
    ]
    assert retrain["partialFingerprints"]["mlgate/v1"].startswith("CRN001/overlap CronJob.batch")


def test_sarif_says_that_a_file_could_not_be_read(here: Path) -> None:
    (run,) = json.loads(report("sarif"))["runs"]
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    said = [row for row in run["results"] if row["ruleId"] == "MLG001"]
    said += invocation["toolExecutionNotifications"]
    assert [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in said] == [
        "broken.yaml"
    ]


def test_sarif_keeps_the_heaviest_of_too_many(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 2)
    (run,) = json.loads(report("sarif"))["runs"]
    assert [one["level"] for one in run["results"]] == ["error", "error"]
    left_out = run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert left_out == f"{len(shown()) - 2} findings left out: code scanning takes 2"


def test_junit_has_a_case_for_each_finding(here: Path) -> None:
    root = ElementTree.fromstring(report("junit"))  # noqa: S314 - our own text
    cases = root.findall("testsuite/testcase")
    assert {case.get("classname") for case in cases} == {NAME, "bad.yaml", "broken.yaml"}
    assert len(root.findall(".//failure")) + len(root.findall(".//error")) == len(cases)
    for suite in root.findall("testsuite"):
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    (here / "broken.yaml").unlink()
    (here / "bad.yaml").unlink()
    (here / NAME).unlink()
    (here / "good.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
    root = ElementTree.fromstring(call("lint", "--format", "junit").out)  # noqa: S314
    assert [case.get("name") for case in root.iter("testcase")] == ["no findings"]


JUNIT = {
    "testsuites": ("", "name time tests failures errors", "testsuite"),
    "testsuite": (
        "name tests failures errors",
        "skipped time timestamp hostname id package file",
        "testcase properties system-out system-err",
    ),
    "testcase": ("name", "time classname group", "skipped error failure system-out system-err"),
    "skipped": ("", "type message", ""),
    "error": ("", "type message", ""),
    "failure": ("", "type message", ""),
}
"""What Jenkins reads (the xUnit plugin's schema of version 10): of each element the attributes that
it needs and may have, and what may stand in it."""


def test_junit_has_the_form_that_jenkins_reads(here: Path) -> None:
    text = call("lint", "--format", "junit", "--show-audit", ".", "absent.yaml").out
    seen = set()
    for element in ElementTree.fromstring(text).iter():  # noqa: S314 - our own text
        needed, possible, inside = (names.split() for names in JUNIT[element.tag])
        assert set(needed) <= set(element.keys()) <= {*needed, *possible}, element.attrib
        assert {child.tag for child in element} <= set(inside)
        seen.add(element.tag)
    assert seen == set(JUNIT)


def test_annotations_escape_what_the_runner_would_obey(here: Path) -> None:
    lines = report("github").splitlines()
    (line,) = (line for line in lines if "CRN001" in line)
    assert line.startswith(
        "::error file=odd é%2C100%25%3A<b>.yaml,line=4,endLine=4,col=1,title=CRN001/overlap,"
        "endColumn=5::"
    )
    levels = [line.partition(" ")[0] for line in lines]
    assert levels == sorted(levels)  # errors before warnings


def test_annotations_tell_what_is_not_shown(here: Path) -> None:
    (here / "many.yaml").write_text("---\n".join([BAD] * 12))
    *_, last = report("github").splitlines()
    assert last.startswith("GitHub shows 10 of ")


def test_gitlab_gets_a_fingerprint_for_each(here: Path) -> None:
    (here / "twice.yaml").write_text(BAD + "---\n" + BAD)
    entries = json.loads(report("gitlab"))
    assert len({one["fingerprint"] for one in entries}) == len(entries) > 3
    assert {one["severity"] for one in entries} >= {"critical", "major"}
    assert {one["location"]["path"] for one in entries} == {
        NAME,
        "bad.yaml",
        "broken.yaml",
        "twice.yaml",
    }


def test_rdjson_counts_columns_in_bytes(here: Path) -> None:
    line = 'metadata: {name: é, annotations: {mlgate.dev/ignore: "TRN001"}}\n'
    (here / "bad.yaml").write_text(f"apiVersion: v1\nkind: Pod\n{line}spec: {{containers: []}}\n")
    (row,) = (row for row in shown() if row["file"] == "bad.yaml" and row["line"] == 3)
    (one,) = (
        one
        for one in json.loads(report("rdjson"))["diagnostics"]
        if one["location"]["path"] == "bad.yaml" and one["location"]["range"]["start"]["line"] == 3
    )
    assert one["location"]["range"]["start"]["column"] == row["column"] + 1


def test_csv_holds_no_formula(here: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(report("csv"))))
    assert list(rows[0]) == list(COLUMNS)
    (retrain,) = (row for row in rows if row["rule"] == "CRN001")
    assert retrain["name"] == "'=cmd|<i>`x`\\x1b[31m-retrain"
    assert [row["file"] for row in rows if row["action"] == "error" or row["rule"] == "MLG001"] == [
        "broken.yaml"
    ]


def test_markdown_takes_no_markup_from_a_manifest(here: Path) -> None:
    text = report("markdown")
    assert "\\=cmd" not in text
    assert "=cmd\\|\\<i\\>\\`x\\`\\\\x1b\\[31m\\-retrain" in text
    assert text.count("| CRN001/overlap |") == 1


def test_grouped_names_each_file_once(here: Path) -> None:
    lines = report("grouped").splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "bad.yaml:",
        "broken.yaml:",
        f"{NAME}:",
    ]
    (line,) = (line for line in lines if "CRN001" in line)
    assert line.lstrip().startswith("4:1  deny[CRN001/overlap] runs may overlap: ")


def test_several_reports_in_one_run(here: Path) -> None:
    answer = call(
        *("lint", "--format", "sarif", "-o", "a.sarif", "--format", "json", "-o", "a.json"),
        *("--format", "concise"),
    )
    assert answer.code == 4
    assert "deny[CRN001/overlap]" in answer.out
    assert json.loads((here / "a.json").read_text())["findings"]
    assert json.loads((here / "a.sarif").read_text())["runs"]
    assert "findings (" in answer.err


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ([], [("text", None)]),
        (["a"], [("text", "a")]),
        (["a", ReportRequest("json")], [("json", "a")]),
        ([ReportRequest("json"), "a", ReportRequest("text")], [("json", "a"), ("text", None)]),
    ],
)
def test_an_output_belongs_to_the_format_before(
    flags: list[ReportRequest | str], wanted: list[tuple[str, str | None]]
) -> None:
    assert choose_reports(flags, {}) == wanted


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ([ReportRequest("json"), ReportRequest("sarif")], "json and sarif would mix"),
        (["a", "b"], "--output b has no --format of its own"),
        ([ReportRequest("json"), "a", ReportRequest("csv"), "./a"], "two reports"),
    ],
)
def test_reports_that_would_spoil_each_other_are_refused(
    flags: list[ReportRequest | str], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        choose_reports(flags, {})


def test_a_misspelt_format_gets_a_hint() -> None:
    answer = call("lint", "--format", "sarf")
    assert answer.code == 2
    assert "no format sarf; did you mean 'sarif'?" in answer.err


def test_github_actions_gets_annotations_and_a_summary(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = here / "summary.md"
    summary.write_text("# before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    answer: Answer = call("lint", "bad.yaml")
    assert "deny[HPA001/missing]" in answer.out
    assert "::error file=bad.yaml,line=4" in answer.out
    assert summary.read_text().startswith("# before\n## mlgate: 1 deny\n")
    assert "::error" not in call("lint", "bad.yaml", "--format", "text").out


def test_an_excepted_finding_is_suppressed_in_sarif() -> None:
    row: FindingRow = json.loads(call("lint", "-", "--format", "json", stdin=BAD).out)["findings"][
        0
    ]
    row = {**row, "action": "excepted", "gpu_hours": None}
    result: Any = {"findings": [row], "errors": []}
    options = ReportOptions(
        colour=False, show_audit=True, show_roles=False, read_source=lambda _: ""
    )
    (run,) = json.loads("".join(sarif.render(result, options)))["runs"]
    assert run["results"][0]["suppressions"] == [{"kind": "external"}]
