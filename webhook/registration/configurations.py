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

from rules.annotations import PROFILE_LABEL
from rules.kinds.schema import Kind
from rules.policy import Policy
from rules.policy.values import EXEMPT
from webhook.registration.scope import CheckedKind, checked_kinds

VALIDATING_NAME = "mlgate"
MUTATING_NAME = "zz-mlgate"
"""Mutating configurations are called in the order of their names (apiserver
``mutating_webhook_manager.go``). Called late, it fills in what the others left out; nothing depends
on that."""

REGISTRATION_GROUP = "admissionregistration.k8s.io"
DISABLED_ANNOTATION = "mlgate.dev/disabled"
"""The break-glass: while the validating configuration has this annotation at ``"true"``, both stay
empty."""

_LABELS = "object.metadata.labels"
_OLD = "oldObject.metadata.labels"
_LABELS_A_PROFILE = (
    f"has({_LABELS}) && '{PROFILE_LABEL}' in {_LABELS} && (oldObject == null || !has({_OLD}) || "
    f"!('{PROFILE_LABEL}' in {_OLD}) || {_OLD}['{PROFILE_LABEL}'] != {_LABELS}['{PROFILE_LABEL}'])"
)

_SYSTEM = ("kube-node-lease", "kube-public", "kube-system")
_NAME = "kubernetes.io/metadata.name"
_ENFORCER = "admissions.enforcer/disabled"

_Object = dict[str, Any]


class RegistrationOptions(NamedTuple):
    """Where the webhook is reached, and what its configurations say.

    ``bundle`` is the PEM that the API server is to trust; None leaves the field to whoever injects
    it. ``url`` replaces the Service, for a server outside of the cluster. ``failure_policy`` is
    that of the enforcing entry; every other one is ``Ignore``. By ``token``, the end of the path,
    the webhook knows the API server. With ``namespace_uid`` the configurations belong to the
    namespace, and are deleted after it.
    """

    namespace: str
    service: str = "mlgate"
    service_account: str = "mlgate"
    port: int = 443
    bundle: str | None = None
    url: str | None = None
    failure_policy: str = "Ignore"
    timeout_seconds: int = 2
    token: str = ""
    namespace_uid: str = ""


def make_configurations(policy: Policy, options: RegistrationOptions) -> tuple[_Object, _Object]:
    """The ValidatingWebhookConfiguration and the MutatingWebhookConfiguration."""
    checked = tuple(checked_kinds(policy))
    validating = _configuration("ValidatingWebhookConfiguration", VALIDATING_NAME, options)
    validating["webhooks"] = list(_validating(checked, policy, options))
    mutating = _configuration("MutatingWebhookConfiguration", MUTATING_NAME, options)
    mutating["webhooks"] = list(_mutating(checked, policy, options))
    return validating, mutating


def _configuration(kind: str, name: str, options: RegistrationOptions) -> _Object:
    # The annotation keeps the admissions enforcer of AKS from rewriting the selectors.
    metadata: _Object = {
        "name": name,
        "labels": {"app.kubernetes.io/name": "mlgate"},
        "annotations": {_ENFORCER: "true"},
    }
    if options.namespace_uid:
        owner = {"apiVersion": "v1", "kind": "Namespace", "name": options.namespace}
        metadata["ownerReferences"] = [{**owner, "uid": options.namespace_uid}]
    return {"apiVersion": f"{REGISTRATION_GROUP}/v1", "kind": kind, "metadata": metadata}


def _validating(
    checked: Iterable[CheckedKind], policy: Policy, options: RegistrationOptions
) -> Iterator[_Object]:
    parts = {"enforce": options.failure_policy, "advise": "Ignore"}
    # Two entries, so that only kinds that a rule may deny can ever block with failure policy Fail.
    for name, failure_policy in parts.items():
        enforcing = name == "enforce"
        rules = _rules((one.kind for one in checked if one.may_deny == enforcing), mutating=False)
        if rules:
            hook = _webhook(f"{name}.mlgate.dev", "/validate", rules, policy, options)
            yield {**hook, "failurePolicy": failure_policy}
    yield _namespaces(options)


def _namespaces(options: RegistrationOptions) -> _Object:
    """The entry that is called when a Namespace gets a profile label, to warn of one that has no
    effect."""
    # A Namespace that is being deleted changes by its subresources, which this does not match: it
    # can never hold up the deletion.
    hook = _entry("namespaces.mlgate.dev", "/validate", [_rule("", ["namespaces"])], options)
    condition = {"name": "labels-a-profile", "expression": _LABELS_A_PROFILE}
    return {**hook, "failurePolicy": "Ignore", "matchConditions": [condition]}


def _mutating(
    checked: Iterable[CheckedKind], policy: Policy, options: RegistrationOptions
) -> Iterator[_Object]:
    rules = _rules((one.kind for one in checked if one.may_patch), mutating=True)
    if rules:
        hook = _webhook("mutate.mlgate.dev", "/mutate", rules, policy, options)
        # A webhook that is called later may change what a fix has to follow.
        yield {**hook, "failurePolicy": "Ignore", "reinvocationPolicy": "IfNeeded"}


def _webhook(
    name: str, path: str, rules: list[_Object], policy: Policy, options: RegistrationOptions
) -> _Object:
    return {**_entry(name, path, rules, options), "matchConditions": _conditions(policy, options)}


def _entry(name: str, path: str, rules: list[_Object], options: RegistrationOptions) -> _Object:
    return {
        "name": name,
        "clientConfig": _client(path, options),
        "rules": rules,
        # A request by another version of the API is converted, and cannot get past.
        "matchPolicy": "Equivalent",
        "namespaceSelector": _selector(options),
        "objectSelector": {},
        "sideEffects": "None",
        "timeoutSeconds": options.timeout_seconds,
        "admissionReviewVersions": ["v1"],
    }


def _client(path: str, options: RegistrationOptions) -> _Object:
    client: _Object = {}
    if options.token:
        path = f"{path}/{options.token}"
    if options.bundle is not None:
        client["caBundle"] = base64.b64encode(options.bundle.encode()).decode()
    if options.url is not None:
        return {**client, "url": options.url.rstrip("/") + path}
    service = {
        "namespace": options.namespace,
        "name": options.service,
        "path": path,
        "port": options.port,
    }
    return {**client, "service": service}


def _selector(options: RegistrationOptions) -> _Object:
    # Without these mlgate could keep the cluster, or itself, from coming up again.
    names = sorted({*_SYSTEM, options.namespace})
    return {"matchExpressions": [{"key": _NAME, "operator": "NotIn", "values": names}]}


def _conditions(policy: Policy, options: RegistrationOptions) -> list[_Object]:
    account = f"system:serviceaccount:{options.namespace}:{options.service_account}"
    conditions = {
        "not-exempt": _not_exempt(policy),
        "not-a-node": "!has(request.userInfo.groups) || "
        "!('system:nodes' in request.userInfo.groups)",
        "not-mlgate": "!has(request.userInfo.username) || "
        f"request.userInfo.username != '{account}'",
        "not-being-deleted": "object == null || !has(object.metadata) || "
        "!has(object.metadata.deletionTimestamp)",
        # Only of Pods: on any other kind a user could write the annotation to get past the rules.
        "not-a-mirror-pod": "request.resource.group != '' || request.resource.resource != 'pods' "
        "|| object == null || !has(object.metadata) || !has(object.metadata.annotations) || "
        "!('kubernetes.io/config.mirror' in object.metadata.annotations)",
    }
    return [{"name": name, "expression": text} for name, text in conditions.items()]


def _not_exempt(policy: Policy) -> str:
    """What ``rules.policy.is_exempt`` says of a namespace, as CEL; objects of the cluster have
    none."""
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
    """A glob of EXEMPT (letters, ``-`` and ``*``) as an RE2 regular expression."""
    return glob.replace("*", ".*")


def _rules(kinds: Iterable[Kind], *, mutating: bool) -> list[_Object]:
    """``RuleWithOperations``: exact resources, one rule for those that share all the rest."""
    # Wildcards would have the API server call for every status update in the group.
    resources: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for kind in kinds:
        operations = ("CREATE",) if mutating else ("CREATE", "UPDATE")
        scope = "Namespaced" if kind.namespaced else "Cluster"
        resources.setdefault((kind.group, scope, operations), set()).add(plural_of(kind))
        for part in () if mutating else kind.subresources:
            changed = resources.setdefault((kind.group, scope, ("UPDATE",)), set())
            changed.add(f"{plural_of(kind)}/{part}")
    return [
        _rule(group, sorted(names), scope, operations)
        for (group, scope, operations), names in sorted(resources.items())
    ]


def _rule(
    group: str,
    resources: list[str],
    scope: str = "Cluster",
    operations: Iterable[str] = ("CREATE", "UPDATE"),
) -> _Object:
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
