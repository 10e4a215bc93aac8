"""The shape of a label selector in a policy file: plain labels, or Kubernetes' own form."""

from rules.policy.shapes import Choice, Either, Record, Sequence, Shape, Table, Text
from rules.selectors import is_label_selector
from rules.type_names import Any

LABEL_WORD = Text(expected="a label's key or value", pattern=r"[A-Za-z0-9./_-]*")


def selector_shape() -> Either:
    """The shape of labels that must be there."""
    return Either(
        (Table(LABEL_WORD), _label_selector(LABEL_WORD)), _is_selector, "labels that must be there"
    )


def _is_selector(value: Any) -> int:
    return int(isinstance(value, dict) and is_label_selector(value))


def _label_selector(word: Text) -> Record:
    listed: dict[str, Shape] = {
        "key": word,
        "operator": Choice(("In", "NotIn")),
        "values": Sequence(word, least=1),
    }
    bare: dict[str, Shape] = {"key": word, "operator": Choice(("Exists", "DoesNotExist"))}
    requirement = Either(
        (Record(listed, required=tuple(listed)), Record(bare, required=tuple(bare))),
        _asks_existence,
    )
    return Record({"matchLabels": Table(word), "matchExpressions": Sequence(requirement)})


def _asks_existence(value: Any) -> int:
    return int(isinstance(value, dict) and "exist" in str(value.get("operator")).lower())
