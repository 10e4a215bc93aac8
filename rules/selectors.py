"""Label selectors, as a policy's ``match`` and as other objects write them."""

from collections.abc import Mapping

from rules.record import NamedTuple
from rules.type_names import Any

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


class Requirement(NamedTuple):
    """One line of ``matchExpressions``; ``operator`` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def accepts(self, labels: Mapping[str, Any]) -> bool:
        """Whether the labels meet it. NotIn holds where the key is absent.

        Source: apimachinery ``pkg/labels/selector.go`` (Requirement.Matches).
        """
        present = self.key in labels
        match self.operator:
            case "Exists":
                return present
            case "DoesNotExist":
                return not present
            case "In":
                return present and labels[self.key] in self.values
        return not present or labels[self.key] not in self.values


class Selector(NamedTuple):
    """All of its requirements must hold."""

    requirements: tuple[Requirement, ...]

    @property
    def key(self) -> tuple[str, str] | None:
        """One label that it asks for, as key and value; None where it asks for none in one way."""
        for key, operator, values in self.requirements:
            if operator == "In" and len(values) == 1 and isinstance(values[0], str):
                return key, values[0]
        return None

    def accepts(self, labels: Any) -> bool:
        """Whether an object's ``labels`` (a mapping, or whatever stands there) are selected."""
        known = labels if isinstance(labels, Mapping) else {}
        return all(requirement.accepts(known) for requirement in self.requirements)


SELECTS_NOTHING = Selector((Requirement("", "In"),))
"""Selects nothing: no label is without a name."""


def read_selector(body: Mapping[str, Any]) -> Selector:
    """The selector of a checked mapping: labels that must be equal, or a LabelSelector
    (apimachinery ``meta/v1``)."""
    equal = body.get("matchLabels") or {} if is_label_selector(body) else body
    written = body.get("matchExpressions") or () if is_label_selector(body) else ()
    return Selector(
        (
            *(Requirement(key, "In", (value,)) for key, value in equal.items()),
            *(
                Requirement(one["key"], one["operator"], tuple(one.get("values") or ()))
                for one in written
            ),
        )
    )


def parse_selector(body: Any) -> Selector | None:
    """The selector of an unvalidated LabelSelector; None if it cannot be read."""
    if not isinstance(body, Mapping):
        return None
    equal, written = body.get("matchLabels") or {}, body.get("matchExpressions") or ()
    if not isinstance(equal, Mapping) or not isinstance(written, list | tuple):
        return None
    parsed = [_parse_requirement(one) for one in written]
    known = [one for one in parsed if one is not None]
    if len(known) < len(parsed):
        return None
    return Selector((*(Requirement(key, "In", (value,)) for key, value in equal.items()), *known))


def _parse_requirement(body: Any) -> Requirement | None:
    if not isinstance(body, Mapping) or body.get("operator") not in _OPERATORS:
        return None
    key, values = body.get("key"), body.get("values") or ()
    if not isinstance(key, str) or not isinstance(values, list | tuple):
        return None
    return Requirement(key, body["operator"], tuple(values))


def is_label_selector(body: Mapping[str, Any]) -> bool:
    """Whether a mapping is a LabelSelector rather than plain labels."""
    return "matchLabels" in body or "matchExpressions" in body
