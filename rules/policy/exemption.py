"""The namespaces of the cluster itself, which a policy leaves alone."""

from rules.globs import fits_any
from rules.policy.values import Policy

EXEMPT = ("kube-*", "openshift-*", "knative-*", "istio-system", "gpu-operator", "cert-manager")
"""Globs of the namespaces that are left alone unless an entry names one of them exactly: the
cluster's own. Not all ``*-system``: model servers live in ``aibrix-system`` and the like."""

_INSTALLED = (*EXEMPT, "*-system", "istio-*")
"""Globs of the namespaces in which operators are installed."""


def is_exempt(policy: Policy, namespace: str | None) -> bool:
    """Whether a namespace is left alone: one of the cluster's own that no entry names exactly."""
    return _is_among(EXEMPT, policy, namespace)


def keeps_operators(policy: Policy, namespace: str | None) -> bool:
    """Whether operators are installed in a namespace, by its name, unless an entry names it
    exactly: what they make of a judged object is not judged again."""
    return _is_among(_INSTALLED, policy, namespace)


def _is_among(patterns: tuple[str, ...], policy: Policy, namespace: str | None) -> bool:
    if namespace is None or not fits_any(namespace, patterns):
        return False
    return all(entry.name != namespace for entry in policy.namespaces)
