"""Whose owner references prove that the owner was judged.

Every user can write an owner reference, and every user can make an owner: where ignores are
forbidden, neither lets anything pass by itself.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from rules.kinds.children import can_make
from rules.kinds.lookups import Answer
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.paths import shorten
from rules.policy import keeps_operators
from webhook.review.context import AdmissionCase, OwnerReference
from webhook.review.template_digest import digest_template

_CONTROLLER_MANAGER = "system:kube-controller-manager"
_ACCOUNT = "system:serviceaccount:"
_OWN = f"{_ACCOUNT}kube-system:"


class Standing(StrEnum):
    """What an object's owner makes of a review: the object passes, is denied nothing, or is judged
    like any other."""

    PASSES = "passes"
    CAPPED = "capped"
    JUDGED = "judged"


class Parentage(NamedTuple):
    """An object's standing by its owner, and why it passes, or what to tell of the owner."""

    standing: Standing
    reason: str = ""
    advice: str = ""


_ALONE = Parentage(Standing.JUDGED)


def weigh_owner(case: AdmissionCase) -> Parentage:
    """The standing of the request's object."""
    manifest = Manifest(case.request.body)
    owner = manifest.controller
    if owner is None:
        return _ALONE
    kind, child = case.engine.kind_of(Manifest(owner)), case.engine.kind_of(manifest)
    if child is None:
        # An operator's own objects are its affair: they are told of, and never denied.
        return Parentage(Standing.CAPPED)
    # A denied child leaves its controller retrying for ever, and no user sees the message.
    if trusts_owner(case.request.username, case.context.policy.controllers):
        return Parentage(Standing.PASSES, "its owner was judged, and a controller made it")
    if kind is None:
        return _weigh_stranger(case, owner)
    return _weigh_known(case, owner, kind, child)


def trusts_owner(username: str, controllers: tuple[str, ...]) -> bool:
    """Whether an owner reference counts by who wrote it: one of Kubernetes' own controllers, or
    one that the policy lists by its full user name."""
    # The reference alone proves nothing: every user can write one.
    if username == _CONTROLLER_MANAGER or username in controllers:
        return True
    account = username.removeprefix(_OWN)
    return account != username and account.endswith("-controller")


def _weigh_stranger(case: AdmissionCase, owner: dict[str, Any]) -> Parentage:
    """An owner of a kind that nobody judges. Where an operator made the object, a denial is out of
    everyone's sight; a tenant has no account in another namespace."""
    name = shorten(f"{owner.get('kind')} {owner.get('name')}")
    advice = (
        f"made by {case.request.username} for {name}: mend it there, or list the account under "
    )
    advice += "controllers in the policy"
    if is_operator(case) and (_is_installed(case) or not _is_wary(case)):
        return Parentage(Standing.CAPPED, advice=advice)
    return Parentage(Standing.JUDGED, advice=advice)


def _weigh_known(case: AdmissionCase, owner: dict[str, Any], kind: Kind, child: Kind) -> Parentage:
    answer = case.context.owner(str(owner.get("uid")))
    installed = is_installed_operator(case)
    if answer is Answer.UNKNOWN:
        # It may well exist, and was judged then: never denied twice.
        return _ALONE if _is_wary(case) and not installed else Parentage(Standing.CAPPED)
    if answer is Answer.ABSENT or not _is_named(case, owner) or not can_make(kind, child):
        return _ALONE
    if installed:
        return Parentage(Standing.PASSES, "its owner was judged, and an operator made it")
    if _is_as_made(case, owner, child):
        return Parentage(Standing.PASSES, "its owner was judged, and makes such objects")
    return _weigh_word(case)


def find_sought_owner(case: AdmissionCase) -> OwnerReference | None:
    """The owner of which nothing is known, where it would count if it were; None for no such
    owner."""
    owner = Manifest(case.request.body).controller or {}
    uid, name = owner.get("uid"), owner.get("name")
    kind, child = (case.engine.kind_of(Manifest(one)) for one in (owner, case.request.body))
    if kind is None or child is None or not (isinstance(uid, str) and isinstance(name, str)):
        return None
    counts = not _is_wary(case) or _is_installed(case) or kind.has("schedule")
    if not (counts and can_make(kind, child)) or case.context.owner(uid) is Answer.FOUND:
        return None
    namespace = case.request.namespace if kind.namespaced else ""
    return OwnerReference(kind.group, kind.name, namespace, name, uid)


def _weigh_word(case: AdmissionCase) -> Parentage:
    """An owner that exists, of an object that anyone may have made."""
    match case.engine.ignores:
        case "forbid":
            return _ALONE
        case "cap-at-warn":
            return Parentage(Standing.CAPPED)
    return Parentage(Standing.PASSES, "its owner was judged")


def _is_wary(case: AdmissionCase) -> bool:
    """Whether the namespace trusts no statement of its users (``ignores: forbid``)."""
    return case.engine.ignores == "forbid"


def is_installed_operator(case: AdmissionCase) -> bool:
    """Whether the request comes from a ServiceAccount of a namespace of operators, for
    an object in another."""
    return is_operator(case) and _is_installed(case)


def is_operator(case: AdmissionCase) -> bool:
    """Whether the request comes from a ServiceAccount of another namespace than the object's."""
    namespace = _namespace_of(case.request.username)
    return namespace is not None and namespace != case.request.namespace


def _is_installed(case: AdmissionCase) -> bool:
    """Whether it comes from a ServiceAccount of a namespace in which operators are installed."""
    return keeps_operators(case.context.policy, _namespace_of(case.request.username))


def _namespace_of(username: str) -> str | None:
    account = username.removeprefix(_ACCOUNT)
    return account.partition(":")[0] if account != username else None


def _is_named(case: AdmissionCase, owner: dict[str, Any]) -> bool:
    """Whether the object of that UID has the kind, the name and the namespace of the reference."""
    known = case.context.owner_record(str(owner.get("uid")))
    if known is None:
        return not _is_wary(case)
    group = Manifest(owner).group
    named = (known.group, known.kind, known.name) == (group, owner.get("kind"), owner.get("name"))
    return named and known.namespace in ("", case.request.namespace)


def _is_as_made(case: AdmissionCase, owner: dict[str, Any], child: Kind) -> bool:
    """Whether the object is what its owner's template makes."""
    known = case.context.owner_record(str(owner.get("uid")))
    if known is None or not known.template:
        return False
    return known.template == digest_template(case.request.body, child.root)
