"""What wins over what, and what doubt, exceptions and exempt namespaces make of a finding."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.model import Action, Confidence, Form, Harm, Identity, Rule, Severity
from rules.policy import (
    DEFAULT,
    Decision,
    Policy,
    decide,
    ignores_in,
    is_exempt,
    profile_in,
)
from rules.policy.decisions import profile_action

MakePolicy = Callable[[str], Policy]

TODAY = date(2027, 1, 31)


def judge(
    policy: Policy,
    rule: Rule,
    form: str = "hard",
    confidence: Confidence = Confidence.HIGH,
    *,
    namespace: str | None = "research",
    name: str | None = "sweep-7",
    labels: Any = None,
    namespace_labels: Mapping[str, str] | None = None,
    now: date = TODAY,
    flag: str | None = None,
    container: str | None = None,
) -> Decision:
    return decide(
        policy,
        rule,
        rule.form(form),
        confidence,
        identity=Identity("batch/v1", "Job", namespace, name),
        labels=labels,
        namespace_labels=namespace_labels,
        now=now,
        flag_profile=flag,
        container=container,
    )


@pytest.mark.parametrize(
    ("profile", "form", "action"),
    [
        ("standard", "hard", Action.DENY),
        ("standard", "soft", Action.WARN),
        ("standard", "quiet", Action.OFF),
        ("strict", "soft", Action.DENY),
        ("strict", "quiet", Action.WARN),
        ("observe", "hard", Action.AUDIT),
        ("observe", "soft", Action.AUDIT),
        ("observe", "quiet", Action.OFF),
    ],
)
def test_the_profile_says_the_action(
    rules: tuple[Rule, ...], profile: str, form: str, action: Action
) -> None:
    assert judge(Policy(profile=profile), rules[0], form) == Decision(action)
    assert judge(DEFAULT, rules[0], form, flag=profile) == Decision(action)


LADDER = """
profile: observe
rules: {AAA001: warn}
namespaces:
  - {match: {name: "res*"}, profile: strict, rules: {AAA001/soft: audit}}
exceptions:
  - {rules: [AAA001/plain], match: {name: "sweep-*"}, reason: bounded elsewhere, owner: infra}
"""


def test_what_wins_first_to_last(rules: tuple[Rule, ...], make_policy: MakePolicy) -> None:
    policy = make_policy(LADDER)
    first, second = rules
    strict = {"mlgate.dev/profile": "strict"}

    assert judge(policy, second, "only", namespace="other").action is Action.AUDIT
    assert judge(policy, first, namespace="other").action is Action.WARN
    assert judge(policy, first, namespace="other", namespace_labels=strict).action is Action.DENY
    assert judge(policy, first, namespace_labels=strict).action is Action.DENY
    assert judge(policy, first, "soft", namespace_labels=strict).action is Action.AUDIT
    assert judge(policy, first, "plain").action is Action.EXCEPTED
    assert judge(policy, first, "plain", flag="observe").action is Action.AUDIT
    assert judge(policy, first, "plain", flag="strict").action is Action.DENY


def test_an_explicit_rule_wins_over_observe(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    policy = make_policy("profile: observe\nrules: {BBB002: deny}\n")

    assert judge(policy, rules[1], "only").action is Action.DENY


def test_a_form_wins_over_its_rule(rules: tuple[Rule, ...], make_policy: MakePolicy) -> None:
    policy = make_policy("rules: {AAA001: off, AAA001/soft: {action: deny}}\n")

    assert judge(policy, rules[0], "hard").action is Action.OFF
    assert judge(policy, rules[0], "soft").action is Action.DENY


def test_the_first_fitting_namespace_entry_counts(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    policy = make_policy("""
namespaces:
  - {match: {name: research}, profile: observe}
  - {match: {name: "*"}, profile: strict}
""")

    assert judge(policy, rules[0], "soft").action is Action.AUDIT
    assert judge(policy, rules[0], "soft", namespace="other").action is Action.DENY
    assert judge(policy, rules[0], "soft", namespace=None).action is Action.DENY


def test_an_entry_that_selects_by_labels_needs_them_known(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    policy = make_policy("namespaces: [{match: {labels: {tier: lab}}, profile: observe}]\n")

    assert judge(policy, rules[0]).action is Action.DENY
    assert judge(policy, rules[0], namespace_labels={}).action is Action.DENY
    assert judge(policy, rules[0], namespace_labels={"tier": "lab"}).action is Action.AUDIT


@pytest.mark.parametrize(
    ("trust", "label", "action"),
    [
        ("trusted", "observe", Action.AUDIT),
        ("ignored", "observe", Action.DENY),
        ("trusted", "no-such-profile", Action.DENY),
    ],
)
def test_a_namespace_label_counts_where_it_is_trusted(
    rules: tuple[Rule, ...], make_policy: MakePolicy, trust: str, label: str, action: Action
) -> None:
    policy = make_policy(f"namespaceLabels: {trust}\n")

    found = judge(policy, rules[0], namespace_labels={"mlgate.dev/profile": label})

    assert found.action is action


@pytest.mark.parametrize(
    ("form", "confidence", "action"),
    [
        ("hard", Confidence.HIGH, Action.DENY),
        ("hard", Confidence.MEDIUM, Action.WARN),
        ("hard", Confidence.LOW, Action.AUDIT),
        ("soft", Confidence.MEDIUM, Action.WARN),
        ("soft", Confidence.LOW, Action.AUDIT),
        ("plain", Confidence.LOW, Action.DENY),
        ("quiet", Confidence.LOW, Action.OFF),
    ],
)
def test_doubt_in_the_role_degrades_forms_that_hang_on_it(
    rules: tuple[Rule, ...], form: str, confidence: Confidence, action: Action
) -> None:
    assert judge(DEFAULT, rules[0], form, confidence).action is action


def test_a_degraded_decision_says_so(rules: tuple[Rule, ...]) -> None:
    found = judge(DEFAULT, rules[0], "hard", Confidence.MEDIUM)

    assert found.note == "deny becomes warn: confidence in the role is medium"


def test_a_policy_may_deny_at_medium_confidence(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    policy = make_policy("parameters: {roles: {deny_needs_confidence: medium}}\n")

    assert judge(policy, rules[0], "hard", Confidence.MEDIUM) == Decision(Action.DENY)
    assert judge(policy, rules[0], "hard", Confidence.LOW).action is Action.AUDIT


EXCEPTION = """
exceptions:
  - rules: [AAA001]
    match: {{{match}}}
    reason: bounded by the sweep controller
    owner: ml-infra
    expires: 2027-01-31
"""


@pytest.mark.parametrize(
    ("container", "fits"), [("exporter", True), ("trainer", False), (None, False)]
)
def test_an_exception_may_speak_of_one_container(
    rules: tuple[Rule, ...], make_policy: MakePolicy, container: str | None, *, fits: bool
) -> None:
    policy = make_policy(EXCEPTION.format(match="kind: Job, container: 'export*'"))

    found = judge(policy, rules[0], container=container)
    assert (found.action is Action.EXCEPTED) == fits


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ("namespace: research", True),
        ("namespace: Research", False),
        ("namespace: other", False),
        ("kind: Job, name: 'sweep-*'", True),
        ("kind: CronJob, name: 'sweep-*'", False),
        ("name: 'sweep-?'", True),
        ("labels: {team: vision}", True),
        ("labels: {team: audio}", False),
        ("labels: {matchExpressions: [{key: team, operator: NotIn, values: [audio]}]}", True),
        ("labels: {matchLabels: {team: vision}, matchExpressions: []}", True),
        ("labels: {matchLabels: {team: vision, tier: lab}}", False),
    ],
)
def test_an_exception_leaves_alone_what_fits_it(
    rules: tuple[Rule, ...], make_policy: MakePolicy, match: str, *, fits: bool
) -> None:
    found = judge(make_policy(EXCEPTION.format(match=match)), rules[0], labels={"team": "vision"})

    assert (found.action is Action.EXCEPTED) == fits
    if fits:
        assert found.note == (
            "excepted until 2027-01-31 by ml-infra: bounded by the sweep controller"
        )


def test_an_exception_counts_through_its_last_day(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    policy = make_policy(EXCEPTION.format(match="kind: Job"))

    assert judge(policy, rules[0], now=date(2027, 1, 31)).action is Action.EXCEPTED
    expired = "the exception of ml-infra expired on 2027-01-31: bounded by the sweep controller"
    assert judge(policy, rules[0], now=date(2027, 2, 1)) == Decision(Action.DENY, expired, expired)
    assert judge(policy, rules[1], "only").action is Action.WARN


def test_an_expired_exception_does_not_hide_a_later_one(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    text = EXCEPTION.format(match="kind: Job")
    later = "  - {rules: [AAA001], match: {name: '*'}, reason: still, owner: me}\n"

    found = judge(make_policy(text + later), rules[0], now=date(2028, 1, 1))

    assert found == Decision(Action.EXCEPTED, "excepted by me: still")


def test_a_rule_that_is_off_is_not_excepted(
    rules: tuple[Rule, ...], make_policy: MakePolicy
) -> None:
    policy = make_policy("rules: {AAA001: off}" + EXCEPTION.format(match="kind: Job"))

    assert judge(policy, rules[0]) == Decision(Action.OFF)


@pytest.mark.parametrize(
    ("namespace", "exempt"),
    [
        ("kube-system", True),
        ("kube-public", True),
        ("cert-manager", True),
        ("openshift-monitoring", True),
        ("gpu-operator", True),
        ("knative-serving", True),
        ("istio-system", True),
        ("istio-ingress", False),
        ("dynamo-system", False),
        ("research", False),
        ("system", False),
        ("KUBE-SYSTEM", False),
        ("kube-lab", False),
        (None, False),
    ],
)
def test_the_clusters_own_namespaces_are_exempt(
    make_policy: MakePolicy, namespace: str | None, *, exempt: bool
) -> None:
    policy = make_policy("namespaces: [{match: {name: kube-lab}}, {match: {name: 'kube-*'}}]\n")

    assert is_exempt(policy, namespace) is exempt


def test_profile_and_ignores_of_a_namespace(make_policy: MakePolicy) -> None:
    policy = make_policy("""
ignores: cap-at-warn
namespaceLabels: trusted
namespaces: [{match: {name: prod}, profile: strict, ignores: forbid}]
""")
    label = {"mlgate.dev/profile": "observe"}

    assert profile_in(policy, "prod", label) == "strict"
    assert profile_in(policy, "other", label) == "observe"
    assert profile_in(policy, "other") == "standard"
    assert profile_in(policy, "prod", flag_profile="observe") == "observe"
    assert ignores_in(policy, "prod") == "forbid"
    assert ignores_in(policy, None) == "cap-at-warn"


ACTIONS = st.sampled_from((Action.DENY, Action.WARN, Action.AUDIT, Action.OFF))
FORMS = st.builds(
    Form,
    st.just("form"),
    st.sampled_from(tuple(Severity)),
    ACTIONS,
    ACTIONS,
    st.just(""),
    st.booleans(),
)
STRENGTH = [Action.OFF, Action.AUDIT, Action.WARN, Action.DENY]


@given(form=FORMS, profile=st.sampled_from(("observe", "standard", "strict")))
def test_less_confidence_never_makes_an_action_stronger(form: Form, profile: str) -> None:
    rule = Rule("AAA001", "name", Harm.LEAKS, (form,), None, "")
    found = [
        judge(Policy(profile=profile), rule, "form", confidence).action
        for confidence in (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
    ]

    assert [STRENGTH.index(action) for action in found] == sorted(map(STRENGTH.index, found))
    assert profile_action("observe", form) in (Action.AUDIT, Action.OFF)
