"""The webhook configurations, made from the policy and the kinds that its rules check.

Pure, and without the kubernetes client: ``mlgate webhook-config`` prints what the leader applies.
Fields: ``admissionregistration.k8s.io/v1``; which values and why: docs/webhook-promises.md, group
B.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from rules.kinds.schema import Kind
from rules.policy import Policy
from rules.selectors import Requirement
from webhook.registration.conditions import labels_a_profile, make_conditions
from webhook.registration.denying_namespaces import (
    NamespaceScope,
    denies_in_cluster,
    divide_namespaces,
)
from webhook.registration.options import RegistrationOptions
from webhook.registration.scope import CheckedKind, checked_kinds

VALIDATING_NAME = "mlgate"
MUTATING_NAME = "zz-mlgate"
"""Mutating configurations are called in the order of their names (apiserver
``mutating_webhook_manager.go``). Called late, it fills in what the others left out; nothing depends
on that."""

REGISTRATION_GROUP = "admissionregistration.k8s.io"
DISABLED_ANNOTATION = "mlgate.dev/disabled"
"""The break-glass: while the validating configuration has this annotation at ``"true"``, in any
case, both stay empty."""

_SYSTEM = ("kube-node-lease", "kube-public", "kube-system")
NAME_LABEL = "kubernetes.io/metadata.name"
"""Each Namespace has it, with its name (kubernetes KEP 2161)."""
PROFILES_ENTRY = "namespaces.mlgate.dev"
"""Of the webhook that is called when a Namespace gets a profile label."""
INJECTION_ANNOTATION = "cert-manager.io/inject-ca-from"
"""Asks cert-manager's cainjector to write each ``caBundle`` (cert-manager
``pkg/apis/certmanager/v1``)."""
_ENFORCER = "admissions.enforcer/disabled"

_Object = dict[str, Any]


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
    annotations = {_ENFORCER: "true"}
    if options.inject_from is not None:
        annotations[INJECTION_ANNOTATION] = options.inject_from
    metadata: _Object = {
        "name": name,
        "labels": {"app.kubernetes.io/name": "mlgate"},
        "annotations": annotations,
    }
    if options.namespace_uid:
        owner = {"apiVersion": "v1", "kind": "Namespace", "name": options.namespace}
        metadata["ownerReferences"] = [{**owner, "uid": options.namespace_uid}]
    return {"apiVersion": f"{REGISTRATION_GROUP}/v1", "kind": kind, "metadata": metadata}


def _validating(
    checked: Iterable[CheckedKind], policy: Policy, options: RegistrationOptions
) -> Iterator[_Object]:
    # Two parts, so that only kinds that a rule may deny can ever block with failure policy Fail.
    denied = [one.kind for one in checked if one.may_deny]
    advised = [one.kind for one in checked if not one.may_deny]
    if options.failure_policy == "Fail":
        yield from _enforcing(denied, policy, options)
    elif denied:
        yield _judging("enforce", denied, policy, options)
    if advised:
        yield _judging("advise", advised, policy, options)
    yield _namespaces(options)


def _enforcing(
    kinds: list[Kind], policy: Policy, options: RegistrationOptions
) -> Iterator[_Object]:
    """Entries with ``Fail`` for the Namespaces in which something can be denied, and one with
    ``Ignore`` for the others. A selector of Namespaces lets all objects of the cluster through:
    they have an entry of their own."""
    division = divide_namespaces(policy)
    inside = [kind for kind in kinds if kind.namespaced]
    for number, scope in enumerate(division.denying if inside else (), 1):
        name = "enforce" if number == 1 else f"enforce-{number}"
        yield _select(_judging(name, inside, policy, options), scope, "Fail")
    if inside and division.rest is not None:
        yield _select(_judging("observe", inside, policy, options), division.rest, "Ignore")
    outside = [kind for kind in kinds if not kind.namespaced]
    if outside:
        hook = _judging("enforce-cluster", outside, policy, options)
        yield {**hook, "failurePolicy": "Fail" if denies_in_cluster(policy) else "Ignore"}


def _select(hook: _Object, scope: NamespaceScope, failure_policy: str) -> _Object:
    """The entry for the Namespaces of a scope alone."""
    expressions = [_expression(one) for one in scope.requirements]
    selector = {"matchExpressions": [*hook["namespaceSelector"]["matchExpressions"], *expressions]}
    condition = {"name": "in-its-namespaces", "expression": scope.condition()}
    conditions = [*hook["matchConditions"], *([condition] if condition["expression"] else [])]
    return {
        **hook,
        "namespaceSelector": selector,
        "matchConditions": conditions,
        "failurePolicy": failure_policy,
    }


def _expression(requirement: Requirement) -> _Object:
    values = {"values": list(requirement.values)} if requirement.values else {}
    return {"key": requirement.key, "operator": requirement.operator, **values}


def _judging(
    name: str, kinds: Iterable[Kind], policy: Policy, options: RegistrationOptions
) -> _Object:
    """An entry that judges objects of some kinds, and lets them pass while mlgate is away."""
    rules = _rules(kinds, mutating=False)
    hook = _webhook(f"{name}.mlgate.dev", "/validate", rules, policy, options)
    return {**hook, "failurePolicy": "Ignore"}


def _namespaces(options: RegistrationOptions) -> _Object:
    """The entry that is called when a Namespace gets a profile label, to warn of one that has no
    effect."""
    # A Namespace that is being deleted changes by its subresources, which this does not match: it
    # can never hold up the deletion.
    hook = _entry(PROFILES_ENTRY, "/validate", [_rule("", ["namespaces"])], options)
    return {**hook, "failurePolicy": "Ignore", "matchConditions": [labels_a_profile()]}


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
    return {
        **_entry(name, path, rules, options),
        "matchConditions": make_conditions(policy, options),
    }


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
    return {"matchExpressions": [{"key": NAME_LABEL, "operator": "NotIn", "values": names}]}


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
