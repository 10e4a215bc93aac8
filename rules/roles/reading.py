"""A pod template read once: what its main containers run, their images, its names and its place."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.manifest import Manifest
from rules.paths import shorten
from rules.roles.idleness import does_nothing, stays
from rules.roles.images import read_image
from rules.roles.texts import LONGEST, clean, read_text
from rules.roles.vocabulary import (
    NAMESPACE_HEADS,
    NAMESPACES,
    TRAINING_ENVIRONMENT,
    TRAINING_PREFIXES,
    Mark,
    Signal,
    say,
)
from rules.roles.words import read_name

_SURE = 5
"""The weight from which a sign of something else speaks for its container."""
_IDLE = say(Mark(Role.OTHER, 7, "program"), "runs nothing but echo, sleep and the like")
_PORT = say(Mark(Role.SERVING, 1, "port"), "has a container port")
_PROBE = say(Mark(Role.SERVING, 1, "probe"), "has a readiness or liveness probe")
_UNLIKE_TRAINING = say(Mark(Role.TRAINING, -2, "probe"), "has a readiness or liveness probe")
_OF_RANKS = Mark(Role.TRAINING, 1, "env")


class Reading:
    """What one pod template says of itself.

    Only the main containers speak: a sidecar or an init container serves the pod, whatever it is.
    ``images`` are the signals of the images; ``idle``: no main container does anything. After
    ``listen``, ``texts`` are the signals of what runs, and ``others`` the signs of something else
    than machine learning, if every main container has one.
    """

    __slots__ = ("_bodies", "_cleaned", "_pod", "idle", "images", "others", "texts")

    def __init__(self, pod: Pod) -> None:
        self._pod = pod
        self._bodies = [one.body for one in pod.mains]
        more = clean(pod.text) if pod.text else ""
        self._cleaned = [_read_words(body, more) for body in self._bodies] or [more]
        self.idle = all(map(does_nothing, self._cleaned))
        self.images: list[Signal] = []
        for body in self._bodies:
            self.images += _read_image(body)
        self.texts: list[Signal] = []
        self.others: list[Signal] = [_IDLE] if self.idle else []

    def listen(self) -> None:
        """Read what each main container runs; one that shows nothing of something else speaks for
        all of them."""
        unanimous = not self.idle
        for body, text in zip(self._bodies or [{}], self._cleaned, strict=True):
            runs = read_text(text) if text else ()
            self.texts += runs
            if unanimous:
                others = [one for one in (*runs, *_read_image(body)) if _is_other(one)]
                self.others += others
                unanimous = bool(others)
        if not unanimous and not self.idle:
            self.others = []

    @property
    def waits(self) -> bool:
        """Whether an idle pod is there for hours."""
        return any(map(stays, self._cleaned))

    def names(self, manifest: Manifest) -> list[Signal]:
        """What the object, the template and its main containers are called."""
        metadata = manifest.object.get("metadata")
        found: list[Signal] = []
        if isinstance(metadata, dict):
            found += _read_name(metadata.get("name") or metadata.get("generateName"))
        found += _read_name(self._pod.name)
        for body in self._bodies:
            found += _read_name(body.get("name"))
        return found

    def hints(self) -> list[Signal]:
        """Ports and probes: somebody asks it for something; and the environment of ranks."""
        found: list[Signal] = []
        for body in self._bodies:
            if body.get("ports"):
                found.append(_PORT)
            if body.get("readinessProbe") or body.get("livenessProbe"):
                found += (_PROBE, _UNLIKE_TRAINING)
            entries = body.get("env")
            if isinstance(entries, list):
                found += _read_environment(entries)
        return found


def _read_image(body: Mapping[str, Any]) -> tuple[Signal, ...]:
    image = body.get("image")
    return read_image(image) if isinstance(image, str) else ()


def _read_environment(entries: list[Any]) -> list[Signal]:
    """The first name that ranks and trackers of training read."""
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and (
            name in TRAINING_ENVIRONMENT or name.startswith(TRAINING_PREFIXES)
        ):
            return [say(_OF_RANKS, f"has the environment {shorten(name)}")]
    return []


def read_places(manifest: Manifest) -> list[Signal]:
    """What the namespace is for, if its name starts as one of machine learning does."""
    metadata = manifest.object.get("metadata")
    name = metadata.get("namespace") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name.startswith(NAMESPACE_HEADS):
        return []
    name = shorten(name)
    return [
        say(mark, f'in namespace "{name}"')
        for parts, mark in NAMESPACES
        if any(part in name for part in parts)
    ]


def _is_other(signal: Signal) -> bool:
    """A part of a platform is named so; that is too little to speak for its container."""
    return signal.role is Role.OTHER and signal.weight >= _SURE and signal.group != "part"


def _read_name(name: Any) -> tuple[Signal, ...]:
    return read_name(name) if name and isinstance(name, str) else ()


def _read_words(body: Mapping[str, Any], more: str) -> str:
    """The cleaned command, arguments and source of a container, with what the pod adds."""
    parts = [_join(body.get("command")), _join(body.get("args")), _join(body.get("source"))]
    text = " ".join(filter(None, parts))
    text = clean(text) if text else ""
    return f"{text}\n{more}" if more and text else text or more


def _join(words: Any) -> str:
    """The words as one text; a script among them begins on a line of its own. Of very many that
    aliases stand for (``[*a, *a, ...]``) only the ends, of which ``clean`` reads as much."""
    if not isinstance(words, list):
        return words if isinstance(words, str) else ""
    texts = [word for word in words if isinstance(word, str)]
    if sum(map(len, texts)) > LONGEST:
        texts = [*_begin(texts), *reversed([*_begin(reversed(texts))])]
    return " ".join([f"\n{text}" if "\n" in text else text for text in texts])


def _begin(texts: Iterable[str]) -> Iterator[str]:
    """The first of ``texts``, together longer than what is read."""
    length = 0
    for text in texts:
        yield text
        length += len(text)
        if length > LONGEST:
            return
