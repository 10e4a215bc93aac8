"""The fields of Kubernetes' own kinds, as the Python client of the same version declares them.

The API server decodes an object into the type of its kind: a field that the type does not have is
dropped, before any webhook sees the object. Custom kinds are pruned by the schemas of their CRDs,
which are not at hand here: they stay as they are.
"""

import re
from functools import cache
from typing import Any

_LIST = re.compile(r"List\[(.+)\]")
_MAPPING = re.compile(r"Dict\[str, (.+)\]")


def drop_unknown_fields(body: dict[str, Any]) -> dict[str, Any]:
    """The object without the fields that its kind does not have, at any depth."""
    group, _, version = str(body.get("apiVersion") or "").rpartition("/")
    return keep_known_fields(body, group, version, str(body.get("kind")))


def keep_known_fields(body: dict[str, Any], group: str, version: str, kind: str) -> dict[str, Any]:
    """The same for an object that may not name its kind itself."""
    if "." in group and not group.endswith(".k8s.io"):
        return body
    kept: dict[str, Any] = _keep(body, f"{version.capitalize()}{kind}")
    return kept


def _keep(value: Any, declared: str) -> Any:
    """What is left of a value that is declared with a type of the client's."""
    if isinstance(value, list):
        item = _LIST.fullmatch(declared)
        return [_keep(one, item[1]) for one in value] if item else value
    if not isinstance(value, dict):
        return value
    entry = _MAPPING.fullmatch(declared)
    if entry:
        return {key: _keep(one, entry[1]) for key, one in value.items()}
    fields = _fields(declared)
    if not fields:
        return value
    return {key: _keep(one, fields[key]) for key, one in value.items() if key in fields}


@cache
def _fields(name: str) -> dict[str, str]:
    """The JSON names of a type's fields with their types; none for one that is no mapping."""
    from kubernetes.client import models

    model: Any = getattr(models, name, None)
    names = getattr(model, "attribute_map", {})
    return {field: model.openapi_types[attribute] for attribute, field in names.items()}
