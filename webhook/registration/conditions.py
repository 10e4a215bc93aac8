"""Matching conditions: which requests the API server does not ask about at all.

They are CEL. None of them can fail, since every optional field is asked for with ``has`` first, and
none can cost too much, since an error would let a request pass under ``Ignore`` (apiserver
``webhook/matchconditions/matcher.go``).
"""

import re

from rules.annotations import PROFILE_LABEL
from rules.kinds.argo import WORK_IN_STATUS
from rules.policy import Policy
from rules.policy.exemption import EXEMPT
from webhook.registration.options import RegistrationOptions

_LABELS = "object.metadata.labels"
_OLD = "oldObject.metadata.labels"
_LABELS_A_PROFILE = (
    f"has({_LABELS}) && '{PROFILE_LABEL}' in {_LABELS} && (oldObject == null || !has({_OLD}) || "
    f"!('{PROFILE_LABEL}' in {_OLD}) || {_OLD}['{PROFILE_LABEL}'] != {_LABELS}['{PROFILE_LABEL}'])"
)
_OWNERS = "object.metadata.ownerReferences"
_USER = "request.userInfo.username"
_MAX_KEYS = 32
"""Keys of an object; one that has more is asked about, lest the loop cost too much."""
_BESIDE = "key in ['metadata', 'status']"

_Condition = dict[str, str]


def make_conditions(policy: Policy, options: RegistrationOptions) -> list[_Condition]:
    """The conditions of every entry that judges: all must hold for the API server to ask."""
    account = f"system:serviceaccount:{options.namespace}:{options.service_account}"
    conditions = {
        "not-exempt": _not_exempt(policy),
        "not-a-node": "!has(request.userInfo.groups) || "
        "!('system:nodes' in request.userInfo.groups)",
        "not-mlgate": f"!has({_USER}) || {_USER} != '{account}'",
        "not-being-deleted": "object == null || !has(object.metadata) || "
        "!has(object.metadata.deletionTimestamp)",
        # Only of Pods: on any other kind a user could write the annotation to get past the rules.
        "not-a-mirror-pod": "request.resource.group != '' || request.resource.resource != 'pods' "
        "|| object == null || !has(object.metadata) || !has(object.metadata.annotations) || "
        "!('kubernetes.io/config.mirror' in object.metadata.annotations)",
        "not-a-controllers-child": _not_a_child(policy),
        "not-unchanged": _not_unchanged(),
    }
    return [_condition(name, text) for name, text in conditions.items()]


def labels_a_profile() -> _Condition:
    """A Namespace gets a profile label, or another one."""
    return _condition("labels-a-profile", _LABELS_A_PROFILE)


def _condition(name: str, expression: str) -> _Condition:
    return {"name": name, "expression": expression}


def _not_exempt(policy: Policy) -> str:
    """The negation of ``rules.policy.is_exempt`` for a namespace, as CEL; cluster-scoped objects
    have none."""
    exempt = f"request.namespace.matches('{match_globs(EXEMPT)}')"
    named = sorted({str(entry.name) for entry in policy.namespaces if is_exact(entry.name)})
    if named:
        exempt = f"!(request.namespace in {_list(named)}) && {exempt}"
    return f"!has(request.namespace) || !({exempt})"


def _not_a_child(policy: Policy) -> str:
    """The negation of ``webhook.review.owners.trusts_owner`` for the creator of a controlled
    object, as CEL."""
    # Of the calls for a Job and its pods, most are by controllers, and decide nothing.
    names = ["system:kube-controller-manager", *policy.controllers]
    trusted = (
        f"{_USER} in {_list(names)} || "
        f"{_USER}.matches('^system:serviceaccount:kube-system:.*-controller$')"
    )
    return (
        f"object == null || !has(object.metadata) || !has({_OWNERS}) || "
        f"!{_OWNERS}.exists(owner, has(owner.controller) && owner.controller) || "
        f"!has({_USER}) || !({trusted})"
    )


def _not_unchanged() -> str:
    """The negation of ``webhook.review.changes.is_only_metadata`` for an update, as CEL."""
    same = "key in oldObject && object[key] == oldObject[key]"
    return (
        "!has(request.operation) || request.operation != 'UPDATE' || "
        "object == null || oldObject == null || "
        f"object.size() > {_MAX_KEYS} || oldObject.size() > {_MAX_KEYS} || "
        f"!object.all(key, {_BESIDE} || ({same})) || "
        f"!oldObject.all(key, {_BESIDE} || key in object) || {_work_in_status()}"
    )


def _work_in_status() -> str:
    """``webhook.review.changes.changes_work_in_status`` as CEL, for a Workflow, whose status is a
    mapping by its CustomResourceDefinition."""
    parts = [f".{part}" for _, part in WORK_IN_STATUS]
    changed = " || ".join(
        f"(has(object.status{part}) && (!has(oldObject.status) || !has(oldObject.status{part}) || "
        f"object.status{part} != oldObject.status{part}))"
        for part in parts
    )
    return f"(request.resource.group == 'argoproj.io' && has(object.status) && ({changed}))"


def _list(texts: list[str]) -> str:
    """Texts without quotes and backslashes as a list in CEL."""
    quoted = ", ".join(f"'{text}'" for text in texts)
    return f"[{quoted}]"


def is_exact(name: str | None) -> bool:
    """Whether a policy's entry is the name of a namespace, and no glob."""
    return name is not None and re.fullmatch(r"[a-z0-9-]+", name) is not None


def match_globs(globs: tuple[str, ...]) -> str:
    """Globs of letters, digits, ``-`` and ``*`` as one regular expression (RE2)."""
    return f"^({'|'.join(glob.replace('*', '.*') for glob in globs)})$"
