"""The JSON Schema of a policy file, written from the same table that checks one."""

from collections.abc import Mapping

from rules.model import Rule
from rules.policy.keys import policy_shape, recurring_shapes
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
from rules.type_names import Any

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
    description = Description(recurring_shapes(rules))
    whole = description.tell(policy_shape(rules))
    return {**_HEAD, **whole, "$defs": description.definitions}


class Description:
    """Shapes as JSON Schema. Those with a name stand among the ``definitions``, each described by
    those before it, and elsewhere a reference takes their place."""

    def __init__(self, named: Mapping[str, Shape]) -> None:
        self.definitions: dict[str, dict[str, Any]] = {}
        for name, shape in named.items():
            self.definitions[name] = self._types(shape)

    def tell(self, shape: Shape) -> dict[str, Any]:
        """The schema of one shape, with its summary."""
        body = self._refer(self._types(shape))
        return {"description": shape.summary, **body} if shape.summary else body

    def _refer(self, body: dict[str, Any]) -> dict[str, Any]:
        for name, known in self.definitions.items():
            if known == body:
                return {"$ref": f"#/$defs/{name}"}
        return body

    def _types(self, shape: Shape) -> dict[str, Any]:
        match shape:
            case Record():
                return self._record(shape)
            case Table():
                return {"type": ["object", "null"], "additionalProperties": self.tell(shape.value)}
            case Sequence():
                return self._sequence(shape)
            case Either():
                return {"anyOf": [self.tell(one) for one in shape.shapes]}
        return _scalar(shape)

    def _record(self, shape: Record) -> dict[str, Any]:
        described: dict[str, Any] = {
            "type": "object" if shape.required or shape.least else ["object", "null"],
            **self._fields(shape),
        }
        if shape.required:
            described["required"] = list(shape.required)
        if shape.least:
            described["minProperties"] = shape.least
        return described

    def _fields(self, shape: Record) -> dict[str, Any]:
        """The keys with their values; where all are alike, a name for the keys says it once."""
        properties = {key: self.tell(one) for key, one in shape.fields.items()}
        keys = self._refer(_scalar(Choice(tuple(properties))))
        first, *rest = properties.values()
        if "$ref" in keys and all(one == first for one in rest):
            return {"propertyNames": keys, "additionalProperties": first}
        return {"properties": properties, "additionalProperties": False}

    def _sequence(self, shape: Sequence) -> dict[str, Any]:
        if shape.least:
            return {"type": "array", "items": self.tell(shape.item), "minItems": shape.least}
        return {"type": ["array", "null"], "items": self.tell(shape.item)}


def _scalar(shape: Text | Choice | Number | Flag) -> dict[str, Any]:
    match shape:
        case Choice():
            # YAML 1.1 reads a bare `off` as false
            return {"enum": [*shape.names, *([False] if "off" in shape.names else ())]}
        case Text():
            return {"type": "string", "pattern": f"^(?:{shape.pattern})$"}
        case Number():
            return {"type": ["integer", "null"] if shape.unset else "integer", "minimum": 0}
    return {"type": "boolean"}
