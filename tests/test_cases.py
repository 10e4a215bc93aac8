"""Every manifest in cases/<CODE>/ states, on the offending line, what it expects.

Beside a bad one stands what ``mlgate lint`` says of it and makes of it: ``make goldens`` writes
that anew.
"""

import jsonpatch
import pytest
from ruamel.yaml import YAML

from linter.mending.splice import splice
from rules.edits import apply, json_patch
from rules.model import Fix
from rules.paths import pointer
from rules.reader import Document
from tests.goldens import outputs, render, run, stored
from tests.manifests import Case, find, read_case, read_cases, read_documents, read_every_case

EVERY = read_every_case()
READABLE = read_cases()
OF_OBJECTS = [
    case for case in READABLE if not case.path.parent.name.startswith("MLG") and not case.kustomized
]
FIXED = [case for case in EVERY if case.fixed.exists()]


def name(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", EVERY, ids=name)
def test_findings_stand_where_they_are_expected(case: Case) -> None:
    found = sorted((row["line"], row["rule"], row["form"]) for row in run(case).rows())
    said = sorted((line, *(f"{code}/".split("/")[:2])) for line, code in case.expected)
    assert [one[:2] for one in found] == [one[:2] for one in said], found
    for (_, rule, form), (_, _, stated) in zip(found, said, strict=True):
        assert stated in ("", form), (rule, form)


@pytest.mark.parametrize("case", EVERY, ids=name)
def test_a_case_is_bad_by_what_its_own_rule_finds(case: Case) -> None:
    folder = case.path.parent.name
    assert case.bad == any(code.split("/")[0] == folder for _, code in case.expected)


@pytest.mark.parametrize("case", [case for case in EVERY if case.bad], ids=name)
def test_the_report_is_the_one_beside_the_case(case: Case) -> None:
    assert render(case) == case.report.read_text(), "read the difference after `make goldens`"


@pytest.mark.parametrize("case", EVERY, ids=name)
def test_safe_fixes_give_the_fixed_text(case: Case) -> None:
    expected = case.fixed if case.fixed.exists() else case.path
    assert run(case).fix() == read_case(expected).text


@pytest.mark.parametrize("case", EVERY, ids=name)
def test_a_second_run_has_nothing_to_fix(case: Case) -> None:
    for flags, left in (((), "unsafe"), (("--unsafe-fixes",), "none")):
        again = run(case, run(case).fix(*flags))
        assert {row["fix"]["safety"] for row in again.rows() if row["fix"]} <= {left}
        assert again.fix(*flags) == again.text


def test_every_golden_is_of_a_case() -> None:
    assert stored() == outputs(EVERY).keys()


@pytest.mark.parametrize("case", OF_OBJECTS, ids=name)
def test_the_linter_reports_what_the_engine_finds(case: Case) -> None:
    told = [
        (row["rule"], row["form"], row["action"], row["path"], row["message"])
        for row in run(case).rows()
    ]
    found = [
        (one.rule, one.form, one.action, one.path, one.message)
        for one in (found.finding for found in find(case.text, case.policy, complete=case.complete))
    ]
    assert sorted(told) == sorted((*one[:3], pointer(one[3]), one[4]) for one in found)


@pytest.mark.parametrize("case", READABLE, ids=name)
def test_the_two_readings_of_a_fix_agree(case: Case) -> None:
    for one in find(case.text, case.policy):
        fix = one.finding.fix
        if fix is None or one.finding.embedded is not None:
            continue
        patch = json_patch(one.document.value, fix.edits)
        edited = apply(one.document.value, fix.edits)
        assert jsonpatch.apply_patch(one.document.value, patch) == edited
        text = mend(case.text, one.document, fix)
        assert read_documents(text)[one.document.number].value == edited


def mend(text: str, document: Document, fix: Fix) -> str:
    return text.replace(document.text, splice(document.text, document.value, fix.edits), 1)


@pytest.mark.parametrize("case", FIXED, ids=name)
def test_another_reader_agrees_on_the_fixed_text(case: Case) -> None:
    """ruamel.yaml shares no code with ours."""
    text = case.fixed.read_text()
    theirs = list(YAML(typ="safe", pure=True).load_all(text))
    assert theirs == [document.value for document in read_documents(text)]
