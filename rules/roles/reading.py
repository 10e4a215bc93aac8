"""A pod template read once: what its main containers run, their images, its names and its place."""

from collections.abc import Mapping
from typing import Any

from rules.kinds.schema import Pod, Role
from rules.manifest import Manifest
from rules.roles.idleness import does_nothing, stays
from rules.roles.images import read_image
from rules.roles.texts import clean, read_text
from rules.roles.vocabulary import (
    NAMESPACE_HEADS,
    NAMESPACES,
    TRAINING_ENVIRONMENT,
    TRAINING_PREFIXES,
    Signal,
)
from rules.roles.words import read_name

_SURE = 5
"""The weight from which a sign of something else speaks for its container."""
_IDLE = Signal(Role.OTHER, 7, "program", "runs nothing but echo, sleep and the like")
_PORT = Signal(Role.SERVING, 1, "port", "has a container port")
_PROBE = Signal(Role.SERVING, 1, "probe", "has a readiness or liveness probe")
_UNLIKE_TRAINING = Signal(Role.TRAINING, -2, "probe", "has a readiness or liveness probe")


class Reading:
    """What one pod template says of itself.

    Only the main containers speak: a sidecar or an init container serves the pod, whatever it is.
    ``texts`` and ``images`` are the signals of what runs and of the images; ``others`` the signs of
    something else than machine learning, if every main container has one; ``idle``: no main
    container does anything.
    """

    __slots__ = ("_bodies", "_cleaned", "_pod", "idle", "images", "others", "texts")

    def __init__(self, pod: Pod) -> None:
        self._pod = pod
        self._bodies = [one.body for one in pod.mains]
        more = clean(pod.text) if pod.text else ""
        self._cleaned = [_read_words(body, more) for body in self._bodies] or [more]
        self.idle = all(map(does_nothing, self._cleaned))
        self.texts: list[Signal] = []
        self.images: list[Signal] = []
        self.others: list[Signal] = []
        self._hear()

    def _hear(self) -> None:
        """Listen to each main container; one that says nothing of something else speaks for all."""
        unanimous = True
        for body, text in zip(self._bodies or [{}], self._cleaned, strict=True):
            image = body.get("image")
            runs = read_text(text) if text else []
            marks = read_image(image) if isinstance(image, str) else ()
            self.texts += runs
            self.images += marks
            others = [one for one in (*runs, *marks) if _is_other(one)]
            self.others += others
            unanimous = unanimous and bool(others)
        if self.idle:
            self.others = [_IDLE]
        elif not unanimous:
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


def _read_environment(entries: list[Any]) -> list[Signal]:
    """The first name that ranks and trackers of training read."""
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and (
            name in TRAINING_ENVIRONMENT or name.startswith(TRAINING_PREFIXES)
        ):
            return [Signal(Role.TRAINING, 1, "env", f"has the environment {name}")]
    return []


def read_places(manifest: Manifest) -> list[Signal]:
    """What the namespace is for, if its name starts as one of machine learning does."""
    metadata = manifest.object.get("metadata")
    name = metadata.get("namespace") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name.startswith(NAMESPACE_HEADS):
        return []
    return [
        Signal(*mark, f'in namespace "{name}"')
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
    if isinstance(words, list):
        return " ".join(word for word in words if isinstance(word, str))
    return words if isinstance(words, str) else ""
