"""Warnings about the profile label of a Namespace.

Nothing else tells its author that an unknown profile means the policy's own.
"""

from typing import Any

from rules.annotations import PROFILE_LABEL
from rules.manifest import Manifest
from rules.policy import Policy, is_exempt
from rules.policy.values import PROFILES


def is_namespace(body: Any) -> bool:
    """Whether an object is a core/v1 Namespace."""
    return isinstance(body, dict) and (body.get("apiVersion"), body.get("kind")) == (
        "v1",
        "Namespace",
    )


def profile_label_warnings(body: dict[str, Any], old: Any, policy: Policy) -> list[str]:
    """Warnings about a label that this request sets and that does not mean what it seems to."""
    label = _profile(body)
    if label is None or (isinstance(old, dict) and _profile(old) == label):
        return []
    if is_exempt(policy, Manifest(body).identity.name):
        return [
            f"{PROFILE_LABEL} has no effect: the namespace is exempt, unless the policy names it"
        ]
    if policy.namespace_labels != "trusted":
        return [f"{PROFILE_LABEL} has no effect: the policy ignores labels of Namespaces"]
    if label in PROFILES:
        return []
    known = ", ".join(PROFILES)
    return [f"{PROFILE_LABEL} is '{str(label)[:20]}'; expected {known}: {policy.profile} holds"]


def _profile(body: dict[str, Any]) -> Any:
    return Manifest(body).mapping("metadata", "labels").get(PROFILE_LABEL)
