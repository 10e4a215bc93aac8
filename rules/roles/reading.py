"""A pod template read once: what its main containers run, their images, its names and its place."""

from collections.abc import Iterable, Mapping

from rules.commands import CommandLine, ReadContainer
from rules.commands.scripts import clean, cut, fold
from rules.kinds.pods import ContainerUse, Pod
from rules.kinds.roles import Role
from rules.manifest import Manifest
from rules.paths import dig, shorten
from rules.roles.idleness import does_nothing, only_admits, stays
from rules.roles.images import read_image
from rules.roles.settings import ADDED, add_up, read_variable
from rules.roles.texts import read_text
from rules.roles.vocabulary import NAMESPACE_HEADS, NAMESPACES, Mark, Signal, say
from rules.roles.words import read_name
from rules.type_names import Any

_SURE = 5
"""The weight from which a sign of something else speaks for its container."""
_TELLING = 3
"""The weight from which a sign of machine learning speaks for its container."""
_IDLE = say(Mark(Role.OTHER, 7, "program"), "runs nothing but echo, sleep and the like")
_PORT = say(Mark(Role.SERVING, 1, "port"), "has a container port")
_MODEL = say(Mark(Role.SERVING, 2, "flags"), 'sets "--model"')
_PROBE = say(Mark(Role.SERVING, 1, "probe"), "has a readiness or liveness probe")
_UNLIKE_TRAINING = say(Mark(Role.TRAINING, -2, "probe"), "has a readiness or liveness probe")
_LAB = say(Mark(Role.NOTEBOOK, 7, "lab"), "is asked for a notebook at port 8888")
_LAB_PORT = 8888
_LAB_PATHS = frozenset({"api", "lab", "tree"})
_AGREES = 1
"""What a second name adds that says the same of training."""


class Reading:
    """What one pod template says of itself.

    Only the main containers speak: a sidecar or an init container serves the pod, whatever it is,
    unless it trains beside main containers that have nothing to do with machine learning.
    ``images`` are the signals of the images; ``idle``: no main container does anything. After
    ``listen``, ``texts`` are the signals of what runs, and ``others`` the signs of something else
    than machine learning, if every main container has one.
    """

    __slots__ = ("_bodies", "_commands", "_pod", "_runs", "idle", "images", "others", "texts")

    def __init__(self, pod: Pod, read: ReadContainer) -> None:
        self._pod = pod
        self._commands = _find_workers(pod, read)
        self._bodies = [one.container.body for one in self._commands]
        more = fold(clean(cut(pod.text))) if pod.text else ""
        self._runs = [_join(fold(one.script), more) for one in self._commands] or [more]
        self.idle = all(map(does_nothing, self._runs))
        self.images: list[Signal] = []
        for body in self._bodies:
            self.images += _read_image(body)
        self.texts: list[Signal] = []
        self.others: list[Signal] = [_IDLE] if self.idle else []

    def listen(self) -> None:
        """Read what each main container runs; one that shows nothing of something else speaks for
        all of them."""
        unanimous = not self.idle
        for body, text in zip(self._bodies or [{}], self._runs, strict=True):
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
        """Whether an idle pod is there for hours. One that claims devices shows how that is done:
        who logs in to work asks for them by a limit."""
        return not self._pod.spec.get("resourceClaims") and any(map(stays, self._runs))

    @property
    def names_model(self) -> bool:
        """Whether a command names the model to load."""
        return any(map(_names_model, self._runs))

    @property
    def commanded(self) -> bool:
        """Whether a container runs something else than its image does by itself."""
        return any(self._runs)

    @property
    def admits(self) -> bool:
        """Whether the pod only accepts logins, as workers of MPI do."""
        return any("sshd" in text for text in self._runs) and all(map(only_admits, self._runs))

    def names(self, manifest: Manifest) -> list[Signal]:
        """What the object, the template and its main containers are called."""
        metadata = manifest.object.get("metadata")
        found: list[Signal] = []
        if isinstance(metadata, dict):
            found += _read_name(metadata.get("name") or metadata.get("generateName"))
        found += _read_name(self._pod.name)
        for body in self._bodies:
            found += _read_name(body.get("name"))
        return _agree(found)

    def hints(self) -> list[Signal]:
        """Weak signs: ports and probes, which show that the container is asked, and the environment
        of ranks."""
        found: list[Signal] = []
        for body, command, run in zip(self._bodies, self._commands, self._runs, strict=False):
            if body.get("ports"):
                found.append(_PORT)
                if _names_model(run) and any(map(_is_serving, _read_name(body.get("name")))):
                    found.append(_MODEL)
            if body.get("readinessProbe") or body.get("livenessProbe"):
                found += (_PROBE, _UNLIKE_TRAINING)
                found += _find_lab(body)
            if body.get("env"):
                found += _read_variables(command.variables, asked=bool(body.get("ports")))
        return found


def _find_workers(pod: Pod, read: ReadContainer) -> list[CommandLine]:
    """What the containers run that the pod is there for."""
    mains = [read(one) for one in pod.mains]
    if len(mains) == len(pod.containers):
        return mains
    helpers = [read(one) for one in pod.containers if one.use is not ContainerUse.MAIN]
    training = [one for one in helpers if any(map(_is_training, read_text(fold(one.script))))]
    if not training:
        return mains
    said = [(*read_text(fold(one.script)), *_read_image(one.container.body)) for one in mains]
    return mains if any(_is_learning(one) for signals in said for one in signals) else training


def _is_training(signal: Signal) -> bool:
    """A program that trains, by its name or by what it is given."""
    return signal.role is Role.TRAINING and signal.weight >= _SURE


def _is_serving(signal: Signal) -> bool:
    return signal.role is Role.SERVING


def _is_learning(signal: Signal) -> bool:
    return signal.role not in (Role.OTHER, Role.UNKNOWN_ML) and signal.weight >= _TELLING


def _read_image(body: Mapping[str, Any]) -> tuple[Signal, ...]:
    image = body.get("image")
    return read_image(image) if isinstance(image, str) else ()


def _read_variables(names: Iterable[str], *, asked: bool) -> list[Signal]:
    """Signs in the environment: the place of a model is a sign of serving if the container can be
    asked."""
    found = [signal for name in names if (signal := read_variable(name))]
    if not asked:
        found = [one for one in found if one.role is not Role.SERVING]
    settings = [one for one in found if one.role is Role.TRAINING and one.group in ADDED]
    return [*found, add_up(settings)] if len(settings) > 1 else found


def _find_lab(body: Mapping[str, Any]) -> list[Signal]:
    """Whether a probe asks for a page of Jupyter's at its port."""
    for probe in ("readinessProbe", "livenessProbe"):
        path = dig(body, (probe, "httpGet", "path"))
        if not isinstance(path, str) or path.strip("/").partition("/")[0] not in _LAB_PATHS:
            continue
        if _listens(body, _LAB_PORT):
            return [_LAB]
    return []


def _listens(body: Mapping[str, Any], number: int) -> bool:
    ports = body.get("ports")
    return isinstance(ports, list) and any(
        dig(port, ("containerPort",)) == number for port in ports
    )


def _agree(found: list[Signal]) -> list[Signal]:
    """Two names that speak of training, and of nothing else, are surer than one; one that was
    given twice is one."""
    told = [one for one in found if one.role is Role.TRAINING]
    if len(set(told)) < 2 or len(told) < len(found):
        return found
    first = told[0]
    reason = f"{first.sentence.partition(': ')[2]}, and so is what runs in it"
    return [say(Mark(first.role, first.weight + _AGREES, first.group), reason)]


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


def _names_model(text: str) -> bool:
    return "--model " in text or "--model=" in text


def _is_other(signal: Signal) -> bool:
    """A part of a platform is named so; that is too little to speak for its container."""
    return signal.role is Role.OTHER and signal.weight >= _SURE and signal.group != "part"


def _read_name(name: Any) -> tuple[Signal, ...]:
    return read_name(name) if name and isinstance(name, str) else ()


def _join(text: str, more: str) -> str:
    """What a container runs, with what the pod adds."""
    return f"{text}\n{more}" if more and text else text or more
