"""The outputs that a training container names, in its arguments, script and environment."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from posixpath import join
from typing import Any, NamedTuple

from rules.kinds.pods import Container
from rules.memory import remember
from rules.model import Parameter
from rules.paths import Path


class Output(NamedTuple):
    """An output path or URI, where it is written down, and what names it.

    ``main`` is False where the name may as well speak of an input or of logs.
    """

    target: str
    path: Path
    name: str
    main: bool

    @property
    def scheme(self) -> str:
        """What stands before ``://`` in a URI; nothing in a path."""
        found = _SCHEME.match(self.target)
        return found[1] if found else ""


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

PARAMETERS = (
    Parameter("output_flag", "flags that name an output", default=OUTPUT_FLAG, regex=True),
    Parameter("input_flag", "flags that do not, after all", default=INPUT_FLAG, regex=True),
    Parameter("output_env", "environment names of an output", default=OUTPUT_ENV, regex=True),
)
"""What a policy may say of the names of outputs: ``naming_of`` reads it."""

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


def naming_of(params: Mapping[str, Any]) -> Naming:
    """One Naming for each set of expressions: it remembers the names that it has judged."""
    return _naming(*(params[parameter.name] for parameter in PARAMETERS))


_naming = lru_cache(maxsize=8)(Naming)


def read_outputs(container: Container, naming: Naming) -> list[Output]:
    """The outputs that a container's arguments, script and environment name, in that order."""
    environment = read_environment(container)
    found = list(_from_text(container, environment, naming))
    for name, (value, path) in environment.items():
        if len(name) <= _LONGEST_PLACE and naming.variable(name):
            found.append(Output(value[:_LONGEST_PLACE], path, name, main="MODEL" not in name))
    return [output for output in found if _is_place(output)]


def find_store(texts: Iterable[str], schemes: frozenset[str]) -> str | None:
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
