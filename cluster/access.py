"""What a ServiceAccount may ask of the API server, as RBAC objects.

Fields: ``rbac.authorization.k8s.io/v1``.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cluster.client import JsonObject

_GROUP = "rbac.authorization.k8s.io"


class Permission(NamedTuple):
    """``verbs`` on ``resources`` of an API group; with ``names`` only on those objects.

    A list or watch of one name counts as a request for that name (apiserver
    ``endpoints/request/requestinfo.go``).
    """

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


class ServiceAccount(NamedTuple):
    """Whom a binding gives a role to."""

    namespace: str
    name: str


def list_and_watch(resources: Iterable[tuple[str, str]]) -> Iterator[Permission]:
    """One permission a group, for resources given as (group, plural)."""
    by_group: dict[str, set[str]] = {}
    for group, plural in resources:
        by_group.setdefault(group, set()).add(plural)
    for group, plurals in sorted(by_group.items()):
        yield Permission(group, tuple(sorted(plurals)), ("list", "watch"))


def grant(
    name: str,
    account: ServiceAccount,
    permissions: Iterable[Permission],
    namespace: str | None = None,
) -> tuple[JsonObject, JsonObject]:
    """A Role and its RoleBinding in ``namespace``; without one a ClusterRole and its
    ClusterRoleBinding, which count everywhere."""
    prefix = "Cluster" if namespace is None else ""
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    subject = {"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}
    reference = {"apiGroup": _GROUP, "kind": f"{prefix}Role", "name": name}
    role = _object(f"{prefix}Role", metadata, rules=[*map(_policy_rule, permissions)])
    binding = _object(f"{prefix}RoleBinding", metadata, roleRef=reference, subjects=[subject])
    return role, binding


def _policy_rule(permission: Permission) -> JsonObject:
    rule: JsonObject = {"apiGroups": [permission.group], "resources": list(permission.resources)}
    if permission.names:
        rule["resourceNames"] = list(permission.names)
    return {**rule, "verbs": list(permission.verbs)}


def _object(kind: str, metadata: JsonObject, **rest: object) -> JsonObject:
    labels = {"app.kubernetes.io/name": metadata["name"]}
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": kind,
        "metadata": {**metadata, "labels": labels},
        **rest,
    }
