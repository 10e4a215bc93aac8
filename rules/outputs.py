"""Where a training container writes, and whether that outlives its pod."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from posixpath import join, normpath
from typing import Any, NamedTuple

from rules.kinds.pods import Container, Mount, Pod, Volume
from rules.manifest import is_template
from rules.memory import remember
from rules.paths import Path, shorten


class Keeping(StrEnum):
    """What becomes of what is written to a place."""

    DURABLE = "durable"
    WEAK = "weak"
    EPHEMERAL = "ephemeral"
    READ_ONLY = "read-only"
    UNKNOWN = "unknown"


class Output(NamedTuple):
    """An output path or URI, where it is written down, and what names it.

    ``main`` is False where the name may as well speak of an input or of logs.
    """

    target: str
    path: Path
    name: str
    main: bool


class Place(NamedTuple):
    """What an output's place is: ``what`` in words, ``path`` of the volume or mount."""

    keeping: Keeping
    what: str
    path: Path | None = None


class Naming:
    """How flags and environment names tell outputs: regular expressions, matched whole but
    for ``inputs``, which may stand anywhere in a flag. Each name is judged once."""

    def __init__(self, flags: str, inputs: str, environment: str) -> None:
        self._flags = re.compile(flags)
        self._inputs = re.compile(inputs)
        self._environment = re.compile(environment)
        self.flag = lru_cache(1024)(self._is_flag)
        self.variable = lru_cache(1024)(self._is_variable)

    def _is_flag(self, name: str) -> bool:
        return bool(self._flags.fullmatch(name)) and not self._inputs.search(name)

    def _is_variable(self, name: str) -> bool:
        return self._environment.fullmatch(name) is not None


@lru_cache(maxsize=8)
def naming_of(flags: str, inputs: str, environment: str) -> Naming:
    """One Naming for each set of expressions: it remembers the names that it has judged."""
    return Naming(flags, inputs, environment)


OUTPUT_FLAG = (
    r"(?i)(?:[\w.-]*[_.-])?(?:(?:outputs?|out|ckpts?|checkpoints?|artifacts?|results?|export)"
    r"(?:[_-]?(?:dir|directory|path|file|location|folder|root|uri|url|to|bucket))?"
    r"|(?:save|model|snapshot|log|logging|run|work|tensorboard)"
    r"[_-]?(?:dir|directory|path|file|location|folder|root|uri|to))"
)
INPUT_FLAG = (
    r"(?i)freq|every|steps?\b|interval|enabled|num[_-]|limit|total|activation|selective|resume"
    r"|from[_-]|pretrained|[_-]name|name[_-]or|tag|type|format|init[_-]|base[_-]?model|input|load"
)
OUTPUT_ENV = (
    r"(?:\w+_)?(?:OUTPUT_DIR|OUTPUT_PATH|MODEL_DIR|CHECKPOINT_DIR|CKPT_DIR|SAVE_DIR)"
    r"|SM_MODEL_DIR|AIP_MODEL_DIR"
)

_SECONDARY = re.compile(r"(?:^|[_.-])(?:model|log|logging|run|work|tensorboard)", re.IGNORECASE)
_TRACKERS = ("MLFLOW_TRACKING_URI", "AIP_MODEL_DIR")
_WORD = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|([^\s\"';|&()]+)")
_SPACE = re.compile(r"\s")
_FLAG = re.compile(r"-{1,4}([A-Za-z][\w.-]{0,255})(?:=(.*))?\Z", re.DOTALL)
_PAIR = re.compile(r"\+{0,2}([A-Za-z][\w.-]{0,255})(?:=|:\s?)(.*)\Z", re.DOTALL)
_SCHEME = re.compile(r"([a-z][a-z0-9+]{0,31})://", re.IGNORECASE)
_BEFORE = re.compile(r"[a-z][a-z0-9+]*\Z", re.IGNORECASE)
_LONGEST_SCHEME = 32
_ENV_NAME = re.compile(r"\$(?:\{(\w+)\}|\((\w+)\)|(\w+))")
_LONGEST = 20_000
_LONGEST_PLACE = 512
"""Characters of a path or URI that are read: a variable may stand in it a thousand times."""

_NODE = "which stays on one node"
_SOURCES: dict[str, tuple[Keeping, str]] = {
    **{
        source: (Keeping.DURABLE, source)
        for source in (
            "persistentVolumeClaim volumeClaimTemplate nfs cephfs azureFile azureDisk glusterfs "
            "iscsi fc csi gcePersistentDisk awsElasticBlockStore rbd cinder vsphereVolume quobyte "
            "portworxVolume scaleIO storageos flexVolume"
        ).split()
    },
    **{
        source: (Keeping.READ_ONLY, f"a {source}")
        for source in "configMap secret projected downwardAPI image gitRepo".split()
    },
    "hostPath": (Keeping.WEAK, f"a hostPath, {_NODE}"),
    "local": (Keeping.WEAK, f"a local volume, {_NODE}"),
    "ephemeral": (Keeping.EPHEMERAL, "an ephemeral claim, deleted with its pod"),
    "emptyDir": (Keeping.EPHEMERAL, "an emptyDir, deleted with its pod"),
}
"""core/v1 Volume sources. A generic ephemeral volume is a claim that is deleted with its pod;
``volumeClaimTemplate`` is ours, for a claim that a controller makes."""


def read_outputs(container: Container, naming: Naming) -> list[Output]:
    """The outputs that a container's arguments, script and environment name, in that order."""
    environment = read_environment(container)
    found = list(_from_text(container, environment, naming))
    for name, (value, path) in environment.items():
        if len(name) <= _LONGEST_PLACE and naming.variable(name):
            found.append(Output(value[:_LONGEST_PLACE], path, name, main="MODEL" not in name))
    return [output for output in found if _is_place(output)]


def find_store(texts: list[str], schemes: frozenset[str]) -> str | None:
    """The first object-store URI in ``texts``, by its scheme."""
    for text in texts:
        for scheme in _read_schemes(text[:_LONGEST]):
            if scheme.lower() in schemes:
                return f"{scheme}://"
    return None


def _read_schemes(text: str) -> Iterator[str]:
    """What stands before each ``://``; looked for from there, since most text has none."""
    at = text.find("://")
    while at >= 0:
        found = _BEFORE.search(text, max(0, at - _LONGEST_SCHEME), at)
        if found:
            yield found[0]
        at = text.find("://", at + 3)


def find_tracker(container: Container) -> str | None:
    """The environment name by which a tracking service keeps the model, if one does."""
    names = read_environment(container)
    for name in _TRACKERS:
        if name in names:
            return name
    return "WANDB_LOG_MODEL" if {"WANDB_PROJECT", "WANDB_LOG_MODEL"} <= names.keys() else None


class Storage:
    """A pod's volumes and artifacts: what becomes of what its containers write.

    Everything is looked up, never searched: a hostile pod has thousands of each.
    """

    def __init__(self, pod: Pod, schemes: frozenset[str]) -> None:
        self._pod = pod
        self._schemes = schemes
        self._volumes = {volume.name: volume for volume in reversed(pod.volumes)}
        self._artifacts = sorted(artifact.rstrip("/") for artifact in pod.artifacts)

    def locate(self, outputs: Iterable[Output], container: Container) -> list[Place]:
        """The place of each output: by its URI, its artifact, or the mount that holds its path."""
        mounts = {mount.mount_path.rstrip("/"): mount for mount in reversed(container.mounts)}
        return [self._locate(output, container, mounts) for output in outputs]

    def classify(self, mount: Mount) -> Place:
        """What becomes of what is written under a mount."""
        volume = self._volumes.get(mount.volume)
        if volume is None:
            if not self._known or is_template(mount.volume):
                return Place(Keeping.UNKNOWN, f"volume {shorten(mount.volume)!r}")
            what = f"volumes[] has no {shorten(mount.volume)!r}"
            return Place(Keeping.EPHEMERAL, what, mount.path)
        keeping, what = _classify_volume(volume)
        if mount.read_only and keeping is not Keeping.EPHEMERAL:
            return Place(Keeping.READ_ONLY, f"{what}, mounted read-only", mount.path)
        return Place(keeping, what, volume.path)

    def _locate(self, output: Output, container: Container, mounts: Mapping[str, Mount]) -> Place:
        scheme = _SCHEME.match(output.target)
        if scheme:
            known = scheme[1].lower() in self._schemes
            return Place(Keeping.DURABLE if known else Keeping.UNKNOWN, scheme[0])
        if is_template(output.target):
            return Place(Keeping.UNKNOWN, output.target)
        target = _absolute(output.target, container)
        folders = [] if target is None else _folders(target)
        if folders and self._has_artifact(folders):
            return Place(Keeping.DURABLE, "an output artifact")
        mount = next((mounts[folder] for folder in folders if folder in mounts), None)
        if mount is not None:
            return self.classify(mount)
        keeping = Keeping.EPHEMERAL if self._known else Keeping.UNKNOWN
        return Place(keeping, "the container's file system")

    @property
    def _known(self) -> bool:
        return self._pod.outputs_known and self._pod.complete

    def _has_artifact(self, folders: list[str]) -> bool:
        """Whether a path, the first of its ``folders``, lies in an artifact or holds one."""
        at = bisect_left(self._artifacts, folders[0].rstrip("/") + "/")
        if at < len(self._artifacts) and _covers(folders[0], self._artifacts[at]):
            return True
        return any(_is_in(self._artifacts, folder) for folder in folders)


def read_environment(container: Container) -> dict[str, tuple[str, Path]]:
    """The container's literal environment: name to (value, path of the entry)."""
    entries = container.get("env")
    if not isinstance(entries, list):
        return {}
    return {
        str(entry.get("name")): (str(entry.get("value")), (*container.path, "env", index, "value"))
        for index, entry in enumerate(entries)
        if isinstance(entry, dict) and entry.get("value") is not None
    }


def read_texts(container: Container) -> Iterator[tuple[Path, str]]:
    """The command, arguments and script of a container, each with its path."""
    for key in ("command", "args"):
        words = container.get(key)
        if isinstance(words, str):
            yield (*container.path, key), words
        for index, word in enumerate(words if isinstance(words, list) else ()):
            if isinstance(word, str | int | float):
                yield (*container.path, key, index), str(word)
    source = container.get("source")
    if isinstance(source, str):
        yield (*container.path, "source"), source


def _from_text(
    container: Container, environment: Mapping[str, tuple[str, Path]], naming: Naming
) -> Iterator[Output]:
    """Outputs named by ``--k=v``, ``--k v``, ``k=v`` and ``k: v`` words."""
    folder, waiting, before = "", None, ""
    for path, word in _words(container):
        if before == "cd":
            folder = word[:_LONGEST_PLACE]
        before = word
        name, value, is_flag = _take_apart(word)
        if not is_flag and waiting is not None:
            yield _output(waiting, word, path, folder, environment)
            waiting = None
            continue
        waiting = None
        if not name or not naming.flag(name):
            continue
        if value:
            yield _output(name, value, path, folder, environment)
            continue
        waiting = name


def _words(container: Container) -> Iterator[tuple[Path, str]]:
    for path, text in read_texts(container):
        for word in _split(text):
            yield path, word


@remember(1024, 256)
def _split(text: str) -> tuple[str, ...]:
    """The words of a script, without quotes; a word alone stays as it is."""
    if _SPACE.search(text, 0, _LONGEST) is None:
        return (text,)
    found = _WORD.finditer(text[:_LONGEST])
    return tuple([match[1] or match[2] or match[3] or "" for match in found])


@remember(1024, 256)
def _take_apart(word: str) -> tuple[str, str, bool]:
    """The name and the value that a word gives to it, both empty where it has none, and whether it
    is a flag."""
    flag = _FLAG.match(word)
    match = flag or _PAIR.match(word)
    return (match[1], match[2] or "", flag is not None) if match else ("", "", False)


def _output(
    name: str, value: str, path: Path, folder: str, environment: Mapping[str, tuple[str, Path]]
) -> Output:
    value = value.strip("\"',")[:_LONGEST_PLACE]
    target = _ENV_NAME.sub(lambda match: _resolve(match, environment), value)[:_LONGEST_PLACE]
    if folder and not target.startswith(("/", "$")) and not _SCHEME.match(target):
        target = join(folder, target) if "/" in target else target
    return Output(target, path, name, main=_SECONDARY.search(name) is None)


def _resolve(match: re.Match[str], environment: Mapping[str, tuple[str, Path]]) -> str:
    name = match[1] or match[2] or match[3]
    return environment[name][0][:_LONGEST_PLACE] if name in environment else match[0]


def _is_place(output: Output) -> bool:
    """Whether a value is a path or URI, and not a number, a word or a model's name."""
    target = output.target
    if _SCHEME.match(target) or target.startswith(("/", "./", "../", "~", "$", "{{")):
        return True
    return output.main and "/" in target and " " not in target


def _absolute(target: str, container: Container) -> str | None:
    if target.startswith("/"):
        return normpath(target)
    folder = container.get("workingDir")
    if not isinstance(folder, str) or not folder.startswith("/") or target.startswith("~"):
        return None
    return normpath(join(folder[:_LONGEST_PLACE], target))


def _covers(folder: str, target: str) -> bool:
    folder = folder.rstrip("/")
    return target == folder or target.startswith(f"{folder}/")


def _folders(target: str) -> list[str]:
    """A path and every folder above it, without a slash at the end; the root is the empty one."""
    path = target.rstrip("/")
    return [path, *(path[:at] for at in range(len(path) - 1, -1, -1) if path[at] == "/")]


def _is_in(names: list[str], name: str) -> bool:
    """Whether ``name`` is one of ``names``, which are sorted."""
    at = bisect_left(names, name)
    return at < len(names) and names[at] == name


def _classify_volume(volume: Volume) -> tuple[Keeping, str]:
    body: Mapping[str, Any] = volume.body
    source = next((key for key in body if key in _SOURCES), None)
    if source is None and set(body) <= {"name"}:
        return Keeping.EPHEMERAL, "an emptyDir (no source is named), deleted with its pod"
    if source is None:
        return Keeping.UNKNOWN, "a volume of unknown source"
    keeping, what = _SOURCES[source]
    settings = body[source]
    if keeping is Keeping.DURABLE and isinstance(settings, dict) and settings.get("readOnly"):
        return Keeping.READ_ONLY, f"{what}, read-only"
    return keeping, what
