"""What the process may ask of the API server: the permissions of its ServiceAccount.

Pure. Discovery is not among them: ``system:discovery`` gives it to whoever is authenticated
(kubernetes ``bootstrappolicy/policy.go``). A list or watch of one name counts as a request for that
name (apiserver ``endpoints/request/requestinfo.go``).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import yaml

from rules.kinds import BUILT_IN
from rules.kinds.schema import Kind
from webhook.registration.configurations import GROUP, MUTATING, VALIDATING, Tree, plural_of
from webhook.replica.options import Options

NAME = "mlgate"
_API = "rbac.authorization.k8s.io"
_FOLLOWED = ("list", "watch")
_KEPT = ("get", "watch", "create", "patch", "delete")
_NAMESPACES = ("", "namespaces")


class Permission(NamedTuple):
    """``verbs`` on ``resources`` of an API group; on those of ``names`` alone where there are
    any."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


def own_permissions(options: Options) -> tuple[Permission, ...]:
    """What is allowed in mlgate's own namespace."""
    return (
        # The identity of all replicas: each reads it and hears of its changes, and replaces one
        # that cannot be served.
        Permission("", ("secrets",), ("get", "watch", "update"), (options.secret,)),
        # The first replica makes it. A POST carries no name that RBAC could look at.
        Permission("", ("secrets",), ("create",)),
        # The election: to read, and to take, renew or leave. Uninstalling marks the Lease.
        Permission("coordination.k8s.io", ("leases",), ("get", "update"), (options.lease,)),
        # The first replica makes it, by POST as well.
        Permission("coordination.k8s.io", ("leases",), ("create",)),
        # Where the other replicas listen: their certificates are looked at before the authority
        # that they came from is dropped. Slices have made-up names.
        Permission("discovery.k8s.io", ("endpointslices",), ("list",)),
    )


def cluster_permissions(kinds: Iterable[Kind] = BUILT_IN) -> tuple[Permission, ...]:
    """What is allowed in the whole cluster."""
    return (
        # Of Namespaces the labels, of each kind the UIDs of its objects, which may own others, and
        # what rules look up.
        *_followed(kinds),
        # Both configurations: read and watched, applied and emptied by PATCH, deleted in the end.
        # Applying one that is not there asks for ``create`` too, of its name (apiserver
        # ``endpoints/handlers/patch.go``): no other can be made.
        Permission(GROUP, ("validatingwebhookconfigurations",), _KEPT, (VALIDATING,)),
        Permission(GROUP, ("mutatingwebhookconfigurations",), _KEPT, (MUTATING,)),
    )


def manifests(options: Options = Options()) -> tuple[Tree, ...]:  # noqa: B008 - it never changes
    """Role and ClusterRole, each with its binding to the ServiceAccount."""
    own = {"name": NAME, "namespace": options.place.namespace}
    role = _object("Role", own, rules=[*map(_rule, own_permissions(options))])
    binding = _object("RoleBinding", own, **_grant("Role", options))
    everywhere = {"name": NAME}
    cluster_role = _object("ClusterRole", everywhere, rules=[*map(_rule, cluster_permissions())])
    cluster_binding = _object("ClusterRoleBinding", everywhere, **_grant("ClusterRole", options))
    return role, binding, cluster_role, cluster_binding


def render() -> str:
    """The manifests as a file."""
    header = "# Written by `make generate` from webhook/replica/access.py, which says why.\n"
    return header + yaml.safe_dump_all(
        manifests(), sort_keys=False, default_flow_style=None, width=90
    )


def _followed(kinds: Iterable[Kind]) -> Iterator[Permission]:
    resources: dict[str, set[str]] = {}
    for group, resource in (_NAMESPACES, *((kind.group, plural_of(kind)) for kind in kinds)):
        resources.setdefault(group, set()).add(resource)
    for group, names in sorted(resources.items()):
        yield Permission(group, tuple(sorted(names)), _FOLLOWED)


def _rule(permission: Permission) -> Tree:
    """A PolicyRule."""
    rule: Tree = {"apiGroups": [permission.group], "resources": list(permission.resources)}
    if permission.names:
        rule["resourceNames"] = list(permission.names)
    return {**rule, "verbs": list(permission.verbs)}


def _grant(role: str, options: Options) -> Tree:
    account = {
        "kind": "ServiceAccount",
        "name": options.place.service_account,
        "namespace": options.place.namespace,
    }
    return {"roleRef": {"apiGroup": _API, "kind": role, "name": NAME}, "subjects": [account]}


def _object(kind: str, metadata: Tree, **rest: object) -> Tree:
    labels = {"app.kubernetes.io/name": NAME}
    return {
        "apiVersion": f"{_API}/v1",
        "kind": kind,
        "metadata": {**metadata, "labels": labels},
        **rest,
    }
