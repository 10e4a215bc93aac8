"""The namespaces of the cluster itself, which a policy leaves alone."""

from rules.memory import remember
from rules.policy.decisions import fits
from rules.policy.values import Policy

EXEMPT = ("kube-*", "openshift-*", "knative-*", "istio-system", "gpu-operator", "cert-manager")
"""Globs of the namespaces that are left alone unless an entry names one of them exactly: the
cluster's own. Not all ``*-system``: model servers live in ``aibrix-system`` and the like."""

_INSTALLED = (*EXEMPT, "*-system", "istio-*")
"""Globs of the namespaces in which operators are installed."""
_LONGEST = 63
"""Characters of a namespace's name: it is a DNS label."""


def is_exempt(policy: Policy, namespace: str | None) -> bool:
    """Whether a namespace is left alone: one of the cluster's own that no entry names exactly."""
    return namespace is not None and _is_own(namespace) and _is_unnamed(policy, namespace)


def keeps_operators(policy: Policy, namespace: str | None) -> bool:
    """Whether operators are installed in a namespace, by its name, unless an entry names it
    exactly: what they make of a judged object is not judged again."""
    return namespace is not None and _has_operators(namespace) and _is_unnamed(policy, namespace)


@remember(256, _LONGEST)
def _is_own(namespace: str) -> bool:
    return any(fits(pattern, namespace) for pattern in EXEMPT)


@remember(256, _LONGEST)
def _has_operators(namespace: str) -> bool:
    return any(fits(pattern, namespace) for pattern in _INSTALLED)


def _is_unnamed(policy: Policy, namespace: str) -> bool:
    return all(entry.name != namespace for entry in policy.namespaces)
