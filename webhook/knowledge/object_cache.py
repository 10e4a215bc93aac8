"""What is kept of a cluster's objects: UIDs with their names, and the facts that rules ask for.
Never an object."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from rules.kinds.children import find_revision_template
from rules.kinds.neighbours import NEIGHBOURS
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.paths import Path, dig
from webhook.review.template_digest import digest_pods, digest_template

LABELS_FACT = "labels"
TEMPLATE_FACT = "template digest"
"""Of schedules: what they make."""
REVISION_FACT = "revision"
"""Of what is kept as an earlier revision: its owner's UID and what its pods are."""

_Object = dict[str, Any]


class WatchedKind(NamedTuple):
    """A kind to watch. ``read_facts`` gives what is kept of an object besides its UID, None where
    that is nothing; ``whole`` says that it reads more than the metadata."""

    group: str
    kind: str
    read_facts: Callable[[_Object], dict[str, Any]] | None = None
    whole: bool = False


class ObjectCache:
    """The UIDs of all objects of a kind, and their facts by namespace and name. A UID's place is
    kept as one text: there are many, and hardly one is asked for.

    One thread writes and any may read, without a lock: each step is one operation on one set or
    dictionary, and the values in them are replaced, never changed.
    """

    __slots__ = ("_changes", "_facts", "_listed", "_read_facts", "_uids")

    def __init__(self, read_facts: Callable[[_Object], dict[str, Any]] | None) -> None:
        self._read_facts = read_facts
        self._uids: dict[str, str] = {}
        self._facts: dict[str, dict[str, dict[str, Any]]] = {}
        """By namespace and name."""
        self._changes: dict[str, int] = {}
        """How often something changed in a namespace."""
        self._listed: dict[str, tuple[int, Sequence[tuple[str, dict[str, Any]]]]] = {}
        """What was told of a namespace last, and after how many changes."""

    def put(self, item: _Object) -> None:
        """Take in an object, new or changed."""
        metadata = item["metadata"]
        namespace, name = _key(metadata)
        self._uids[metadata["uid"]] = f"{namespace}/{name}"
        if self._read_facts is None:
            return
        held, facts = self._facts.setdefault(namespace, {}), self._read_facts(item)
        # Most changes of an object are of its status, of which nothing is kept.
        if name not in held or held[name] != facts:
            held[name] = facts
            self._note_change(namespace)

    def drop(self, item: _Object) -> None:
        """Forget a deleted object."""
        metadata = item["metadata"]
        self._uids.pop(metadata["uid"], None)
        namespace, name = _key(metadata)
        if self._facts.get(namespace, {}).pop(name, None) is not None:
            self._note_change(namespace)

    def _note_change(self, namespace: str) -> None:
        self._changes[namespace] = self._changes.get(namespace, 0) + 1
        self._listed.pop(namespace, None)

    def has(self, uid: str) -> bool:
        """Whether there is an object of that UID."""
        return uid in self._uids

    def place(self, uid: str) -> tuple[str, str] | None:
        """Namespace and name of the object of that UID, None where there is none."""
        place = self._uids.get(uid)
        if place is None:
            return None
        namespace, _, name = place.partition("/")
        return namespace, name

    def find(self, namespace: str, name: str) -> dict[str, Any] | None:
        """The facts of an object, None where there is none."""
        return self._facts.get(namespace, {}).get(name)

    def find_all(self, namespace: str) -> Sequence[tuple[str, dict[str, Any]]]:
        """The names and the facts of all objects in a namespace: the same tuple until one changes,
        so that nobody compares what is in it."""
        # Read before the facts are: what changes meanwhile is told the next time.
        changes = self._changes.get(namespace)
        if changes is None:
            return ()
        known = self._listed.get(namespace)
        if known is None or known[0] != changes:
            # One operation: whoever walks the dictionary itself would meet the writer's changes.
            known = self._listed[namespace] = changes, tuple(self._facts[namespace].items())
        return known[1]

    def __len__(self) -> int:
        return len(self._uids)


def watched_kinds(kinds: Iterable[Kind]) -> tuple[WatchedKind, ...]:
    """Namespaces, every kind, since an object of any of them may own others or have facts, and
    those that are only looked up."""
    return (WatchedKind("", "Namespace", _read_labels), *map(_watched, (*kinds, *NEIGHBOURS)))


def _watched(kind: Kind) -> WatchedKind:
    # Most kinds are watched for their UIDs alone. Then the API server is asked for metadata only,
    # a small part of the whole objects' size.
    # Schedules alone are made of by hand (``kubectl create job --from``).
    if kind.has("schedule"):
        return WatchedKind(kind.group, kind.name, partial(_read_schedule, kind), whole=True)
    template = find_revision_template(kind)
    if template is not None:
        read = partial(_read_revision, kind, template)
        return WatchedKind(kind.group, kind.name, read, whole=True)
    if not kind.has("facts"):
        return WatchedKind(kind.group, kind.name)
    return WatchedKind(
        kind.group, kind.name, lambda body: kind.read_facts(Manifest(body)), whole=True
    )


def _read_schedule(kind: Kind, item: _Object) -> dict[str, Any]:
    return {**kind.read_facts(Manifest(item)), TEMPLATE_FACT: digest_template(item, kind.root)}


def _read_revision(kind: Kind, template: Path, item: _Object) -> dict[str, Any]:
    manifest = Manifest(item)
    owner = (manifest.controller or {}).get("uid")
    mark = mark_revision(str(owner), digest_pods(dig(item, template)))
    return {**kind.read_facts(manifest), REVISION_FACT: mark}


def mark_revision(owner: str, pods: str) -> str:
    """What is kept of a revision: the UID of its owner and the digest of its pods."""
    return f"{owner}/{pods}"


def _read_labels(item: _Object) -> dict[str, Any]:
    return {LABELS_FACT: item["metadata"].get("labels") or {}}


def _key(metadata: _Object) -> tuple[str, str]:
    return metadata.get("namespace") or "", metadata["name"]
