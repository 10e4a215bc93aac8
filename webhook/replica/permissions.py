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
_PROBE = "mlgate-probe"
_RELEASE = "{{ .Release.Namespace }}"
_PROBE_HOOK = {
    "helm.sh/hook": '{{ include "mlgate.probeHook" . }}',
    "helm.sh/hook-weight": "-5",
    "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded,hook-failed",
}
"""The account and what it may are there while the probe runs, and no longer."""
_OPTIONS = ReplicaOptions()
_HEADER = "# Written by `make generate` from webhook/replica/permissions.py, which says why.\n"
_KEPT = ("get", "watch", "create", "patch", "delete")
_NAMESPACES = ("", "namespaces")
RETIRED_GROUP = "extensions"
"""Known from manifests alone: Kubernetes 1.22 serves none of it any more."""


def own_permissions(options: ReplicaOptions) -> tuple[Permission, ...]:
    """What is allowed in mlgate's own namespace."""
    return (*_identity_permissions(options), *shared_permissions(options))


def _identity_permissions(options: ReplicaOptions) -> tuple[Permission, ...]:
    """What a certificate of mlgate's own takes."""
    return (
        # The identity that all replicas share: each reads it and watches for changes, and replaces
        # one that cannot be served.
        Permission("", ("secrets",), ("get", "watch", "update"), (options.secret,)),
        # The first replica creates it. A POST carries no name that RBAC could look at.
        Permission("", ("secrets",), ("create",)),
        # Where the other replicas listen: their certificates are checked before the authority that
        # issued the old ones is dropped. The names of slices are generated.
        Permission("discovery.k8s.io", ("endpointslices",), ("list",)),
    )


def shared_permissions(options: ReplicaOptions) -> tuple[Permission, ...]:
    """What is allowed in mlgate's own namespace where its certificate is in files."""
    return (
        # The election: to read, and to acquire, renew or release. Uninstalling marks the Lease.
        Permission("coordination.k8s.io", ("leases",), ("get", "update"), (options.lease,)),
        # The first replica creates it, by POST as well.
        Permission("coordination.k8s.io", ("leases",), ("create",)),
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


def probe_permissions() -> tuple[Permission, ...]:
    """What `mlgate webhook-check` is allowed: to see whether mlgate is registered."""
    registered = ("validatingwebhookconfigurations",)
    return (Permission(REGISTRATION_GROUP, registered, ("get",), (VALIDATING_NAME,)),)


def question_permissions(namespace: str) -> tuple[Permission, ...]:
    """What the same is allowed in ``namespace``: to patch that Namespace, which for RBAC is in
    itself (apiserver ``endpoints/request/requestinfo.go``). A dry run asks for what a write
    would."""
    return (Permission("", ("namespaces",), ("patch",), (namespace,)),)


def sight_permissions() -> tuple[Permission, ...]:
    """What the same is allowed in mlgate's own namespace: to see whether a replica is ready."""
    return (Permission("discovery.k8s.io", ("endpointslices",), ("list",)),)


def _list_resources(kinds: Iterable[Kind]) -> tuple[tuple[str, str], ...]:
    served = [kind for kind in (*kinds, *NEIGHBOURS) if kind.group != RETIRED_GROUP]
    return (_NAMESPACES, *((kind.group, plural_of(kind)) for kind in served))


def access_manifests(options: ReplicaOptions = _OPTIONS) -> tuple[JsonObject, ...]:
    """Role and ClusterRole, each with its binding to the ServiceAccount."""
    account = _account_of(options)
    return (
        *grant(_NAME, account, own_permissions(options), account.namespace),
        *grant(_NAME, account, cluster_permissions()),
    )


def _account_of(options: ReplicaOptions) -> ServiceAccount:
    return ServiceAccount(options.registration.namespace, options.registration.service_account)


def _shared_role(options: ReplicaOptions) -> JsonObject:
    """The Role where the certificate is in files."""
    account = _account_of(options)
    return grant(_NAME, account, shared_permissions(options), account.namespace)[0]


def render_access() -> str:
    """The manifests as a file."""
    return _render(access_manifests())


def render_shared_role() -> str:
    """The Role of a replica whose certificate cert-manager keeps, as a file."""
    return _render([_shared_role(_OPTIONS)])


def render_chart_access() -> str:
    """The same as a template of the chart, in whose namespace the release is."""
    options = _OPTIONS._replace(registration=_OPTIONS.registration._replace(namespace=_RELEASE))
    role, *others = access_manifests(options)
    return (
        f"{_HEADER}{{{{- if .Values.certManager.enabled }}}}\n{_dump([_shared_role(options)])}"
        f"{{{{- else }}}}\n{_dump([role])}{{{{- end }}}}\n---\n{_dump(others)}"
    )


def render_chart_probe_access() -> str:
    """What the account ``mlgate-probe`` may while the chart's probe runs, as a template."""
    account, asked = ServiceAccount(_RELEASE, _PROBE), "{{ .Values.probe.namespace }}"
    manifests = (
        *grant(_PROBE, account, question_permissions(asked), asked),
        *grant(_PROBE, account, sight_permissions(), _RELEASE),
        *grant(_PROBE, account, probe_permissions()),
    )
    for one in manifests:
        one["metadata"]["annotations"] = _PROBE_HOOK
    return _render(manifests)


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
    return _HEADER + _dump(manifests)


def _dump(manifests: Iterable[JsonObject]) -> str:
    return yaml.dump_all(
        manifests, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=90
    )


class _Dumper(yaml.SafeDumper):
    """Writes what stands in several objects in each of them, without anchors."""

    def ignore_aliases(self, _data: object) -> bool:
        return True
