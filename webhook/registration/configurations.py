"""The webhook configurations, made from the policy and the kinds that its rules check.

Pure, and without the kubernetes client: ``mlgate webhook-config`` prints what the leader applies.
Fields: ``admissionregistration.k8s.io/v1``; which values and why: docs/webhook-promises.md, group
B. Matching conditions are CEL; none of them can fail, since every optional field is asked for with
``has`` first.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rules.kinds.schema import Kind
from rules.policy import Policy
from rules.policy.values import EXEMPT, PROFILE_LABEL
from webhook.registration.scope import Checked, checked_kinds

VALIDATING = "mlgate"
MUTATING = "zz-mlgate"
"""Mutating configurations are called in the order of their names (apiserver
``mutating_webhook_manager.go``). Late, we fill in what the others left; nothing depends on it."""

GROUP = "admissionregistration.k8s.io"
DISABLED = "mlgate.dev/disabled"
"""The break-glass: with this annotation at ``"true"`` on the validating configuration, both stay
empty until it is taken away."""

_LABELS = "object.metadata.labels"
_OLD = "oldObject.metadata.labels"
_LABELS_A_PROFILE = (
    f"has({_LABELS}) && '{PROFILE_LABEL}' in {_LABELS} && (oldObject == null || !has({_OLD}) || "
    f"!('{PROFILE_LABEL}' in {_OLD}) || {_OLD}['{PROFILE_LABEL}'] != {_LABELS}['{PROFILE_LABEL}'])"
)

_SYSTEM = ("kube-node-lease", "kube-public", "kube-system")
_NAME = "kubernetes.io/metadata.name"
_ENFORCER = "admissions.enforcer/disabled"

Tree = dict[str, Any]


class Place(NamedTuple):
    """Where the webhook is reached, and how its configurations read.

    ``bundle`` is the PEM that the API server is to trust; None leaves the field to whoever injects
    it. ``url`` replaces the Service, for a server outside of the cluster. ``failure_policy`` is
    that of the enforcing entry; every other one is ``Ignore``.
    """

    namespace: str
    service: str = "mlgate"
    service_account: str = "mlgate"
    port: int = 443
    bundle: str | None = None
    url: str | None = None
    failure_policy: str = "Ignore"
    timeout_seconds: int = 2


def configurations(policy: Policy, place: Place) -> tuple[Tree, Tree]:
    """The ValidatingWebhookConfiguration and the MutatingWebhookConfiguration."""
    checked = tuple(checked_kinds(policy))
    validating = _configuration("ValidatingWebhookConfiguration", VALIDATING)
    validating["webhooks"] = list(_validating(checked, policy, place))
    mutating = _configuration("MutatingWebhookConfiguration", MUTATING)
    mutating["webhooks"] = list(_mutating(checked, policy, place))
    return validating, mutating


def _configuration(kind: str, name: str) -> Tree:
    # The annotation keeps the admissions enforcer of AKS from rewriting the selectors.
    metadata = {
        "name": name,
        "labels": {"app.kubernetes.io/name": "mlgate"},
        "annotations": {_ENFORCER: "true"},
    }
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata}


def _validating(checked: Iterable[Checked], policy: Policy, place: Place) -> Iterator[Tree]:
    parts = {"enforce": place.failure_policy, "advise": "Ignore"}
    for name, failure_policy in parts.items():
        enforcing = name == "enforce"
        rules = _rules((one.kind for one in checked if one.denied == enforcing), mutating=False)
        if rules:
            hook = _webhook(f"{name}.mlgate.dev", "/validate", rules, policy, place)
            yield {**hook, "failurePolicy": failure_policy}
    yield _namespaces(place)


def _namespaces(place: Place) -> Tree:
    """The entry that sees who labels a Namespace with a profile, to tell of one that has no
    effect. A Namespace that is being deleted changes by its subresources, which are not called
    for."""
    hook = _entry("namespaces.mlgate.dev", "/validate", [_rule("", ["namespaces"])], place)
    condition = {"name": "labels-a-profile", "expression": _LABELS_A_PROFILE}
    return {**hook, "failurePolicy": "Ignore", "matchConditions": [condition]}


def _mutating(checked: Iterable[Checked], policy: Policy, place: Place) -> Iterator[Tree]:
    rules = _rules((one.kind for one in checked if one.mended), mutating=True)
    if rules:
        hook = _webhook("mutate.mlgate.dev", "/mutate", rules, policy, place)
        yield {**hook, "failurePolicy": "Ignore", "reinvocationPolicy": "IfNeeded"}


def _webhook(name: str, path: str, rules: list[Tree], policy: Policy, place: Place) -> Tree:
    return {**_entry(name, path, rules, place), "matchConditions": _conditions(policy, place)}


def _entry(name: str, path: str, rules: list[Tree], place: Place) -> Tree:
    return {
        "name": name,
        "clientConfig": _client(path, place),
        "rules": rules,
        "matchPolicy": "Equivalent",
        "namespaceSelector": _selector(place),
        "objectSelector": {},
        "sideEffects": "None",
        "timeoutSeconds": place.timeout_seconds,
        "admissionReviewVersions": ["v1"],
    }


def _client(path: str, place: Place) -> Tree:
    client: Tree = {}
    if place.bundle is not None:
        client["caBundle"] = base64.b64encode(place.bundle.encode()).decode()
    if place.url is not None:
        return {**client, "url": place.url.rstrip("/") + path}
    service = {
        "namespace": place.namespace,
        "name": place.service,
        "path": path,
        "port": place.port,
    }
    return {**client, "service": service}


def _selector(place: Place) -> Tree:
    names = sorted({*_SYSTEM, place.namespace})
    return {"matchExpressions": [{"key": _NAME, "operator": "NotIn", "values": names}]}


def _conditions(policy: Policy, place: Place) -> list[Tree]:
    account = f"system:serviceaccount:{place.namespace}:{place.service_account}"
    conditions = {
        "not-exempt": _not_exempt(policy),
        "not-a-node": "!has(request.userInfo.groups) || "
        "!('system:nodes' in request.userInfo.groups)",
        "not-mlgate": "!has(request.userInfo.username) || "
        f"request.userInfo.username != '{account}'",
        "not-being-deleted": "object == null || !has(object.metadata) || "
        "!has(object.metadata.deletionTimestamp)",
        # Asked of Pods only: on any other kind the annotation is the user's to write.
        "not-a-mirror-pod": "request.resource.group != '' || request.resource.resource != 'pods' "
        "|| object == null || !has(object.metadata) || !has(object.metadata.annotations) || "
        "!('kubernetes.io/config.mirror' in object.metadata.annotations)",
    }
    return [{"name": name, "expression": text} for name, text in conditions.items()]


def _not_exempt(policy: Policy) -> str:
    """The namespaces that rules.policy.is_exempt leaves alone, as CEL. Objects of the cluster
    have none."""
    pattern = "|".join(_regex(glob) for glob in EXEMPT)
    exempt = f"request.namespace.matches('^({pattern})$')"
    named = sorted({str(entry.name) for entry in policy.namespaces if _is_exact(entry.name)})
    if named:
        exempt = f"!(request.namespace in [{', '.join(map(repr, named))}]) && {exempt}"
    return f"!has(request.namespace) || !({exempt})"


def _is_exact(name: str | None) -> bool:
    """Whether a policy's entry is the name of a namespace, and no glob."""
    return name is not None and re.fullmatch(r"[a-z0-9-]+", name) is not None


def _regex(glob: str) -> str:
    """A glob of EXEMPT (letters, ``-`` and ``*``) as a regular expression of RE2."""
    return glob.replace("*", ".*")


def _rules(kinds: Iterable[Kind], *, mutating: bool) -> list[Tree]:
    """RuleWithOperations: exact resources, one rule for those that share all the rest."""
    resources: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for kind in kinds:
        creates = mutating or kind.immutable
        operations = ("CREATE",) if creates else ("CREATE", "UPDATE")
        scope = "Namespaced" if kind.namespaced else "Cluster"
        resources.setdefault((kind.group, scope, operations), set()).add(plural_of(kind))
        if (kind.group, kind.name) == ("", "Pod") and not mutating:
            resources.setdefault(("", scope, ("UPDATE",)), set()).add("pods/ephemeralcontainers")
    return [
        _rule(group, sorted(names), scope, operations)
        for (group, scope, operations), names in sorted(resources.items())
    ]


def _rule(
    group: str,
    resources: list[str],
    scope: str = "Cluster",
    operations: Iterable[str] = ("CREATE", "UPDATE"),
) -> Tree:
    return {
        "apiGroups": [group],
        "apiVersions": ["*"],
        "operations": list(operations),
        "resources": resources,
        "scope": scope,
    }


def plural_of(kind: Kind) -> str:
    """The resource name; for a policy's own kind, as kubebuilder would name it (apimachinery
    ``UnsafeGuessKindToResource``)."""
    name = kind.name.lower()
    if kind.plural:
        return kind.plural
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
