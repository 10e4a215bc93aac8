import io
import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.cli import main
from linter.input.lines import split_lines
from linter.reports import ReportOptions, choose_colour, choose_links, concise, text
from linter.reports import json as json_report
from linter.reports.excerpt import Label, draw
from linter.reports.summary import render_summary
from linter.reports.terminal import escape, width
from linter.row_types import ErrorRow, FindingRow, RelatedRow, RunResult

TRAIN = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: train
spec:
  podFailurePolicy: {}
  template:
    spec:
      restartPolicy: OnFailure
"""


def options(
    source: str | None = TRAIN, *, colour: bool = False, audit: bool = False, roles: bool = False
) -> ReportOptions:
    def read_source(path: str) -> str:
        if source is None:
            raise FileNotFoundError(path)
        return source

    return ReportOptions(colour, audit, roles, read_source)


def join(report: Any, result: RunResult, options: ReportOptions) -> str:
    return "".join(report.render(result, options))


def finding(**changes: Any) -> FindingRow:
    row = {
        "rule": "TRN001",
        "form": "batch",
        "name": "training-restart-policy-never",
        "severity": "error",
        "action": "deny",
        "confidence": "high",
        "role": "training",
        "file": "train.yaml",
        "document": 0,
        "line": 9,
        "column": 22,
        "end_line": 9,
        "end_column": 31,
        "path": ("spec", "template", "spec", "restartPolicy"),
        "object": {"apiVersion": "batch/v1", "kind": "Job", "namespace": "ml", "name": "train"},
        "embedded": None,
        "message": "spec.template.spec.restartPolicy is OnFailure; expected Never",
        "gpu_hours": None,
        "related": [],
        "fix": {"title": "set it to Never", "safety": "safe", "edits": []},
        "fingerprint": "f",
        "url": "u",
        **changes,
    }
    return cast("FindingRow", row)


def related(line: int, column: int, message: str, file: str = "train.yaml") -> RelatedRow:
    return {
        "file": file, "document": 0, "line": line, "column": column, "path": (), "message": message,
    }  # fmt: skip


def error(**changes: Any) -> ErrorRow:
    row = {
        "file": "a.yaml",
        "document": 0,
        "line": 3,
        "column": 5,
        "reason": "found no value",
        **changes,
    }
    return cast("ErrorRow", row)


def result(*findings: FindingRow, **changes: Any) -> RunResult:
    coverage = {
        "files": 1,
        "documents": 1,
        "objects": 1,
        "pod_templates": {"Job.batch": 1},
        "unknown_kinds": {},
        "kinds_to_add": [],
        "unknown_roles": 0,
        "exempt": 0,
        "left_out": {},
        "overlays": [],
        "skipped": [],
    }
    whole = {
        "findings": list(findings),
        "workloads": [],
        "errors": [],
        "suppressed": 0,
        "coverage": {**coverage, **changes.pop("coverage", {})},
        **changes,
    }
    return cast("RunResult", whole)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_when_colours_are_used(environ: dict[str, str], terminal: bool, expected: bool) -> None:  # noqa: FBT001
    assert choose_colour(Terminal() if terminal else io.StringIO(), environ) is expected


def test_a_finding_as_text() -> None:
    report = join(text, result(finding()), options())
    assert report == (
        "deny[TRN001/batch]: spec.template.spec.restartPolicy is OnFailure; expected Never\n"
        " --> train.yaml:9:22\n"
        "  |\n"
        "9 |       restartPolicy: OnFailure\n"
        "  |                      ^^^^^^^^^\n"
        "  |\n"
        "  = Job train in namespace ml, role training (high)\n"
        "  = fix (safe): set it to Never\n"
        "  = help: mlgate explain TRN001\n"
        "\n"
    )


def test_nothing_found_is_nothing_printed() -> None:
    assert join(text, result(), options()) == ""
    assert join(concise, result(), options()) == ""


def test_related_places_share_the_excerpt() -> None:
    near = finding(related=[related(6, 3, "needs Never"), related(7, 3, "in this template")])
    report = join(text, result(near), options())
    assert (
        "  |\n"
        "6 |   podFailurePolicy: {}\n"
        "  |   ---------------- needs Never\n"
        "7 |   template:\n"
        "  |   -------- in this template\n"
        "8 |     spec:\n"
        "9 |       restartPolicy: OnFailure\n"
        "  |                      ^^^^^^^^^\n"
    ) in report


def test_lines_between_are_left_out() -> None:
    near = finding(related=[related(4, 9, "this one")])
    report = join(text, result(near), options())
    assert "4 |   name: train\n  |         ----- this one\n...\n9 |" in report


@pytest.mark.parametrize("other", [related(40, 1, "far"), related(1, 1, "far", "other.yaml")])
def test_what_is_far_away_has_an_excerpt_of_its_own(other: dict[str, Any]) -> None:
    report = join(text, result(finding(related=[other])), options(TRAIN + "far: 1\n" * 40))
    place = f"{other['file']}:{other['line']}:1"
    shown = "far: 1" if other["line"] == 40 else "apiVersion: batch/v1"
    assert f"--> {place}\n  |\n{other['line']:<2}| {shown}\n".replace("40|", "40 |") in report
    assert "--- far\n" in report or "---------- far\n" in report


@pytest.mark.parametrize("source", [None, "", "one line"])
def test_without_the_source_the_places_are_told(source: str | None) -> None:
    near = finding(related=[related(6, 3, "needs Never")])
    report = join(text, result(near), options(source))
    assert " --> train.yaml:9:22\n  = line 6: needs Never\n  = Job train" in report


def test_marks_stand_under_wide_characters() -> None:
    source = "k: {日本: é, e\u0301: x}\n"
    drawn = draw(split_lines(source), [Label(1, 9, 1, 10, primary=True)], 1, colour=False)
    assert drawn[1:3] == ["1 | k: {日本: é, e\u0301: x}", "  |           ^"]


def test_a_tab_is_four_spaces() -> None:
    drawn = draw(["a:\tb"], [Label(1, 4, 1, 5, primary=True)], 1, colour=False)
    assert drawn[1:3] == ["1 | a:    b", "  |       ^"]


def test_long_lines_are_cut_around_the_mark() -> None:
    line = "x" * 5000 + "HERE" + "y" * 5000
    drawn = draw([line], [Label(1, 5001, 1, 5005, primary=True)], 1, colour=False)
    shown, under = drawn[1][4:], drawn[2][4:]
    assert shown.startswith("...x")
    assert shown.endswith("y...")
    assert len(shown) < 130
    assert shown[under.index("^") : under.rindex("^") + 1] == "HERE"


def test_a_mark_out_of_sight_shows_its_line_again() -> None:
    line = "ONE" + " " * 5000 + "TWO"
    marks = [Label(1, 1, 1, 4, primary=True), Label(1, 5004, message="second")]
    drawn = draw([line], marks, 1, colour=False)
    assert drawn[2] == "  | ^^^"
    assert drawn[4].endswith("--- second")
    assert drawn[3][drawn[4].index("---") :].startswith("TWO")


def test_of_several_lines_the_first_is_marked() -> None:
    drawn = draw(["a: |  ", "  b"], [Label(1, 4, 2, 4, primary=True)], 1, colour=False)
    assert drawn[1:3] == ["1 | a: |", "  |    ^"]


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
def test_lines_end_as_yaml_says(break_: str) -> None:
    assert split_lines(f"a{break_}b\x85\u2028c") == ["a", "b\x85\u2028c"]


def test_what_a_manifest_says_cannot_command_the_terminal() -> None:
    evil = "\x1b]0;pwned\x07\x9b31m\u202e\r"
    source = f"k: {evil}x\n"
    bad = finding(
        message=f"found {evil}",
        line=1,
        column=4,
        end_line=1,
        end_column=5,
        file=f"{evil}.yaml",
        object={"apiVersion": "v1", "kind": evil, "namespace": evil, "name": evil},
        related=[related(1, 1, evil)],
        embedded={
            "apiVersion": "v1",
            "kind": evil,
            "name": evil,
            "path": (evil,),
            "text": True,
            "number": 0,
        },
        fix={"title": evil, "safety": "safe", "edits": []},
    )
    workloads = [
        {
            "file": evil, "document": 0, "line": 1, "object": bad["object"], "role": "other",
            "embedded": bad["embedded"], "confidence": "low", "templates": [
                {"path": (evil,), "role": "other", "subrole": None, "confidence": "low",
                 "score": 0, "evidence": [evil]},
            ],
        }
    ]  # fmt: skip
    found = result(
        bad,
        errors=[error(reason=evil, file=evil)],
        workloads=workloads,
        coverage={
            "unknown_kinds": {evil: 1},
            "pod_templates": {evil: 1},
            "skipped": [{"file": evil, "document": 0, "reason": evil}],
        },
    )
    printed = (
        join(text, found, options(source, roles=True, audit=True))
        + join(concise, found, options())
        + render_summary(found, options())
        + join(json_report, found, options())
    )
    assert printed.replace("\n", "").isprintable()
    assert "\\x1b" in printed


def test_embedded_manifests_are_named() -> None:
    path = ("spec", "backoffLimit")
    inner = {"apiVersion": "batch/v1", "kind": "Job", "name": None, "path": path, "number": 0}
    string = ("spec", "templates", 0, "resource", "manifest")
    in_text = finding(path=string, embedded=inner | {"text": True})
    in_mapping = finding(path=("spec", "trialSpec", *path), embedded=inner | {"text": False})

    report = join(text, result(in_text, in_mapping), options())

    assert "= in the Job without a name inside spec.templates[0].resource.manifest\n" in report
    assert "= in the Job without a name inside spec.trialSpec\n" in report


def test_audited_and_excepted_findings_show_on_request() -> None:
    hidden = result(finding(action="audit"), finding(action="excepted"))
    for report in (text, concise):
        assert join(report, hidden, options()) == ""
        assert join(report, hidden, options(audit=True)).count("TRN001") >= 2


def test_colours_follow_the_action_whatever_the_severity() -> None:
    actions = ("deny", "warn", "audit", "excepted")
    found = result(*(finding(action=action, severity="info") for action in actions))
    report = join(text, found, options(colour=True, audit=True))
    assert "\x1b[1;31mdeny[TRN001/batch]\x1b[0m" in report
    assert "\x1b[1;33mwarn[TRN001/batch]\x1b[0m" in report
    assert "\x1b[1;34maudit[TRN001/batch]\x1b[0m" in report
    assert "\x1b[2mexcepted[TRN001/batch]\x1b[0m" in report
    plain = re.sub("\x1b\\[[0-9;]*m", "", report)
    assert plain == join(text, found, options(audit=True))


def test_an_objects_role_is_not_claimed_where_there_is_none() -> None:
    report = join(text, result(finding(role=None, fix=None)), options())
    assert "  = Job train in namespace ml\n  = help:" in report


def test_what_could_not_be_read_names_no_object() -> None:
    nothing = {"apiVersion": None, "kind": None, "namespace": None, "name": None}
    report = join(text, result(finding(rule="MLG001", role=None, object=nothing)), options())
    assert "  |\n  = fix (safe): set it to Never\n" in report


def test_errors_come_first() -> None:
    found = result(
        finding(),
        errors=[
            error(),
            error(document=None, line=None, column=None, reason="no such file"),
            error(document=2, line=None, column=None, reason="a template"),
        ],
    )
    assert join(text, found, options()).startswith(
        "error: a.yaml:3:5: found no value\n\n"
        "error: a.yaml: no such file\n\n"
        "error: a.yaml (document 2): a template\n\n"
        "deny[TRN001/batch]"
    )
    assert join(concise, found, options()).splitlines()[:2] == [
        "a.yaml:3:5: error found no value",
        "a.yaml: error no such file",
    ]


def test_an_error_that_is_a_finding_too_is_told_once() -> None:
    broken = finding(rule="MLG001", file="a.yaml", line=3, column=5, end_line=3, end_column=6)
    found = result(broken, errors=[error()])
    assert "found no value" not in join(text, found, options())
    assert len(join(concise, found, options()).splitlines()) == 1


def test_roles_and_their_evidence() -> None:
    template = {
        "path": ("spec", "template"), "role": "training", "subrole": "worker", "confidence": "high",
        "score": 9, "evidence": ['runs "train.py"', "asks for 8 GPUs"],
    }  # fmt: skip
    workload = {
        "file": "a.yaml", "document": 0, "line": 2, "object": finding()["object"],
        "embedded": None, "role": "training", "confidence": "high", "templates": [template],
    }  # fmt: skip
    found = result(workloads=[workload])

    assert join(text, found, options()) == ""
    assert join(text, found, options(roles=True)) == (
        "a.yaml:2: Job train in namespace ml: training (high)\n"
        "  spec.template: training worker (high, score 9)\n"
        '    - runs "train.py"\n'
        "    - asks for 8 GPUs\n"
        "\n"
    )


def test_concise_is_one_line_for_each_finding() -> None:
    assert join(concise, result(finding(message="one\ntwo")), options()) == (
        "train.yaml:9:22: deny[TRN001/batch] one\\ntwo\n"
    )


def test_json_is_the_result_with_an_entry_to_a_line() -> None:
    found = result(finding(), finding(line=10), suppressed=3)
    printed = join(json_report, found, options())
    report = json.loads(printed)
    assert list(report) == ["version", "findings", "errors", "suppressed", "coverage"]
    assert (report["suppressed"], report["coverage"]) == (3, found["coverage"])
    assert printed.endswith("}\n")
    assert sum('"rule": "TRN001"' in line for line in printed.splitlines()) == 2
    first, row = report["findings"][0], next(iter(found["findings"]))
    assert json.loads(printed.splitlines()[3].rstrip(",")) == first
    assert first == {**row, "path": "/spec/template/spec/restartPolicy"}
    assert list(first) == list(row)


def test_json_has_pointers_where_rows_have_paths() -> None:
    path = ("metadata", "annotations", "a/b")
    embedded = {"apiVersion": "v1", "kind": "Pod", "name": None, "path": path}
    edits = [{"op": "set", "path": (*path, 0), "value": ("x",)}, {"op": "remove", "path": path}]
    row = finding(
        embedded=embedded | {"text": True, "number": 0},
        fix={"title": "fix", "safety": "safe", "edits": edits},
        related=[{**related(1, 1, "here"), "path": path}],
    )
    found = json.loads(join(json_report, result(row), options()))["findings"][0]
    pointer = "/metadata/annotations/a~1b"
    assert found["embedded"] == embedded | {"path": pointer}
    assert [one["path"] for one in found["fix"]["edits"]] == [f"{pointer}/0", pointer]
    assert found["related"][0]["path"] == pointer


def test_a_key_of_digits_is_no_index_to_a_reader() -> None:
    report = join(text, result(finding(related=[], embedded={
        "apiVersion": "v1", "kind": "Pod", "name": "a", "path": (), "text": True, "number": 0,
    }, path=("data", "42", 42))), options())  # fmt: skip
    assert "in the Pod a inside data.42[42]\n" in report


@given(st.text(st.characters()))
def test_json_holds_every_text(words: str) -> None:
    printed = join(json_report, result(finding(message=words)), options())
    assert json.loads(printed)["findings"][0]["message"] == words
    printed.encode("utf-8")


@given(st.text(st.characters()))
def test_escaped_text_prints(words: str) -> None:
    assert escape(words).isprintable()
    assert width(escape(words)) >= 0


@given(st.text(st.characters()), st.integers(1, 300), st.integers(0, 400), st.booleans())
def test_any_line_can_be_drawn(line: str, column: int, end: int, primary: bool) -> None:  # noqa: FBT001
    lines = split_lines(line)
    marks = [Label(1, column, 1 if end else 0, end, "x\ny", primary)]
    for one in draw(lines, marks, 3, colour=False):
        assert one.isprintable()


def test_summary_counts_by_action() -> None:
    found = result(
        finding(),
        finding(action="warn"),
        finding(action="warn"),
        finding(action="audit"),
        finding(action="excepted"),
        suppressed=2,
        errors=[error()],
    )
    head = "3 findings (1 deny, 2 warn, 1 audit and 1 excepted hidden: --show-audit)"
    assert render_summary(found, options()).splitlines()[0] == f"{head}, 1 error, 2 suppressed"
    shown = render_summary(found, options(audit=True)).splitlines()[0]
    assert shown == "5 findings (1 deny, 2 warn, 1 audit, 1 excepted), 1 error, 2 suppressed"


def test_summary_of_a_clean_run() -> None:
    assert render_summary(result(), options()) == (
        "no findings\nchecked 1 file, 1 document: 1 pod template (Job 1)\npolicy: built-in\n"
    )


def test_summary_tells_what_was_not_checked() -> None:
    reasons = [
        "unrendered chart template",
        "not a Kubernetes manifest: apiVersion and kind are not both set",
        "not a Kubernetes manifest: apiVersion and kind are not both set (item 3 of the list)",
    ]
    coverage = {
        "files": 1200,
        "documents": 61,
        "pod_templates": {"Job.batch": 2, "Job.batch.volcano.sh": 1, "PyTorchJob.kubeflow.org": 4},
        "unknown_kinds": {"Foo.example.com": 3, "Bar.example.com": 1},
        "skipped": [{"file": "a", "document": 0, "reason": reason} for reason in reasons],
    }
    assert render_summary(result(coverage=coverage), options()) == (
        "no findings\n"
        "checked 1,200 files, 61 documents: 7 pod templates (PyTorchJob 4, Job.batch 2, "
        "Job.batch.volcano.sh 1), 2 kinds not understood (Foo.example.com 3, Bar.example.com 1)\n"
        "skipped 3 documents (2 not a Kubernetes manifest, 1 unrendered chart template); "
        "judge what it renders: `mlgate lint --helm CHART`\n"
        "policy: built-in\n"
    )


def test_summary_names_the_most_frequent_kinds_only() -> None:
    templates = {f"K{number}.x": number for number in range(1, 11)}
    line = render_summary(result(coverage={"pod_templates": templates}), options())
    assert "(K10 10, K9 9, K8 8, K7 7, K6 6, K5 5, K4 4, K3 3, 2 more)" in line


def test_the_last_lines_tell_what_was_passed_over_and_how_to_have_it_judged() -> None:
    coverage = {"unknown_roles": 1, "exempt": 2, "left_out": {"vendor": 2, ".github": 1}}
    lines = render_summary(result(coverage=coverage), options()).splitlines()
    assert [line.partition(":")[0] for line in lines[-4:-1]] == [
        "1 accelerated workload of unknown role",
        "2 objects in exempt namespaces not checked",
        "3 folders skipped (vendor 2, .github 1)",
    ]
    assert "mlgate.dev/role" in lines[-4]
    assert "`namespaces`" in lines[-3]
    silent = render_summary(result(), options())
    assert not {"role", "exempt", "folder"} & set(silent.split())


LINKED = {"TERM_PROGRAM": "WezTerm", "TERM": "xterm"}


@pytest.mark.parametrize(
    ("environ", "terminal", "links"),
    [
        (LINKED, True, True),
        (LINKED, False, False),
        ({"VTE_VERSION": "7006"}, True, True),
        ({"VTE_VERSION": "4999"}, True, False),
        ({"TERM": "xterm-256color"}, True, False),
        ({**LINKED, "TERM": "dumb"}, True, False),
        ({**LINKED, "FORCE_HYPERLINK": "0"}, True, False),
        ({"FORCE_HYPERLINK": "1"}, False, True),
    ],
)
def test_links_are_for_terminals_that_show_them(
    environ: dict[str, str],
    terminal: bool,  # noqa: FBT001
    links: bool,  # noqa: FBT001
) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    assert choose_links(stream, environ) is links


def test_a_link_leads_to_the_rule_and_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_HYPERLINK", "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b.yaml").write_text(
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\n"
        "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}"
    )
    out = io.StringIO()
    main(["lint", "."], stdout=out, stderr=io.StringIO())
    rule = "https://mlgate.dev/rules/HPA001"
    assert f"\x1b]8;;{rule}\x1b\\deny[HPA001/missing]\x1b]8;;\x1b\\: " in out.getvalue()
    url = f"file://{tmp_path}/a%20b.yaml"
    assert f"--> \x1b]8;;{url}\x1b\\a b.yaml:4:1\x1b]8;;\x1b\\\n" in out.getvalue()
    out = io.StringIO()
    main(["lint", ".", "--color", "never"], stdout=out, stderr=io.StringIO())
    assert "\x1b" not in out.getvalue()
