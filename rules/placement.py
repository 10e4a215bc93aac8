"""Where a pod may be placed: what it tolerates, and which labels its node must have."""

from rules.paths import dig, items
from rules.type_names import Any

_REQUIRED = ("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")


def tolerates(tolerations: Any, keys: tuple[str, ...]) -> bool:
    """Whether a pod with these tolerations tolerates a taint of one of the keys, or any taint.

    Source: core/v1 Toleration (an empty key with operator Exists matches all keys).
    """
    for _, one in items(tolerations):
        key = dig(one, ("key",))
        if key in keys or (not key and dig(one, ("operator",)) == "Exists"):
            return True
    return False


def has_label(selector: Any, affinity: Any, label: str) -> bool:
    """Whether a pod asks for nodes with a label, ``key`` or ``key=value``: in its node selector, or
    in every term of its required node affinity, of which one must hold."""
    key, equals, value = label.partition("=")
    found = dig(selector, (key,))
    if found is not None:
        return not equals or str(found) == value
    terms = [term for _, term in items(dig(affinity, _REQUIRED))]
    return bool(terms) and all(_names_label(term, key, value if equals else None) for term in terms)


def _names_label(term: Any, key: str, value: str | None) -> bool:
    for _, one in items(dig(term, ("matchExpressions",))):
        if dig(one, ("key",)) == key:
            if value is None and dig(one, ("operator",)) in ("In", "Exists"):
                return True
            if dig(one, ("operator",)) == "In" and dig(one, ("values",)) == [value]:
                return True
    return False
