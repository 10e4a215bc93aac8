"""The JSON Schema says of a policy file what the reader says."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from rules.model import Rule
from rules.policy.file import PolicyError
from rules.policy.keys import policy_shape
from rules.policy.schema import Description, schema
from rules.policy.values import Policy
from rules.reader import Document, read

FINE = [
    "",
    "profile: strict",
    "rules:",
    "rules: {AAA001: off, BBB002: {action: off}, AAA001/soft: {action: off}}",
    "rules: {AAA001: {max: 7, scope: all, allowed: {batch: [Never]}}, AAA001/soft: deny}",
    "parameters: {roles: {deny_needs_confidence: medium}}",
    "kinds: [{group: x.io, kind: T, templates: ['spec.a[*].b'], role: training}]",
    "namespaces: [{match: {labels: {a: b}}, rules: {AAA001: off}}]",
    "namespaces: [{match: {name: a}, rules: {AAA001: {action: off, max: 8}}}]",
    "namespaces: [{match: {labels: {matchExpressions: [{key: a, operator: Exists}]}}}]",
    "exceptions: [{rules: [AAA001], match: {name: a}, reason: r, owner: o, expires: 2027-01-01}]",
]
WRONG = [
    "profile: lax",
    "rules: {AAA001: yes}",
    "rules: {AAA001/soft: {max: 1}}",
    "rules: {AAA001/soft: lax}",
    "profiel: strict",
    "rules: {AAA002: deny}",
    "rules: {AAA001: {}}",
    "rules: {AAA001: {max: -1}}",
    "rules: {AAA001: {scope: none}}",
    "parameters: {roles: {name: x}}",
    "controllers: [argo]",
    "kinds: [{group: x.io, kind: T, templates: []}]",
    "namespaces: [{match: {}}]",
    "namespaces: [{match: {name: a}, rules: {AAA002: off}}]",
    "namespaces: [{match: {name: a}, rules: {AAA001: {most: 1}}}]",
    "namespaces: [{match: {name: a}, profile: lax}]",
    "namespaces: [{match: {labels: {matchExpressions: [{key: a, operator: In}]}}}]",
    "exceptions: [{rules: [AAA001], match: {kind: Job}, reason: r}]",
    "exceptions: [{rules: [AAA002], match: {kind: Job}, reason: r, owner: o}]",
    "exceptions: [{rules: [AAA001], match: {kind: ' '}, reason: r, owner: o}]",
    "exceptions: [{rules: [AAA001], match: {kind: Job}, reason: r, owner: o, expires: soon}]",
]


def test_it_is_a_schema(rules: tuple[Rule, ...]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(rules))


@pytest.mark.parametrize("text", FINE)
def test_it_accepts_what_the_reader_accepts(
    rules: tuple[Rule, ...], make_policy: Callable[[str], Policy], text: str
) -> None:
    (document,) = read(f"apiVersion: mlgate.dev/v1\nkind: Policy\n{text}\n")
    assert isinstance(document, Document)

    assert make_policy(text)
    jsonschema.validate(document.value, schema(rules))


@pytest.mark.parametrize("text", WRONG)
def test_it_refuses_what_the_reader_refuses(
    rules: tuple[Rule, ...], make_policy: Callable[[str], Policy], text: str
) -> None:
    (document,) = read(f"apiVersion: mlgate.dev/v1\nkind: Policy\n{text}\n")
    assert isinstance(document, Document)

    with pytest.raises(PolicyError):
        make_policy(text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document.value, schema(rules))


def test_its_definitions_say_what_they_stand_for(rules: tuple[Rule, ...]) -> None:
    short = schema(rules)
    whole = Description({}).tell(policy_shape(rules))

    assert expand(short, short["$defs"]).items() >= whole.items()
    for name in short["$defs"]:
        assert f"'#/$defs/{name}'" in str(short), name


def expand(tree: Any, definitions: dict[str, Any]) -> Any:
    """A schema without references, and with each key that a definition of keys allows."""
    if isinstance(tree, list):
        return [expand(one, definitions) for one in tree]
    if not isinstance(tree, dict):
        return tree
    tree = dict(tree)
    if "$ref" in tree:
        definition = definitions[tree.pop("$ref").removeprefix("#/$defs/")]
        return {**tree, **expand(definition, definitions)}
    if "propertyNames" in tree:
        keys = expand(tree.pop("propertyNames"), definitions)["enum"]
        tree |= {"properties": dict.fromkeys(keys, tree["additionalProperties"])}
        tree["additionalProperties"] = False
    return {key: expand(one, definitions) for key, one in tree.items()}


def test_it_explains_each_rule_and_parameter(rules: tuple[Rule, ...]) -> None:
    described = schema(rules)["$defs"]["rules"]["properties"]["AAA001"]
    with_parameters = described["anyOf"][1]["properties"]

    assert described["description"] == "first-rule: First."
    assert with_parameters["max"] == {"description": "most", "type": "integer", "minimum": 0}
