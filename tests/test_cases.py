"""Every manifest in cases/<CODE>/ states, on the offending line, what it expects."""

import jsonpatch
import pytest
from ruamel.yaml import YAML

from linter.mending.splice import splice
from rules.checks import ALL
from rules.edits import apply, json_patch
from rules.model import Fix
from rules.reader import Document
from tests.manifests import CASES, Case, Found, find, read_cases, read_documents

EVERY = read_cases()
RULES = [rule for rule in ALL if rule.check is not None and not rule.code.startswith("MLG")]


def name(case: Case) -> str:
    return f"{case.path.parent.name}/{case.path.stem}"


@pytest.mark.parametrize("case", EVERY, ids=name)
def test_findings_stand_where_they_are_expected(case: Case) -> None:
    found = [(one.line, one.finding.rule, one.finding.form) for one in find(case.text)]
    said = [(line, *(f"{code}/".split("/")[:2])) for line, code in case.expected]
    assert [one[:2] for one in found] == [one[:2] for one in said], found
    for (_, rule, form), (_, _, stated) in zip(found, said, strict=True):
        assert stated in ("", form), (rule, form)


@pytest.mark.parametrize("case", [case for case in EVERY if case.fixed.exists()], ids=name)
def test_safe_fixes_give_the_fixed_text(case: Case) -> None:
    text, fixable = case.text, _fixable(find(case.text))
    assert fixable
    for one in reversed(fixable):
        assert one.finding.fix is not None
        text = mend(text, one.document, one.finding.fix)
    assert text == case.fixed.read_text()
    assert not _fixable(find(text)), "a second run has something to fix"


@pytest.mark.parametrize("case", EVERY, ids=name)
def test_the_two_readings_of_a_fix_agree(case: Case) -> None:
    for one in find(case.text):
        fix = one.finding.fix
        if fix is None or one.finding.embedded is not None:
            continue
        patch = json_patch(one.document.value, fix.edits)
        edited = apply(one.document.value, fix.edits)
        assert jsonpatch.apply_patch(one.document.value, patch) == edited
        text = mend(case.text, one.document, fix)
        assert read_documents(text)[one.document.number].value == edited


@pytest.mark.parametrize("case", [case for case in EVERY if case.fixed.exists()], ids=name)
def test_another_reader_agrees_on_the_fixed_text(case: Case) -> None:
    """ruamel.yaml shares no code with ours."""
    text = case.fixed.read_text()
    theirs = list(YAML(typ="safe", pure=True).load_all(text))
    assert theirs == [document.value for document in read_documents(text)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_good_and_bad_cases(rule: object) -> None:
    code = rule.code  # type: ignore[attr-defined] # parametrize loses the type
    kinds = {path.name.split("-")[0] for path in (CASES / code).glob("*.yaml")}
    assert kinds == {"good", "bad"}


def mend(text: str, document: Document, fix: Fix) -> str:
    return text.replace(document.text, splice(document.text, document.value, fix.edits), 1)


def _fixable(found: list[Found]) -> list[Found]:
    return [one for one in found if one.finding.fix is not None and one.finding.fix.safe]
