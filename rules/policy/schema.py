"""The JSON Schema of a policy file, written from the same table that checks one."""

from typing import Any

from rules.model import Rule
from rules.policy.keys import policy_shape
from rules.policy.shapes import (
    Choice,
    Either,
    Flag,
    Number,
    Record,
    Sequence,
    Shape,
    Table,
    Text,
)

_HEAD = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://mlgate.dev/policy.schema.json",
    "$comment": "generated from the rules and the table of keys; do not edit",
    "title": "mlgate policy",
}


def schema(rules: tuple[Rule, ...]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a policy file that may name ``rules``.

    It says all but what a schema cannot: that a date is a real one, that bounds rise.
    """
    return {**_HEAD, **describe(policy_shape(rules))}


def describe(shape: Shape) -> dict[str, Any]:
    """The schema of one shape."""
    described = _types(shape)
    return {"description": shape.summary, **described} if shape.summary else described


def _types(shape: Shape) -> dict[str, Any]:
    match shape:
        case Record():
            return _record(shape)
        case Table():
            return {"type": ["object", "null"], "additionalProperties": describe(shape.value)}
        case Sequence():
            return _sequence(shape)
        case Either():
            return {"anyOf": [describe(one) for one in shape.shapes]}
    return _scalar(shape)


def _scalar(shape: Text | Choice | Number | Flag) -> dict[str, Any]:
    match shape:
        case Choice():
            # YAML 1.1 reads a bare `off` as false
            return {"enum": [*shape.names, *([False] if "off" in shape.names else ())]}
        case Text():
            return {"type": "string", "pattern": f"^(?:{shape.pattern})$"}
        case Number():
            return {"type": "integer", "minimum": 0}
    return {"type": "boolean"}


def _record(shape: Record) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": "object" if shape.required or shape.least else ["object", "null"],
        "properties": {key: describe(one) for key, one in shape.fields.items()},
        "additionalProperties": False,
    }
    if shape.required:
        described["required"] = list(shape.required)
    if shape.least:
        described["minProperties"] = shape.least
    return described


def _sequence(shape: Sequence) -> dict[str, Any]:
    if shape.least:
        return {"type": "array", "items": describe(shape.item), "minItems": shape.least}
    return {"type": ["array", "null"], "items": describe(shape.item)}
