"""A policy file is read whole, or every mistake in it is named at its place."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.checks import ALL, INDEX
from rules.declaration import Rules, load_named
from rules.model import Action, Form, Harm, Parameter, Rule, Severity
from rules.policy.entries import CustomKind
from rules.policy.file import PolicyError, PolicyProblem, parse_policy, read_policy
from rules.policy.parameters import SHARED, overlay
from rules.policy.values import DEFAULT, Policy
from rules.reader import Document, read
from rules.selectors import Requirement, Selector

MakePolicy = Callable[[str], Policy]

FULL = """
profile: strict
rules:
  AAA001: {action: audit, max: 7, pattern: "b+", allowed: {batch: [Never, OnFailure]}}
  AAA001/soft: off
  BBB002: deny
parameters:
  roles: {label: example.com/role}
  serving: {slow_load_seconds: {13B: 400}}
kinds:
  - {group: ml.example.com, kind: Training, templates: ["spec.workers[*].template"], role: training}
exclude: [vendor/, "*.tmpl.yaml"]
controllers: ["system:serviceaccount:argo:argo"]
ignores: forbid
namespaceLabels: ignored
mutations: {default: off}
namespaces:
  - match: {name: "research-*", labels: {tier: lab}}
    profile: observe
    rules: {BBB002/only: off}
    ignores: allow
exceptions:
  - rules: [AAA001/soft, BBB002]
    match: {namespace: research, kind: Job, name: "sweep-*", labels: {matchExpressions: [
      {key: team, operator: In, values: [vision]}, {key: old, operator: DoesNotExist}]}}
    reason: bounded by the sweep controller
    owner: ml-infra
    expires: 2027-01-31
"""


def test_every_key_is_read(rules: tuple[Rule, ...], make_policy: MakePolicy) -> None:
    policy = make_policy(FULL)

    assert policy.profile == "strict"
    assert policy.rules == {
        "AAA001": Action.AUDIT,
        "AAA001/soft": Action.OFF,
        "BBB002": Action.DENY,
    }
    assert policy.kinds == (
        CustomKind(
            "ml.example.com", "Training", (("spec", "workers", "*", "template"),), "training"
        ),
    )
    assert policy.exclude == ("vendor/", "*.tmpl.yaml")
    assert policy.controllers == ("system:serviceaccount:argo:argo",)
    assert (policy.ignores, policy.namespace_labels) == ("forbid", "ignored")
    assert policy.mutations == {"default": False}
    (entry,) = policy.namespaces
    assert (entry.name, entry.profile, entry.ignores) == ("research-*", "observe", "allow")
    assert entry.rules == {"BBB002/only": Action.OFF}
    assert entry.labels == Selector((Requirement("tier", "In", ("lab",)),))
    (exception,) = policy.exceptions
    assert exception.rules == {"AAA001/soft", "BBB002"}
    assert exception.expires == date(2027, 1, 31)
    assert exception.labels == Selector(
        (Requirement("team", "In", ("vision",)), Requirement("old", "DoesNotExist"))
    )


def test_parameters_are_laid_over_the_defaults(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    found = make_policy(FULL).rule_parameters(rules[0])

    assert found["max"] == 7
    assert found["min"] == 1
    assert found["pattern"] == "b+"
    assert found["allowed"] == {"batch": ["Never", "OnFailure"], "other": ["Never", "Always"]}
    assert found["roles"] == {"label": "example.com/role", "deny_needs_confidence": "high"}
    assert found["serving"]["slow_load_seconds"] == {
        "default": 180, "13B": 400, "40B": 600, "larger": 1200,
    }  # fmt: skip
    assert found["accelerators"] == DEFAULT.parameters["accelerators"]


def test_a_namespace_lays_its_parameters_over_the_others(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    text = "rules: {AAA001: {max: 9}}\nnamespaces: [{match: {name: a}, rules: {AAA001: {min: 2}}}]"
    policy = make_policy(text)

    here, there = (policy.rule_parameters(rules[0], entry) for entry in (0, None))
    assert (here["min"], here["max"]) == (2, 9)
    assert (there["min"], there["max"]) == (1, 9)
    assert policy.namespaces[0].rules == {}


KINDS_OF_WORKLOADS = Rule(
    code="CCC003",
    name="third-rule",
    harm=Harm.UNWANTED,
    forms=(Form("only", Severity.ERROR, Action.WARN, Action.DENY, "only"),),
    check=None,
    docs="Third.",
    parameters=(Parameter("deny", "kinds", (), kinds=True),),
)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("PytorchJob", "there is no kind 'PytorchJob'; did you mean 'PyTorchJob'?"),
        ("Job.batch.volcano", "there is no kind 'Job.batch.volcano'; did you mean"),
        ("Zzz", "there is no kind 'Zzz'; kinds of your own stand under 'kinds'"),
    ],
)
def test_a_kind_that_nobody_knows_is_a_mistake(name: str, message: str) -> None:
    text = f"apiVersion: mlgate.dev/v1\nkind: Policy\nrules: {{CCC003: {{deny: [Pod, {name}]}}}}\n"
    with pytest.raises(PolicyError) as caught:
        read_policy(text, (KINDS_OF_WORKLOADS,))
    (problem,) = caught.value.problems
    assert problem.path == ("rules", "CCC003", "deny", 1)
    assert message in problem.message


def test_a_kind_of_the_policys_own_may_be_named() -> None:
    head = "apiVersion: mlgate.dev/v1\nkind: Policy\n"
    own = "kinds: [{group: x.io, kind: TrainingRun, templates: [spec.a]}]\n"
    text = f"{head}{own}rules: {{CCC003: {{deny: [TrainingRun.x.io, Job.batch, Pod]}}}}\n"
    assert (
        read_policy(text, (KINDS_OF_WORKLOADS,)).values["CCC003"]["deny"][0] == "TrainingRun.x.io"
    )


def test_parameters_are_computed_once(rules: tuple[Rule, ...], make_policy: MakePolicy) -> None:
    policy = make_policy(FULL)

    assert policy.rule_parameters(rules[0]) is policy.rule_parameters(rules[0])


def test_a_policy_of_two_lines_is_the_default(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    policy = make_policy("rules:\nexceptions:\n")

    assert policy.profile == DEFAULT.profile == "standard"
    assert policy.parameters == DEFAULT.parameters
    assert policy.rule_parameters(rules[0]) == DEFAULT.rule_parameters(rules[0])


@pytest.mark.parametrize("rule", [one for one in ALL if one.parameters], ids=lambda one: one.code)
def test_a_list_or_mapping_that_is_null_says_nothing(rule: Rule) -> None:
    """As a key is left of which every item is commented out."""
    names = [one.name for one in rule.parameters if isinstance(one.default, tuple | Mapping)]
    policy = Policy(values={rule.code: dict.fromkeys(names)})

    assert policy.rule_parameters(rule) == DEFAULT.rule_parameters(rule)


def test_the_shared_block_has_the_contracts_keys() -> None:
    """Of ``cluster`` more come with each rule that asks for a release."""
    keys = {name: [one.name for one in block] for name, block in SHARED.items()}

    assert {"training_operator_version", "kuberay_version"} <= set(keys.pop("cluster"))
    assert keys == {
        "roles": ["label", "deny_needs_confidence"],
        "accelerators": ["patterns", "companions", "annotations"],
        "retries": ["max_total_attempts"],
        "serving": ["slow_load_seconds"],
        "storage": ["durable_schemes", "assume_rwx"],
    }


MISTAKES = [
    ("profile: strct", "profile",
     "expected one of observe, standard, strict; found 'strct'; did you mean 'strict'?"),
    ("profiel: strict", "profiel", "there is no key 'profiel'; did you mean 'profile'?"),
    ("rules: {AAA01: deny}", "rules/AAA01", "there is no rule 'AAA01'; did you mean 'AAA001'?"),
    ("rules: {first-rule: deny}", "rules/first-rule",
     "there is no rule 'first-rule'; did you mean 'AAA001'?"),
    ("rules: {AAA001/sotf: deny}", "rules/AAA001/sotf",
     "there is no rule 'AAA001/sotf'; did you mean 'AAA001/soft'?"),
    ("rules: {AAA001: denny}", "rules/AAA001",
     "expected one of off, audit, warn, deny; found 'denny'; did you mean 'deny'?"),
    ("rules: {AAA001: on}", "rules/AAA001",
     "expected one of off, audit, warn, deny; found true"),
    ("rules: {AAA001: }", "rules/AAA001",
     "expected one of off, audit, warn, deny; found nothing"),
    ("rules: {AAA001: {maxx: 3}}", "rules/AAA001/maxx",
     "there is no key 'maxx'; did you mean 'max'?"),
    ("rules: {AAA001: {max: -3}}", "rules/AAA001/max",
     "expected a whole number from 0 up, found -3"),
    ("rules: {AAA001: {max: '3'}}", "rules/AAA001/max",
     "expected a whole number from 0 up, found '3'"),
    ("rules: {AAA001: {max: yes}}", "rules/AAA001/max",
     "expected a whole number from 0 up, found true"),
    ("rules: {AAA001: {max: 3}}", "rules/AAA001", "default (5) is above max (3)"),
    ("rules: {AAA001: {min: 11, default: 11}}", "rules/AAA001", "default (11) is above max (10)"),
    ("rules: {AAA001: {pattern: '('}}", "rules/AAA001/pattern",
     "expected a regular expression, found '('"),
    ("rules: {AAA001: {pattern: 'a{99999999999}'}}", "rules/AAA001/pattern",
     "expected a regular expression, found 'a{99999999999}'"),
    (f"rules: {{AAA001: {{pattern: '{'(' * 3000}'}}}}", "rules/AAA001/pattern",
     f"expected a regular expression, found '{'(' * 60}...'"),
    ('extends: ["a\\0b"]', "extends/0", "expected the path of a file, found 'a\0b'"),
    ("rules: {AAA001: {scope: al}}", "rules/AAA001/scope",
     "expected one of some, all; found 'al'; did you mean 'all'?"),
    ("rules: {AAA001: {allowed: {batch: Never}}}", "rules/AAA001/allowed/batch",
     "expected a list, found 'Never'"),
    ("rules: {AAA001: {per_role: {training: {most: 1}}}}",
     "rules/AAA001/per_role/training/most", "there is no key 'most' here; expected max"),
    ("rules: {AAA001/soft: {max: 3}}", "rules/AAA001/soft/max",
     "there is no key 'max' here; expected action, locked"),
    ("rules: {AAA001: {}}", "rules/AAA001", None),
    ("parameters: {training: {}}", "parameters/training", None),
    ("parameters: {roles: {deny_needs_confidence: low}}",
     "parameters/roles/deny_needs_confidence", "expected one of high, medium; found 'low'"),
    ("parameters: {storage: {durable_schemes: [1]}}", "parameters/storage/durable_schemes/0",
     "expected text, found 1: put it in quotes"),
    ("parameters: {serving: {slow_load_seconds: {default: fast}}}",
     "parameters/serving/slow_load_seconds/default", None),
    ("ignores: allowed", "ignores", None),
    ("namespaceLabels: yes", "namespaceLabels", "expected one of trusted, ignored; found true"),
    ("exclude: vendor", "exclude", "expected a list, found 'vendor'"),
    ("controllers: [argo]", "controllers/0",
     "expected system:serviceaccount:NAMESPACE:NAME, found 'argo'"),
    ("kinds: [{group: x.io, kind: T}]", "kinds/0",
     "'templates' is missing: where its pod templates stand"),
    ("kinds: [{group: x.io, kind: T, templates: []}]", "kinds/0/templates",
     "expected a list with at least one item, found an empty one"),
    ("kinds: [{group: x.io, kind: T, templates: ['spec.[0]']}]", "kinds/0/templates/0",
     "expected a path such as spec.workers[*].template, found 'spec.[0]'"),
    ("kinds: [{group: x.io, kind: T, templates: [spec], role: trainer}]", "kinds/0/role", None),
    ("kinds: [{group: batch, kind: Job, templates: [spec.template]}]", "kinds/0",
     "Job.batch is known to mlgate already"),
    ("kinds: [{group: x.io, kind: T, templates: [a]}, {group: x.io, kind: T, templates: [b]}]",
     "kinds/1", "T.x.io stands in the list twice"),
    ("namespaces: [{profile: strict}]", "namespaces/0", "'match' is missing: the namespaces"),
    ("namespaces: [{match: {}}]", "namespaces/0/match",
     "expected at least one of name, labels"),
    ("namespaces: [{match: {name: 1}}]", "namespaces/0/match/name", None),
    ("namespaces: [{match: {name: a}, rules: {AAA001: {most: 1}}}]",
     "namespaces/0/rules/AAA001/most", None),
    ("rules: {AAA001: {default: 9}}\nnamespaces: [{match: {name: a}, rules: {AAA001: {max: 8}}}]",
     "namespaces/0/rules/AAA001", "default (9) is above max (8)"),
    ("unknownKinds: denied", "unknownKinds",
     "expected one of off, audit, warn, deny; found 'denied'; did you mean 'deny'?"),
    ("mutations: {default: 1}", "mutations/default", "expected true or false, found 1"),
    ("mutations: {AAA001: true}", "mutations/AAA001",
     "there is no rule with safe fixes 'AAA001' here; expected default"),
    ("exceptions: [{rules: [AAA001], match: {kind: Job}, reason: r}]", "exceptions/0",
     "'owner' is missing: who answers for it"),
    ("exceptions: [{rules: [AAA001], match: {kind: Job}, reason: ' ', owner: o}]",
     "exceptions/0/reason", "expected text, found ' '"),
    ("exceptions: [{rules: [AAA002], match: {kind: Job}, reason: r, owner: o}]",
     "exceptions/0/rules/0", "there is no rule 'AAA002'; did you mean 'AAA001'?"),
    ("exceptions: [{rules: [], match: {kind: Job}, reason: r, owner: o}]",
     "exceptions/0/rules", None),
    ("exceptions: [{rules: [AAA001], match: {kind: a}, reason: r, owner: o, expires: 2027-02-30}]",
     "exceptions/0/expires",
     "expected a date (YYYY-MM-DD), found '2027-02-30'"),
    ("exceptions: [{rules: [AAA001], match: {kind: Job}, reason: r, owner: o, expires: soon}]",
     "exceptions/0/expires", None),
    ("namespaces: [{match: {labels: {matchLabels: {a: b}, c: d}}}]",
     "namespaces/0/match/labels/c", None),
    ("namespaces: [{match: {labels: {matchLabels: [a]}}}]", "namespaces/0/match/labels/matchLabels",
     "expected a mapping, found a list"),
    ("namespaces: [{match: {labels: {gpu: true}}}]", "namespaces/0/match/labels/gpu",
     "expected a label's key or value, found true: put it in quotes"),
    ("namespaces: [{match: {labels: {matchExpressions: [{key: a, operator: In}]}}}]",
     "namespaces/0/match/labels/matchExpressions/0", "'values' is missing"),
    ("namespaces: [{match: {labels: {matchExpressions: [{key: a, operator: Exists, values: }]}}}]",
     "namespaces/0/match/labels/matchExpressions/0/values", None),
    ("namespaces: [{match: {labels: {matchExpressions: [{key: a, operator: Exist}]}}}]",
     "namespaces/0/match/labels/matchExpressions/0/operator",
     "expected one of Exists, DoesNotExist; found 'Exist'; did you mean 'Exists'?"),
    ("namespaces: [{match: {labels: {matchExpressions: [{key: a, operator: in, values: [b]}]}}}]",
     "namespaces/0/match/labels/matchExpressions/0/operator",
     "expected one of In, NotIn; found 'in'; did you mean 'In'?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "message"), MISTAKES, ids=[one[0] for one in MISTAKES])
def test_a_mistake_is_named_at_its_place(
    make_policy: MakePolicy, text: str, place: str, message: str | None
) -> None:
    with pytest.raises(PolicyError) as caught:
        make_policy(text)

    (problem,) = caught.value.problems
    assert "/".join(map(str, problem.path)) == place
    assert message is None or problem.message.endswith(message)


def test_all_mistakes_are_found_at_once(rules: tuple[Rule, ...]) -> None:
    text = dedent("""\
        apiVersion: mlgate.dev/v2
        kind: Polcy
        profile: lax
        rules: {AAA001: never, ZZZ999: deny}
        exceptions: [{rules: [AAA001]}]
        """)
    (document,) = read(text)
    assert isinstance(document, Document)

    with pytest.raises(PolicyError) as caught:
        parse_policy(document, rules)

    assert [problem.path for problem in caught.value.problems] == [
        ("apiVersion",),
        ("kind",),
        ("profile",),
        ("rules", "AAA001"),
        ("rules", "ZZZ999"),
        ("exceptions", 0),
        ("exceptions", 0),
        ("exceptions", 0),
    ]


@pytest.mark.parametrize("text", ["[]", "text", "profile: strict", "kind: Policy"])
def test_what_is_no_policy_is_refused(rules: tuple[Rule, ...], text: str) -> None:
    (document,) = read(text)
    assert isinstance(document, Document)

    with pytest.raises(PolicyError):
        parse_policy(document, rules)


def test_a_key_that_stands_twice_is_a_mistake(make_policy: MakePolicy) -> None:
    with pytest.raises(PolicyError) as caught:
        make_policy("rules:\n  AAA001: deny\n  BBB002: warn\n  AAA001: off\n")

    (problem,) = caught.value.problems
    assert problem.path == ("rules", "AAA001")
    assert problem.message == "rules: 'AAA001' stands here twice"
    assert problem.span[:2] == (6, 3)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(("name", "labels", "matchLabels", "rules", "AAA001", "match", "x")),
        inner, max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip
KEYS = ("profile", "rules", "parameters", "kinds", "exclude", "namespaces", "exceptions", "x")


def problems_of(document: Document) -> tuple[PolicyProblem, ...]:
    try:
        parse_policy(document, ())
    except PolicyError as error:
        return error.problems
    return ()


@given(body=st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_content_gives_a_policy_or_problems_with_places(body: dict[str, object]) -> None:
    whole = {"apiVersion": "mlgate.dev/v1", "kind": "Policy", **body}
    (document,) = read(json.dumps(whole))
    assert isinstance(document, Document)

    assert all(problem.path[0] in body for problem in problems_of(document))


def test_overlay_keeps_what_is_not_stated() -> None:
    below = {"a": {"b": 1, "c": 2}, "d": [1, 2]}

    assert overlay(below, {"a": {"b": 3}, "d": [4]}) == {"a": {"b": 3, "c": 2}, "d": [4]}
    assert below == {"a": {"b": 1, "c": 2}, "d": [1, 2]}


@pytest.mark.parametrize(
    "stated",
    [
        "rules: {TRN002: {max: 5}, STO001: audit, MLG007/unjudged: warn}",
        "rules: {TRN002: {mox: 5}}",
        "rules: {TRN002/batches: warn}",
        "rules: {training-retry-budget-set: warn}",
        "mutations: {TRN002: true, GPU001/limits: false}",
        "mutations: {TRN009: true, IMG001: true}",
        "namespaces: [{match: {name: a}, rules: {TRN003: {min: 9, max: 3}}}]",
        "exceptions: [{rules: [SRV001/killed, SRV999], match: {name: a}, reason: r, owner: o}]",
    ],
)
def test_rules_that_are_not_named_need_not_be_known(stated: str) -> None:
    def read_by(rules: Rules) -> object:
        try:
            policy = read_policy(f"apiVersion: mlgate.dev/v1\nkind: Policy\n{stated}\n", rules)
        except PolicyError as error:
            return error.problems
        return policy.rules, policy.values, policy.mutations, policy.namespaces

    assert read_by(INDEX) == read_by(ALL)


def test_a_rule_is_imported_for_a_policy_that_names_it() -> None:
    known = {rule.code: rule for rule in load_named(INDEX, "{'rules': {'TRN002': {'max': 5}}}")}
    assert [code for code, rule in known.items() if rule.check is not None] == ["TRN002"]
    assert known["TRN003"].parameters == ()
    assert [form.name for form in known["TRN003"].forms] == ["missing", "pod-only", "range"]
