"""Text that is no Kubernetes manifest: how that is known, and what else it is."""

import re

from rules.lazy_pattern import LazyPattern
from rules.type_names import Any

OPERATIONS = "operations of a JSON Patch: what they are for is not at hand"
FOREIGN = "not a Kubernetes manifest: apiVersion and kind are not both set"

_COMMENTED_JSON = LazyPattern(r"^[ \t]*(?://|/\*)|[,{\[]\s*//", re.MULTILINE)
_RENDER = "render it with `helm template`, which prints manifests alone"


def names_object(text: str) -> bool:
    """Whether the words stand in a text without which it holds no object."""
    return "apiVersion" in text and "kind" in text


def is_commented_json(file: str, text: str) -> bool:
    """Whether a file is some program's JSON with comments, which is no JSON."""
    return file.endswith(".json") and _COMMENTED_JSON.search(text) is not None


def is_object(body: Any) -> bool:
    """Whether a document names its kind, as every object does."""
    return (
        isinstance(body, dict)
        and isinstance(body.get("apiVersion"), str)
        and isinstance(body.get("kind"), str)
    )


def is_operations(value: Any) -> bool:
    """Whether a document holds the operations of a JSON Patch."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and "op" in one and "path" in one for one in value)
    )


def describe_foreign(body: Any) -> tuple[str, str]:
    """What a document's value is that is no object, and what to do about it, if that is known."""
    if isinstance(body, list) and body and all(map(is_object, body)):
        count = "one manifest" if len(body) == 1 else f"{len(body)} manifests"
        return (
            f"a list of {count}, which kubectl refuses",
            "write one document each (`jsonnet -y`), or items of a `kind: List`",
        )
    if isinstance(body, dict) and "LAST DEPLOYED" in body and "NAME" in body:
        return "what `helm install --dry-run` prints before the manifests", _RENDER
    return FOREIGN, ""
