"""Which rules are shown an object."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from rules.annotations import PROFILE_LABEL
from rules.checks import ALL
from rules.dispatch import RuleIndex
from rules.inventory import Inventory
from rules.kinds import facts, find_kind
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Action, Harm, Problem, Rule
from rules.policy import Policy
from rules.policy.entries import NamespaceEntry
from rules.workload import SERVING, TRAINING, Workload

POLICY = Policy()


def check(_workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    yield from ()


def make_rule(code: str, **declared: Any) -> Rule:
    return ALL[0]._replace(code=code, check=check, **{"reads": ("pods",), **declared})


ANY = make_rule("ANY001", reads=())
RULES = (
    make_rule("DEV001", accelerated=True),
    make_rule("HPA001", reads=("autoscalers",)),
    make_rule("SRV001", roles=SERVING),
    make_rule("TRN001", roles=TRAINING),
    make_rule("TTL001", reads=(facts.TTL,)),
    ANY,
)


def make_job(**container: Any) -> Workload:
    pod = {"containers": [{"name": "main", "image": "registry.example.com/app:1.0", **container}]}
    spec = {"template": {"spec": pod}}
    return make_workload("batch", "Job", {"spec": spec})


def make_workload(group: str, name: str, body: Mapping[str, Any]) -> Workload:
    kind = find_kind(group, name)
    assert kind is not None
    manifest = Manifest({"apiVersion": f"{group}/v1", "kind": name, **body})
    return Workload(manifest, kind, Inventory(), POLICY.parameters)


def show(workload: Workload, rules: tuple[Rule, ...] = RULES) -> list[str]:
    return [rule.code for rule, _, _ in RuleIndex(POLICY, rules).find(workload)]


@pytest.mark.parametrize(
    ("container", "shown"),
    [
        ({"command": ["python", "train.py"]}, ["TRN001"]),
        ({"image": "vllm/vllm-openai:1", "command": ["vllm", "serve"]}, ["SRV001"]),
        ({"resources": {"limits": {"nvidia.com/gpu": 1}}}, ["DEV001"]),
        ({"command": ["sleep", "1"]}, []),
    ],
)
def test_an_object_is_shown_to_the_rules_that_may_find_something(
    container: dict[str, Any], shown: list[str]
) -> None:
    assert show(make_job(**container)) == [*shown, "TTL001", "ANY001"]


def test_a_rule_is_not_shown_a_kind_that_has_nothing_of_what_it_reads() -> None:
    scaler = make_workload("autoscaling", "HorizontalPodAutoscaler", {"spec": {}})
    assert show(scaler) == ["HPA001", "ANY001"]


def test_roles_are_read_only_where_a_rule_hangs_on_them() -> None:
    workload = make_job(command=["python", "train.py"])
    assert show(workload, (ANY, RULES[0])) == ["ANY001"]
    assert "judgements" not in vars(workload)
    assert show(workload, (ANY, RULES[3])) == ["ANY001", "TRN001"]
    assert "judgements" in vars(workload)


def test_a_kind_that_changes_is_looked_up_anew() -> None:
    workload, index = make_job(), RuleIndex(POLICY, RULES)
    index.find(workload)
    workload.kind = workload.kind._replace(rows=Kind._field_defaults["rows"])
    assert "TTL001" not in [rule.code for rule, _, _ in index.find(workload)]


@pytest.mark.parametrize(
    "given",
    [
        {"values": {"ORG001": {"per_pod": 8}}},
        {"namespaces": (NamespaceEntry(values={"ORG001": {"per_pod": 8}}),)},
    ],
)
def test_a_rule_of_an_organisation_is_shown_objects_where_a_policy_gives_it_values(
    given: dict[str, Any],
) -> None:
    rule, workload = make_rule("ORG001", harm=Harm.UNWANTED), make_job()
    assert show(workload, (rule,)) == []
    assert RuleIndex(Policy(**given), (rule,)).find(workload)


OFF = {"TTL001": Action.OFF}
TRUSTED = {PROFILE_LABEL: "strict"}
BOTH, REST = ["TTL001", "ANY001"], ["ANY001"]


@pytest.mark.parametrize(
    ("given", "place", "shown"),
    [
        ({}, (), BOTH),
        ({"rules": OFF}, (), REST),
        ({"rules": OFF}, (None, None, "standard"), BOTH),
        ({"rules": OFF}, ("ml", {}, None), REST),
        ({"rules": OFF}, ("ml", TRUSTED, None), BOTH),
        ({"rules": OFF, "namespace_labels": "ignored"}, ("ml", TRUSTED, None), REST),
        ({"rules": OFF, "locked": {"TTL001": Action.WARN}}, (), BOTH),
        ({"rules": {**OFF, f"TTL001/{ANY.forms[0].name}": Action.WARN}}, (), BOTH),
        ({"namespaces": (NamespaceEntry("ml", rules=OFF),)}, ("ml", None, None), REST),
        ({"namespaces": (NamespaceEntry("ml", rules=OFF),)}, ("other", None, None), BOTH),
    ],
)
def test_a_rule_that_is_off_in_a_namespace_is_shown_nothing_there(
    given: dict[str, Any], place: tuple[Any, ...], shown: list[str]
) -> None:
    index = RuleIndex(Policy(**given), RULES)
    workload = make_job(command=["sleep", "1"])
    for _ in range(2):
        assert [rule.code for rule, _, _ in index.find(workload, *place)] == shown
