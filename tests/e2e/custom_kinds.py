"""Definitions of the custom kinds that mlgate knows: of their objects whatever is written stays."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rules.kinds import BUILT_IN
from rules.kinds.neighbours import NEIGHBOURS
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from tests.e2e.cluster import Cluster, until
from webhook.registration.configurations import plural_of

_COLLECTION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_BUILT_IN_GROUPS = {
    "",
    "apps",
    "autoscaling",
    "batch",
    "extensions",
    "networking.k8s.io",
    "policy",
    "resource.k8s.io",
}
"""Kubernetes' own: no custom kind may take one, though ``extensions`` is served no more."""
_APPROVAL = {"api-approved.kubernetes.io": "unapproved, for tests"}
"""Without it the API server refuses kinds in groups below ``k8s.io`` (KEP-1111)."""

Body = dict[str, Any]
Name = tuple[str, str]

CUSTOM = {
    (kind.group, kind.name): kind
    for kind in (*BUILT_IN, *NEIGHBOURS)
    if kind.group not in _BUILT_IN_GROUPS
}
"""By group and name."""


def versions_in(bodies: Iterable[Body]) -> dict[Name, set[str]]:
    """The custom kinds of which there are objects, with their versions."""
    versions: dict[Name, set[str]] = {}
    for body in bodies:
        manifest = Manifest(body)
        name = manifest.group, str(body["kind"])
        if name in CUSTOM:
            versions.setdefault(name, set()).add(manifest.version)
    return versions


def define(kind: Kind, versions: Iterable[str]) -> Body:
    """A CustomResourceDefinition."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural_of(kind)}.{kind.group}", "annotations": _APPROVAL},
        "spec": {
            "group": kind.group,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {
                "kind": kind.name,
                "plural": plural_of(kind),
                "singular": kind.name.lower(),
            },
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": number == 0,
                    "schema": {"openAPIV3Schema": schema},
                }
                for number, version in enumerate(sorted(versions))
            ],
        },
    }


@contextmanager
def installed(cluster: Cluster, versions: Mapping[Name, Iterable[str]]) -> Iterator[None]:
    """The kinds in the cluster; after that all custom kinds are gone, with their objects."""
    bodies = [define(CUSTOM[name], served) for name, served in versions.items()]
    try:
        cluster.kubectl("create", "-f", "-", stdin=bodies)
        until(lambda: all(map(_is_served, _definitions(cluster))))
        yield
    finally:
        cluster.kubectl("delete", "--raw", _COLLECTION)  # one by one it takes much longer
        until(lambda: not _definitions(cluster))


def _definitions(cluster: Cluster) -> list[Body]:
    found: list[Body] = cluster.get("customresourcedefinitions")["items"]
    return found


def _is_served(definition: Body) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    return ("Established", "True") in [(one["type"], one["status"]) for one in conditions]
