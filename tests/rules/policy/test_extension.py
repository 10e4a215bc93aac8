"""A policy that extends others: what comes of both, and what it may not loosen."""

from collections.abc import Mapping

import pytest

from rules.checks import ALL, BY_CODE
from rules.model import Action
from rules.policy import Policy
from rules.policy.decisions import weigh
from rules.policy.file import PolicyError, read_policy

HEAD = "apiVersion: mlgate.dev/v1\nkind: Policy\n"
PLATFORM = """\
rules:
  ORG001: {action: deny, per_pod: 8, locked: true}
  TRN001/operator: {action: warn, locked: true}
  TRN002: {action: warn, max: 5}
locked: [ignores, parameters]
ignores: cap-at-warn
controllers: ["system:serviceaccount:argo:argo"]
namespaces: [{match: {name: ml}, profile: strict}]
"""


def read(team: str, files: Mapping[str, str] | None = None) -> Policy:
    texts = {"platform.yaml": PLATFORM} if files is None else files

    def read_base(name: str) -> str:
        if name not in texts:
            raise FileNotFoundError(2, "No such file or directory")
        return HEAD + texts[name]

    return read_policy(f"{HEAD}extends: [platform.yaml]\n{team}", ALL, read_base)


def mistakes(team: str, files: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        read(team, files)
    return [problem.message for problem in caught.value.problems]


def action(policy: Policy, code: str, form: str, namespace: str | None = None) -> Action:
    rule = BY_CODE[code]
    return weigh(policy, rule, rule.form(form), namespace=namespace).action


def test_a_team_lays_its_policy_over_the_platforms() -> None:
    policy = read(
        "rules: {TRN002: {max: 9}, TRN003: deny}\nprofile: strict\n"
        "controllers: ['system:serviceaccount:a:b']\n"
        "namespaces: [{match: {name: ml}, profile: observe}]\n"
    )
    assert policy.values["TRN002"] == {"max": 9}
    assert policy.rules["TRN002"] is Action.WARN
    assert policy.rules["TRN003"] is Action.DENY
    assert policy.profile == "strict"
    assert policy.ignores == "cap-at-warn"
    assert len(policy.controllers) == 2
    assert [entry.profile for entry in policy.namespaces] == ["observe", "strict"]
    assert policy.values["ORG001"] == {"per_pod": 8}


def test_a_lock_is_the_least_whatever_namespaces_say() -> None:
    policy = read("profile: observe\nnamespaces: [{match: {name: ml}, profile: observe}]\n")
    assert action(policy, "ORG001", "pod") is Action.DENY
    assert action(policy, "ORG001", "pod", "ml") is Action.DENY
    assert action(policy, "TRN001", "operator", "ml") is Action.WARN
    assert action(policy, "TRN001", "batch", "ml") is Action.AUDIT
    assert action(read("rules: {TRN001/operator: deny}"), "TRN001", "operator") is Action.DENY


EXCEPTION = "exceptions: [{rules: [%s], match: {name: a}, reason: r, owner: o}]"


@pytest.mark.parametrize(
    ("team", "message"),
    [
        ("rules: {ORG001: warn}", "ORG001 is locked at deny by platform.yaml"),
        ("rules: {ORG001/pod: off}", "ORG001 is locked at deny by platform.yaml"),
        ("rules: {ORG001: {per_pod: 64}}", "the parameters of ORG001 are locked"),
        (
            "namespaces: [{match: {name: a}, rules: {ORG001: {per_pod: 64}}}]",
            "the parameters of ORG001 are locked",
        ),
        ("rules: {TRN001/operator: audit}", "TRN001/operator is locked at warn"),
        (EXCEPTION % "ORG001/pod", "ORG001/pod is locked by platform.yaml"),
        (EXCEPTION % "TRN001", "TRN001 is locked by platform.yaml"),
        ("ignores: allow", "it is locked by platform.yaml"),
        ("parameters: {accelerators: {patterns: [a/b]}}", "it is locked by platform.yaml"),
    ],
)
def test_what_is_locked_is_not_loosened(team: str, message: str) -> None:
    (found,) = mistakes(team)
    assert message in found


def test_what_is_stricter_or_not_locked_is_the_teams() -> None:
    policy = read("rules: {TRN001/operator: deny, TRN002: off}\n" + EXCEPTION % "TRN003")
    assert policy.rules["TRN002"] is Action.OFF
    assert len(policy.exceptions) == 1


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "extends[0]: platform.yaml: No such file or directory"),
        (
            {"platform.yaml": "profile: lax\n"},
            "platform.yaml: profile: expected one of",
        ),
        ({"platform.yaml": "extends: [platform.yaml]\n"}, "extend one another without end"),
        ({"platform.yaml": "rules: {TRN003: {locked: true}}\n"}, "needs an action"),
    ],
)
def test_a_base_that_cannot_be_used_is_named(files: dict[str, str], message: str) -> None:
    (found,) = mistakes("profile: strict", files)
    assert message in found


@pytest.mark.parametrize("text", ["just SECRET text", "- SECRET", "SECRET: SECRET", "kind: SECRET"])
def test_of_a_file_that_is_no_policy_nothing_is_shown(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(f"{HEAD}extends: [notes.txt]\n", ALL, lambda _: text)
    (problem,) = caught.value.problems
    assert problem.message == (
        "extends[0]: notes.txt: no policy; expected apiVersion mlgate.dev/v1 and kind Policy"
    )


def test_a_base_may_extend_another_beside_it() -> None:
    files = {
        "platform.yaml": "extends: [all/company.yaml]\n",
        "all/company.yaml": "extends: [law.yaml]\nprofile: strict\n",
        "all/law.yaml": "rules: {SEC001: {action: deny, locked: true}}\n",
    }
    policy = read("", files)
    assert policy.profile == "strict"
    assert policy.locked == {"SEC001": Action.DENY}
    assert "SEC001 is locked" in mistakes("rules: {SEC001: off}", files)[0]


def test_without_files_nothing_is_extended() -> None:
    with pytest.raises(PolicyError, match="out of reach"):
        read_policy(f"{HEAD}extends: [a.yaml]\n", ALL)
