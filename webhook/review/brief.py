"""A finding in a line or two that fit a warning: code, what was found and what mends it come first,
the place comes last.

The API server cuts warnings at 256 characters and asks for 120 (``admission.k8s.io/v1``
AdmissionResponse.warnings); terminals and CI logs cut them sooner, and from the end.
"""

import json
import re
from typing import Any

from rules.model import Edit, Finding, Fix, Presence, Set
from rules.paths import Path, dig, dotted
from rules.wording import WAS, show_value
from webhook.review.printing import cut_end, cut_middle

MAX_WARNING = 120
_SHORTEST_PLACE = 24
_WRAPPERS = frozenset({"spec", "template"})
"""Keys that say nothing of where a place is: every template has them."""
_DOTTED = re.compile(r'\b(?:spec|metadata)(?:\.[\w-]+|\[\d+\]|\["[^"]*"\])+')


def brief(finding: Finding, body: Any) -> list[str]:
    """A finding in ``body``: one line, or two where what mends it has no room in the first; and one
    for an exception that has expired."""
    lines = _brief_problem(finding, body)
    expired = cut_end(f"{finding.rule} {finding.expired}", MAX_WARNING)
    return [*lines, expired] if finding.expired else lines


def _brief_problem(finding: Finding, body: Any) -> list[str]:
    found, advice, path = _read_finding(finding, body)
    head, place = f"{finding.rule} {found}", name_place(path, body)
    whole = _with_place(f"{head}: {advice}" if advice else head, place)
    if len(whole) <= MAX_WARNING:
        return [whole]
    place = cut_middle(place, 2 * _SHORTEST_PLACE)
    first = _with_place(cut_end(head, MAX_WARNING - len(place) - 3), place)
    title = "" if advice.startswith("expected ") else "fix: "
    return [first, cut_end(f"{finding.rule} {title}{advice}", MAX_WARNING)] if advice else [first]


def _read_finding(finding: Finding, body: Any) -> tuple[str, str, Path]:
    """What was found, what mends it, and the part of the path that the first does not name."""
    message = finding.message.removesuffix(f" ({finding.expired})")
    found, _, demand = message.partition("; ")
    advice = _describe_fix(finding) or demand.partition("; ")[0]
    if _is_value(finding, body):
        return _state(finding, body), advice, finding.path[:-1]
    found = _shorten_paths(found)
    named = bool(finding.path) and str(finding.path[-1]) in found
    return found, _shorten_paths(advice), finding.path[:-1] if named else finding.path


def brief_addition(finding: Finding, body: Any) -> str:
    """What the webhook added to ``body`` for a finding, as it would stand in the manifest."""
    edits = [edit for edit in _edits(finding.fix) if isinstance(edit, Set)]
    added = ", ".join(f"{leaf_of(edit.path)}: {_as_json(edit.value)}" for edit in edits)
    place = name_place(edits[0].path[:-1], body) if edits else ""
    whole = _with_place(f"{finding.rule} mlgate added {added}; add it to the manifest", place)
    if len(whole) <= MAX_WARNING:
        return whole
    # The value is worth more than the advice.
    return _with_place(f"{finding.rule} mlgate added {cut_end(added, 2 * MAX_WARNING // 3)}", place)


def _is_value(finding: Finding, body: Any) -> bool:
    """Whether a finding is about one plain value, at the place that its fix writes."""
    # Nothing else is quoted from the object: a value may be a secret.
    if finding.embedded is not None or "env" in finding.path:
        return False
    if isinstance(dig(body, finding.path), dict | list):
        return False
    return any(edit.path == finding.path and _is_plain(edit) for edit in _edits(finding.fix))


def _is_plain(edit: Edit) -> bool:
    return isinstance(edit, Set) and not isinstance(edit.value, dict | list)


def _state(finding: Finding, body: Any) -> str:
    """``restartPolicy OnFailure``, or that it is unset and what then stands there."""
    value, leaf = dig(body, finding.path), leaf_of(finding.path)
    presence = finding.fix.presence if finding.fix else Presence.WRITTEN
    if value is None or value == "":
        return f"{leaf} unset"
    if WAS in finding.message:
        return f"{leaf} {show_value(value)}"
    if presence is Presence.ABSENT:
        return f"{leaf} unset (={show_value(value)})"
    doubt = " (unset or default)" if presence is Presence.DEFAULTED else ""
    return f"{leaf} {show_value(value)}{doubt}"


def _describe_fix(finding: Finding) -> str:
    edits = _edits(finding.fix)
    if not all(map(_is_plain, edits)):
        return finding.fix.title if finding.fix else ""
    if [edit.path for edit in edits] == [finding.path]:
        return f"set {_new(edits[0])}"
    changes = dict.fromkeys(f"{leaf_of(edit.path)} {_new(edit)}" for edit in edits)
    return f"set {', '.join(changes)}" if changes else ""


def _new(edit: Edit) -> str:
    return show_value(edit.value) if isinstance(edit, Set) else "nothing"


def _edits(fix: Fix | None) -> tuple[Edit, ...]:
    return fix.edits if fix else ()


def leaf_of(path: Path) -> str:
    """The last key of a path, with the one before where it says little by itself: an index, or
    the name of a resource."""
    if len(path) < 2 or (isinstance(path[-1], str) and not {".", "/"} & set(path[-1])):
        return dotted(path[-1:])
    return dotted(path[-2:])


def name_place(path: Path, body: Any) -> str:
    """Where a place is, in few words: keys that every template has left out, items by name."""
    words: list[str] = []
    for depth, key in enumerate(path):
        item = dig(body, path[: depth + 1])
        if isinstance(key, int):
            name = item.get("name") if isinstance(item, dict) else None
            words.append(name if isinstance(name, str) else str(key))
        elif key not in _WRAPPERS:
            words.append(key)
    return " ".join(words) or dotted(path)


def _shorten_paths(text: str) -> str:
    """The text with the last key of each path in the place of the whole path."""
    return _DOTTED.sub(lambda found: _last_key(found[0]), text)


def _last_key(path: str) -> str:
    head, bracket, last = path.partition('["')
    return head.rpartition(".")[2] + bracket + last


def _with_place(text: str, place: str) -> str:
    """The text with its place, which is shortened in the middle where room is short."""
    if not place:
        return text
    return f"{text} [{cut_middle(place, max(_SHORTEST_PLACE, MAX_WARNING - len(text) - 3))}]"


def _as_json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
