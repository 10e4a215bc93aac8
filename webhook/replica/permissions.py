"""What a replica may ask of the API server, each permission with its reason.

Discovery is not among them: ``system:discovery`` gives it to every authenticated client (kubernetes
``bootstrappolicy/policy.go``).
"""

from collections.abc import Iterable

import yaml

from cluster.access import Permission, ServiceAccount, grant, list_and_watch
from cluster.client import JsonObject
from rules.kinds import BUILT_IN
from rules.kinds.neighbours import NEIGHBOURS
from rules.kinds.schema import Kind
from webhook.registration.configurations import (
    MUTATING_NAME,
    REGISTRATION_GROUP,
    VALIDATING_NAME,
    plural_of,
)
from webhook.replica.options import ReplicaOptions

_NAME = "mlgate"
_SCAN = "mlgate-scan"
_SCAN_REPORTS = "mlgate-scan-reports"
_SCAN_EVENTS = "mlgate-scan-events"
_REPORTED = ("create", "delete", "list", "patch")
_DASHBOARD = "mlgate-dashboard"
_RELEASE = "{{ .Release.Namespace }}"
_KEPT = ("get", "watch", "create", "patch", "delete")
_NAMESPACES = ("", "namespaces")
RETIRED_GROUP = "extensions"
"""Known from manifests alone: Kubernetes 1.22 serves none of it any more."""


def own_permissions(options: ReplicaOptions) -> tuple[Permission, ...]:
    """What is allowed in mlgate's own namespace."""
    return (
        # The identity that all replicas share: each reads it and watches for changes, and replaces
        # one that cannot be served.
        Permission("", ("secrets",), ("get", "watch", "update"), (options.secret,)),
        # The first replica creates it. A POST carries no name that RBAC could look at.
        Permission("", ("secrets",), ("create",)),
        # The election: to read, and to acquire, renew or release. Uninstalling marks the Lease.
        Permission("coordination.k8s.io", ("leases",), ("get", "update"), (options.lease,)),
        # The first replica creates it, by POST as well.
        Permission("coordination.k8s.io", ("leases",), ("create",)),
        # Where the other replicas listen: their certificates are checked before the authority that
        # issued the old ones is dropped. The names of slices are generated.
        Permission("discovery.k8s.io", ("endpointslices",), ("list",)),
        # To tell of a policy that cannot be used, on mlgate's own Deployment.
        Permission("", ("events",), ("create",)),
    )


def cluster_permissions(kinds: Iterable[Kind] = BUILT_IN) -> tuple[Permission, ...]:
    """What is allowed in the whole cluster."""
    return (
        # Of Namespaces the labels; of each kind the UIDs of its objects, which may own others, and
        # the facts that rules look up, of claims, Services and the like too. Secrets are no kind of
        # ours.
        *list_and_watch(_list_resources(kinds)),
        # Both configurations: read and watched, applied and emptied by PATCH, deleted in the end.
        # Applying one that is missing asks for ``create`` too, of its name (apiserver
        # ``endpoints/handlers/patch.go``), so that no other can be created.
        Permission(
            REGISTRATION_GROUP, ("validatingwebhookconfigurations",), _KEPT, (VALIDATING_NAME,)
        ),
        Permission(REGISTRATION_GROUP, ("mutatingwebhookconfigurations",), _KEPT, (MUTATING_NAME,)),
    )


def scan_permissions(kinds: Iterable[Kind] = BUILT_IN) -> tuple[Permission, ...]:
    """What `mlgate scan` is allowed: to list what the webhook watches, to see since when that is
    registered, and to write nothing."""
    registered = ("validatingwebhookconfigurations",)
    return (
        *list_permissions(kinds),
        Permission(REGISTRATION_GROUP, registered, ("get",), (VALIDATING_NAME,)),
    )


def list_permissions(kinds: Iterable[Kind] = BUILT_IN) -> tuple[Permission, ...]:
    """What `mlgate dashboard` is allowed: to list what the webhook watches."""
    watched = list_and_watch(_list_resources(kinds))
    return tuple(one._replace(verbs=("list",)) for one in watched)


def report_permissions() -> tuple[Permission, ...]:
    """What `mlgate scan --write-reports` is allowed beside: of reports alone, in either group, by
    any name: names hold the UIDs of what reports are about."""
    return (
        Permission("openreports.io", ("clusterreports", "reports"), _REPORTED),
        Permission("wgpolicyk8s.io", ("clusterpolicyreports", "policyreports"), _REPORTED),
    )


def event_permissions() -> tuple[Permission, ...]:
    """What `mlgate scan --events` is allowed beside: to write Events, and to write over its own."""
    return (Permission("", ("events",), ("create", "patch")),)


def _list_resources(kinds: Iterable[Kind]) -> tuple[tuple[str, str], ...]:
    served = [kind for kind in (*kinds, *NEIGHBOURS) if kind.group != RETIRED_GROUP]
    return (_NAMESPACES, *((kind.group, plural_of(kind)) for kind in served))


def access_manifests(options: ReplicaOptions = ReplicaOptions()) -> tuple[JsonObject, ...]:  # noqa: B008 - it never changes
    """Role and ClusterRole, each with its binding to the ServiceAccount."""
    namespace = options.registration.namespace
    account = ServiceAccount(namespace, options.registration.service_account)
    return (
        *grant(_NAME, account, own_permissions(options), namespace),
        *grant(_NAME, account, cluster_permissions()),
    )


def render_access() -> str:
    """The manifests as a file."""
    return _render(access_manifests())


def render_chart_access() -> str:
    """The same as a template of the chart, in whose namespace the release is."""
    registration = ReplicaOptions().registration._replace(namespace=_RELEASE)
    return _render(access_manifests(ReplicaOptions(registration=registration)))


def render_scan_access(namespace: str) -> str:
    """What the account ``mlgate-scan`` of a namespace may."""
    account = ServiceAccount(namespace, _SCAN)
    return _render(grant(_SCAN, account, scan_permissions()))


def render_dashboard_access(namespace: str) -> str:
    """What the account ``mlgate-dashboard`` of a namespace may."""
    account = ServiceAccount(namespace, _DASHBOARD)
    return _render(grant(_DASHBOARD, account, list_permissions()))


def render_chart_dashboard_access() -> str:
    """The same as a template of the chart."""
    return _render_if(".Values.dashboard.enabled", render_dashboard_access(_RELEASE))


def render_chart_scan_access() -> str:
    """What the scan's account may, as a template of the chart."""
    return _render_if(".Values.scan.enabled", render_scan_access(_RELEASE))


def render_reports_access(namespace: str) -> str:
    """What the same account may where it writes reports."""
    account = ServiceAccount(namespace, _SCAN)
    return _render(grant(_SCAN_REPORTS, account, report_permissions()))


def render_chart_reports_access() -> str:
    """The same as a template of the chart."""
    wanted = "and .Values.scan.enabled .Values.scan.writeReports"
    return _render_if(wanted, render_reports_access(_RELEASE))


def render_events_access(namespace: str) -> str:
    """What the same account may where it writes Events."""
    account = ServiceAccount(namespace, _SCAN)
    return _render(grant(_SCAN_EVENTS, account, event_permissions()))


def render_chart_events_access() -> str:
    """The same as a template of the chart."""
    wanted = "and .Values.scan.enabled .Values.scan.writeEvents"
    return _render_if(wanted, render_events_access(_RELEASE))


def _render_if(condition: str, text: str) -> str:
    return f"{{{{- if {condition} }}}}\n{text}{{{{- end }}}}\n"


def _render(manifests: Iterable[JsonObject]) -> str:
    header = "# Written by `make generate` from webhook/replica/permissions.py, which says why.\n"
    return header + yaml.safe_dump_all(
        manifests, sort_keys=False, default_flow_style=None, width=90
    )
