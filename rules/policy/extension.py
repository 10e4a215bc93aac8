"""Policies that extend others: merging them, and what they may not loosen."""

from collections.abc import Iterator, Mapping

from rules.model import Action
from rules.policy.decisions import ORDER
from rules.policy.parameters import overlay
from rules.policy.shapes import Complaint
from rules.type_names import Any

LOCKED = "locked"
_LISTS = ("kinds", "exclude", "controllers", "exceptions", LOCKED)
"""Keys whose items add up."""
_FIRST_FITS = ("namespaces", "paths")
"""Lists of which the first entry that fits counts."""
_TABLES = ("rules", "parameters", "mutations", "roles")


def extend(base: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The policy ``body`` laid over ``base``: tables key by key, lists one after the other. Of
    ``namespaces`` and ``paths`` those of ``body`` come first."""
    merged = {**base, **body}
    for key in _TABLES:
        if key in base:
            merged[key] = overlay(_spread(base[key]), _spread(body.get(key)))
    for key in _LISTS:
        if key in base:
            merged[key] = [*(base[key] or ()), *(body.get(key) or ())]
    for key in _FIRST_FITS:
        if key in base:
            merged[key] = [*(body.get(key) or ()), *(base[key] or ())]
    return merged


def list_entries(body: Mapping[str, Any]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """The entries that have ``rules`` of their own: in which list, at which number."""
    for key in _FIRST_FITS:
        for index, entry in enumerate(body.get(key) or ()):
            yield key, index, entry


def _spread(table: Any) -> dict[str, Any]:
    """A table whose entries are mappings, so that they can be laid over others."""
    return {
        key: {"action": one} if key[:3].isupper() and not isinstance(one, dict) else one
        for key, one in (table or {}).items()
    }


def find_loosened(
    base: Mapping[str, Any], body: Mapping[str, Any], name: str
) -> Iterator[Complaint]:
    """What a policy loosens although ``name``, which it extends, locks it."""
    for key in base.get(LOCKED) or ():
        if key in body:
            yield Complaint((key,), f"it is locked by {name}", on_key=True)
    locks = read_locks(base)
    places: list[tuple[tuple[str | int, ...], Any]] = [(("rules",), body.get("rules"))]
    places += [
        ((key, index, "rules"), entry.get("rules")) for key, index, entry in list_entries(body)
    ]
    for place, stated in places:
        for code, entry in (stated or {}).items():
            message = _judge_entry(locks, code, entry, name)
            if message:
                yield Complaint((*place, code), message)
    for index, exception in enumerate(body.get("exceptions") or ()):
        for number, code in enumerate(exception["rules"]):
            if any(_covers(code, lock) or _covers(lock, code) for lock in locks):
                yield Complaint(
                    ("exceptions", index, "rules", number), f"{code} is locked by {name}"
                )


def _judge_entry(locks: Mapping[str, Action], code: str, entry: Any, name: str) -> str | None:
    for lock, floor in locks.items():
        if not _covers(lock, code):
            continue
        stated = entry if isinstance(entry, dict) else {"action": entry}
        if "action" in stated and ORDER.index(read_action(stated["action"])) < ORDER.index(floor):
            return f"{lock} is locked at {floor} by {name}"
        if stated.keys() - {"action", LOCKED}:
            return f"the parameters of {lock} are locked by {name}"
    return None


def _covers(lock: str, code: str) -> bool:
    """Whether what is said of ``lock`` holds for ``code``: the same, or a form of that rule."""
    return lock == code or lock == code.partition("/")[0]


def read_locks(body: Mapping[str, Any]) -> dict[str, Action]:
    """The rules and forms that a policy locks, with the least action that they have."""
    return {
        code: read_action(entry["action"])
        for code, entry in (body.get("rules") or {}).items()
        if isinstance(entry, dict) and entry.get(LOCKED)
    }


def read_action(stated: Any) -> Action:
    """An action as it is written: YAML reads a bare ``off`` as false."""
    return Action.OFF if stated is False else Action(stated)


def find_bad_locks(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """A lock holds an action, and stands under ``rules``."""
    for code, entry in (body.get("rules") or {}).items():
        if isinstance(entry, dict) and entry.get(LOCKED) and "action" not in entry:
            yield Complaint(("rules", code), "what is locked needs an action")
    for key, index, one in list_entries(body):
        for code, entry in (one.get("rules") or {}).items():
            if isinstance(entry, dict) and LOCKED in entry:
                message = "only what stands under rules can be locked"
                yield Complaint((key, index, "rules", code), message)
