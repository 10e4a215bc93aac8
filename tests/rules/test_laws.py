"""Laws over all rules: what a rule says of itself is true, and its cases show all that it does."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from rules import checks
from rules.checks import ALL, INDEX
from rules.declaration import declare
from rules.engine import Engine
from rules.evaluation import Evaluation
from rules.inventory import Inventory
from rules.kinds.rows import FactRows
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Harm, Parameter, Rule
from rules.policy.parameters import SHARED
from tests.api_server import Way, present
from tests.goldens import find_created, run
from tests.manifests import (
    CASES,
    TODAY,
    Case,
    find,
    read_cases,
    read_documents,
    read_every_case,
    take_in,
)

EVERY = read_every_case()
READABLE = read_cases()
WITH_CASES = [rule for rule in ALL if rule.code != "MLG005"]
"""A crash is a fault of mlgate's own: no manifest brings it about."""

AREAS = {
    "accelerator": {"GPU"},
    "autoscaling": {"HPA"},
    "distributed": {"DST"},
    "manifest": {"MET", "MLG", "REF"},
    "organisation": {"NET", "ORG", "PLC"},
    "resources": {"RES"},
    "schedule": {"CRN"},
    "serving": {"SRV"},
    "storage": {"STO"},
    "supply": {"IMG", "SEC"},
    "training": {"TRN"},
}
"""The folder of rules/checks that holds the rules of a code's first letters."""

FIXES = {
    "none": set[str](),
    "safe": {"safe"},
    "unsafe": {"unsafe"},
    "safe or unsafe": {"safe", "unsafe"},
}
"""What a rule says of its fixes, and the safety of those that its cases have."""


def _modules() -> Iterator[str]:
    """The modules under rules/checks that are no packages."""
    for found in pkgutil.walk_packages(checks.__path__, f"{checks.__name__}."):
        if not found.ispkg:
            yield found.name


MODULES = {name: importlib.import_module(name).RULE for name in _modules()}


def code(rule: Rule) -> str:
    return rule.code


# A rule's module.


def test_the_index_says_what_every_module_does() -> None:
    """``make generate`` writes it."""
    said = [declare(rule, name.removeprefix("rules.checks.")) for name, rule in MODULES.items()]
    said.sort(key=lambda one: one.code)
    assert [one._replace(rule=None) for one in said] == list(INDEX)
    assert [one.load() for one in INDEX] == list(ALL)


def test_the_rules_are_sorted_and_each_stands_once() -> None:
    assert [rule.code for rule in ALL] == sorted({rule.code for rule in ALL})
    assert len({rule.name for rule in ALL}) == len(ALL)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_named_as_its_rule_ends_and_stands_in_its_area(module: str) -> None:
    area, name = module.split(".")[-2:]
    rule = MODULES[module]
    assert f"-{rule.name}".endswith(f"-{name.replace('_', '-')}")
    assert rule.code[:3] in AREAS[area]


@pytest.mark.parametrize("rule", ALL, ids=code)
def test_every_rule_has_its_headings(rule: Rule) -> None:
    for heading in ("What", "Why", "Example", "Use instead", "Fix safety", "References"):
        assert f"\n## {heading}\n" in rule.docs


# Its cases.


@pytest.mark.parametrize("rule", WITH_CASES, ids=code)
def test_every_rule_has_good_and_bad_cases(rule: Rule) -> None:
    assert {case.bad for case in EVERY if case.path.parent.name == rule.code} == {True, False}


def test_every_folder_of_cases_is_of_a_rule() -> None:
    assert {path.name for path in CASES.iterdir()} == {rule.code for rule in WITH_CASES}


def _forms_of(case: Case) -> Iterator[tuple[str, str]]:
    """What a case shows: in a file, and of an object made of it of which nobody knows who wrote
    what."""
    yield from ((row["rule"], row["form"]) for row in run(case).rows())
    if case.whole:
        yield from ((one.rule, one.form) for one in find_created(case))


SHOWN = {form for case in EVERY for form in _forms_of(case)}


@pytest.mark.parametrize("rule", WITH_CASES, ids=code)
def test_every_form_has_a_case(rule: Rule) -> None:
    assert {form.name for form in rule.forms} == {form for one, form in SHOWN if one == rule.code}


@pytest.mark.parametrize("rule", WITH_CASES, ids=code)
def test_the_fixes_are_as_safe_as_the_rule_says(rule: Rule) -> None:
    rows = [row for case in EVERY for row in run(case).rows() if row["rule"] == rule.code]
    assert {row["fix"]["safety"] for row in rows if row["fix"]} == FIXES[rule.fix]


# What it reads.


UNTOLD = [rule._replace(reads=(), roles=None, accelerated=False, harm=Harm.LEAKS) for rule in ALL]
"""The rules, each of which looks at every object, whatever a policy gives it."""


class Blindfold(Engine):
    """An engine whose kinds have lost some of their parts."""

    def __init__(self, case: Case, hidden: frozenset[str]) -> None:
        inventory = Inventory(complete=case.complete)
        super().__init__(case.policy, inventory, TODAY, rules=UNTOLD)
        self._hidden = frozenset[str]()
        # Others are looked at as they are: of what is hidden the judged object alone loses.
        take_in(self, [Manifest(one.value) for one in read_documents(case.text)])
        self._hidden = hidden

    def kind_of(self, manifest: Manifest) -> Kind | None:
        kind = super().kind_of(manifest)
        return None if kind is None else _hide(kind, self._hidden)


def _hide(kind: Kind, parts: frozenset[str]) -> Kind:
    """A kind less some of its readers and rows."""
    readers = {part: Kind._field_defaults[part] for part in parts if part in Kind._fields}
    rows = tuple((root, _without_facts(below, parts)) for root, below in kind.rows)
    pod_rows = _without_facts(kind.pod_rows, parts)
    return kind._replace(rows=rows, pod_rows=pod_rows, **readers)


def _without_facts(rows: FactRows, facts: frozenset[str]) -> FactRows:
    return {fact: row for fact, row in rows.items() if fact not in facts}


def _finds(rule: Rule, hidden: frozenset[str]) -> bool:
    """Whether the rule finds something in its cases when parts of the kinds are hidden."""
    return any(
        finding.rule == rule.code
        for case in READABLE
        if case.path.parent.name == rule.code
        for document in read_documents(case.text)
        for finding in Blindfold(case, hidden).evaluate(Manifest(document.value)).findings
    )


PARTS = frozenset(part for rule in ALL for part in rule.reads)


@pytest.mark.parametrize("rule", [rule for rule in ALL if rule.check], ids=code)
def test_a_rule_finds_nothing_without_what_it_reads(rule: Rule) -> None:
    """And something with any one part of it; a rule that reads nothing sees every object."""
    reads = frozenset(rule.reads)
    assert _finds(rule, reads or PARTS) == (not reads)
    assert [part for part in reads if not _finds(rule, reads - {part})] == []


def _judge(case: Case, rules: Iterable[Rule]) -> list[Evaluation]:
    """What is said of a case's objects as they are written, and as they are created."""
    written = [one.value for one in read_documents(case.text) if isinstance(one.value, dict)]
    created = [present(body, Way.CREATE) for body in written] if case.whole else []
    manifests = [*map(Manifest, written), *(Manifest(body, admitted=True) for body in created)]
    inventory = Inventory()
    engine = Engine(case.policy, inventory, TODAY, rules=rules)
    for manifest in manifests:
        kind = engine.kind_of(manifest)
        if kind is not None:
            inventory.add(manifest, kind)
    return [_said(engine.evaluate(manifest)) for manifest in manifests]


def _said(evaluation: Evaluation) -> Evaluation:
    """An evaluation less the views, which are each engine's own, and who was to look."""
    return evaluation._replace(workloads=(), looks=())


@pytest.mark.parametrize("case", READABLE, ids=lambda case: case.name)
def test_no_finding_is_lost_where_a_rule_is_not_shown_an_object(case: Case) -> None:
    """What it declares of the objects that it judges is true."""
    assert _judge(case, ALL) == _judge(case, UNTOLD)


# Its parameters.


class Setting(NamedTuple):
    """One number, text or list that a policy can set: a path of its keys."""

    path: tuple[str, ...]
    rule: str | None

    def __str__(self) -> str:
        return ".".join(self.path)


def _leaves(parameter: Parameter) -> Iterator[tuple[str, ...]]:
    like = "" if parameter.free_keys else parameter.like or parameter.default
    yield from _keys(like, (parameter.name,))


def _keys(value: Any, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if not isinstance(value, Mapping):
        yield at
        return
    for key, inner in value.items():
        yield from _keys(inner, (*at, key))


SETTINGS = [
    *(
        Setting((rule.code, *path), rule.code)
        for rule in ALL
        for parameter in rule.parameters
        for path in _leaves(parameter)
    ),
    *(
        Setting(("parameters", block, *path), None)
        for block, parameters in SHARED.items()
        for parameter in parameters
        for path in _leaves(parameter)
    ),
]


def _without(header: Any, path: tuple[str, ...]) -> Any:
    """``header`` less what stands at ``path``, and mappings left empty; None where nothing does."""
    key, *rest = path
    if not isinstance(header, Mapping) or key not in header:
        return None
    others = {name: value for name, value in header.items() if name != key}
    inner = _without(header[key], tuple(rest)) if rest else {}
    if inner is None:
        return None
    return {**others, key: inner} if inner else others


def _outcome(case: Case, rule: str | None) -> list[Any]:
    found = [one.finding for one in find(case.text, case.policy, complete=case.complete)]
    return [one for one in found if rule in (None, one.rule)]


def _makes_a_difference(setting: Setting, case: Case) -> bool:
    header = _without(case.header, setting.path)
    if header is None:
        return False
    changed = case._replace(header=header)
    return _outcome(case, setting.rule) != _outcome(changed, setting.rule)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_every_parameter_changes_the_outcome_of_a_case(setting: Setting) -> None:
    """Of a case whose first line sets it, by what is found without it."""
    assert any(_makes_a_difference(setting, case) for case in READABLE if case.header)


def _environment(tree: Any) -> Iterator[str]:
    """The values in all ``env`` lists of an object."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if key == "env" and isinstance(value, list):
            yield from [
                str(one["value"]) for one in value if isinstance(one, dict) and "value" in one
            ]
        elif isinstance(value, dict | list):
            yield from _environment(value)


def test_no_value_of_the_environment_stands_in_a_message() -> None:
    """It may be secret, and whoever reads messages, logs and audit annotations may not know it."""
    shown = []
    for case in READABLE:
        trees = [document.value for document in read_documents(case.text)]
        values = {value for tree in trees for value in _environment(tree or {}) if len(value) > 5}
        messages = " ".join(row["message"] for row in run(case).rows()) if values else ""
        shown += [(case.name, value) for value in values if value in messages]
    assert shown == []
