"""Label selectors, as a policy's ``match`` writes them."""

from collections.abc import Mapping
from typing import Any, NamedTuple


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

    def accepts(self, labels: Any) -> bool:
        """Whether an object's ``labels`` (a mapping, or whatever stands there) are selected."""
        known = labels if isinstance(labels, Mapping) else {}
        return all(requirement.accepts(known) for requirement in self.requirements)


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


def is_label_selector(body: Mapping[str, Any]) -> bool:
    """Whether a mapping is a LabelSelector rather than plain labels."""
    return "matchLabels" in body or "matchExpressions" in body
