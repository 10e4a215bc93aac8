"""The outputs that a training container names, by its flags and its environment."""

import re
from collections.abc import Mapping
from functools import lru_cache
from posixpath import join

from rules.commands import LONGEST_PLACE, CommandFlag, CommandLine
from rules.lazy_pattern import LazyPattern
from rules.manifest import is_template
from rules.model import Parameter
from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import Any


class Output(NamedTuple):
    """An output path or URI, where it is written down, and what names it.

    ``main`` is False where the name may as well speak of an input or of logs. ``written`` is the
    target as a message may show it: variables are not replaced by their values, which may be
    secret; of a variable's value it is the name.
    """

    target: str
    path: Path
    name: str
    main: bool
    written: str

    @property
    def shown(self) -> str:
        """The name, and what it is given: the beginning of a clause."""
        return f"{self.name} is" if self.written == self.name else f"{self.name} is {self.written},"

    @property
    def scheme(self) -> str:
        """What stands before ``://`` in a URI; nothing in a path."""
        return _read_scheme(self.target)


class Naming:
    """How flags and environment names tell outputs: regular expressions, matched whole but
    for ``inputs``, which may stand anywhere in a flag. Each name is judged once."""

    def __init__(self, flags: str, inputs: str, environment: str) -> None:
        self._flags = LazyPattern(flags)
        self._inputs = LazyPattern(inputs)
        self._environment = LazyPattern(environment)
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

_SECONDARY = LazyPattern(r"(?:^|[_.-])(?:model|log|logging|run|work|tensorboard)", re.IGNORECASE)
_LONGEST_SCHEME = 32
_PLACE_SIGNS = ("/", "~", "$", "{{", "<", "[[")
"""What one of stands in every path, URI and placeholder, so that few flags are looked at."""


def naming_of(params: Mapping[str, Any]) -> Naming:
    """One Naming for each set of expressions: it remembers the names that it has judged."""
    return _naming(*(params[parameter.name] for parameter in PARAMETERS))


_naming = lru_cache(maxsize=8)(Naming)


def read_outputs(command: CommandLine, naming: Naming) -> list[Output]:
    """The outputs that a container's flags and its environment name, in that order."""
    found = [
        _read_flag(command, flag)
        for flag in command.flags
        if any(sign in flag.value for sign in _PLACE_SIGNS) and naming.flag(flag.name)
    ]
    for name, (value, path) in command.environment.items():
        if len(name) <= LONGEST_PLACE and naming.variable(name):
            main = "MODEL" not in name
            found.append(Output(value[:LONGEST_PLACE], path, name, main, name))
    return [output for output in found if _is_place(output)]


def _read_flag(command: CommandLine, flag: CommandFlag) -> Output:
    written = flag.value[:LONGEST_PLACE]
    target = command.expand(written)
    relative = "/" in target and not target.startswith(("/", "$")) and not _read_scheme(target)
    if flag.folder and relative:
        target, written = join(flag.folder, target), join(flag.folder, written)
    return Output(target, flag.path, flag.name, _SECONDARY.search(flag.name) is None, written)


def _read_scheme(target: str) -> str:
    scheme, found, _ = target[: _LONGEST_SCHEME + 3].partition("://")
    bare = scheme.replace("+", "")
    named = bare.isascii() and bare.isalnum() and scheme[0].isalpha()
    return scheme if found and named else ""


def _is_place(output: Output) -> bool:
    """Whether a value is a path or URI, and not a number, a word or a model's name."""
    target = output.target
    if _read_scheme(target) or target.startswith(("/", "./", "../", "~", "$", "{{")):
        return True
    if output.main and is_template(target):
        return True
    return output.main and "/" in target and " " not in target
