"""Building a Policy from a valid policy file."""

from collections.abc import Mapping
from datetime import date

from rules.model import Action
from rules.paths import EACH, Path
from rules.policy.entries import CustomKind, ExceptionEntry, NamespaceEntry, PathEntry
from rules.policy.extension import LOCKED, read_action, read_locks
from rules.policy.keys import UNKNOWN_KINDS, UNKNOWN_KINDS_RULE
from rules.policy.values import Policy
from rules.selectors import Selector, read_selector
from rules.type_names import Any


def build_policy(body: Mapping[str, Any]) -> Policy:
    """The policy of a body that has no problems."""
    stated = body.get("rules") or {}
    return Policy(
        profile=body.get("profile"),
        rules={**_of_unknown_kinds(body), **_actions(stated)},
        values=_values(stated),
        shared={name: block or {} for name, block in (body.get("parameters") or {}).items()},
        kinds=tuple(map(_custom_kind, body.get("kinds") or ())),
        exclude=tuple(body.get("exclude") or ()),
        controllers=tuple(body.get("controllers") or ()),
        ignores=body.get("ignores", "allow"),
        role_trust=(body.get("roles") or {}).get("trust"),
        namespace_labels=body.get("namespaceLabels", "trusted"),
        namespaces=tuple(map(_namespace, body.get("namespaces") or ())),
        exceptions=tuple(map(_exception, body.get("exceptions") or ())),
        contact=body.get("contact", ""),
        break_glass=body.get("breakGlass", ""),
        mutations=body.get("mutations"),
        locked=read_locks(body),
        locked_keys=tuple(body.get(LOCKED) or ()),
        paths=tuple(map(_path, body.get("paths") or ())),
    )


def _of_unknown_kinds(body: Mapping[str, Any]) -> dict[str, Action]:
    if UNKNOWN_KINDS not in body:
        return {}
    return {UNKNOWN_KINDS_RULE: read_action(body[UNKNOWN_KINDS])}


def _actions(stated: Mapping[str, Any]) -> dict[str, Action]:
    """The actions that ``rules`` states, by code or ``CODE/form``."""
    return {
        code: read_action(entry["action"] if isinstance(entry, dict) else entry)
        for code, entry in stated.items()
        if not isinstance(entry, dict) or "action" in entry
    }


def _values(stated: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The parameters that ``rules`` states, by code."""
    return {
        code: {name: value for name, value in entry.items() if name not in ("action", LOCKED)}
        for code, entry in stated.items()
        if isinstance(entry, dict)
    }


def _custom_kind(entry: Mapping[str, Any]) -> CustomKind:
    templates = tuple(map(read_template_path, entry["templates"]))
    return CustomKind(entry["group"], entry["kind"], templates, entry.get("role"))


def read_template_path(text: str) -> Path:
    """``spec.workers[*].template`` as a pattern of ``rules.paths.expand``."""
    return tuple(text.replace("[*]", f".{EACH}").split("."))


def _namespace(entry: Mapping[str, Any]) -> NamespaceEntry:
    stated = entry.get("rules") or {}
    return NamespaceEntry(
        name=entry["match"].get("name"),
        labels=_labels(entry["match"]),
        profile=entry.get("profile"),
        rules=_actions(stated),
        ignores=entry.get("ignores"),
        values=_values(stated),
    )


def _path(entry: Mapping[str, Any]) -> PathEntry:
    match, stated = entry["match"], entry.get("rules") or {}
    patterns = (match,) if isinstance(match, str) else tuple(match)
    return PathEntry(patterns, entry.get("profile"), _actions(stated), _values(stated))


def _exception(entry: Mapping[str, Any]) -> ExceptionEntry:
    match, expires = entry["match"], entry.get("expires")
    return ExceptionEntry(
        rules=frozenset(entry["rules"]),
        reason=entry["reason"],
        owner=entry["owner"],
        expires=date.fromisoformat(expires) if expires else None,
        namespace=match.get("namespace"),
        kind=match.get("kind"),
        name=match.get("name"),
        labels=_labels(match),
        container=match.get("container"),
    )


def _labels(match: Mapping[str, Any]) -> Selector | None:
    labels = match.get("labels")
    return read_selector(labels) if labels else None
