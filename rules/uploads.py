"""What takes a training's outputs away to a store: programs that upload, flags, variables, URIs."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from rules.commands import CommandFlag, CommandLine
from rules.commands.scripts import BREAK
from rules.words import split_name

_COPIES = tuple(
    tuple(row.split())
    for row in """
    aws s3 cp; aws s3 sync; aws s3 mv; gsutil cp; gsutil rsync; gsutil mv; gcloud storage cp;
    gcloud storage rsync; gcloud storage mv; azcopy copy; azcopy cp; azcopy sync; rclone copy;
    rclone copyto; rclone sync; rclone move; mc cp; mc mirror; s5cmd cp; s5cmd sync; s3cmd put;
    s3cmd sync; ossutil cp; ossutil sync
    """.split(";")
)
"""Commands that copy what is named first: away, where that stands on no store."""
_PUSHES = tuple(
    tuple(row.split())
    for row in """
    hf upload; hf upload-large-folder; huggingface-cli upload; huggingface-cli upload-large-folder;
    modelscope upload; dvc push; oras push; crane push; wandb artifact put;
    mlflow artifacts log-artifact; mlflow artifacts log-artifacts
    """.split(";")
)
_PROGRAMS = frozenset(row[0] for row in (*_COPIES, *_PUSHES))
_FLAGS = ("push-to-hub", "hub-model-id")
"""Flags of Hugging Face's trainers (transformers ``TrainingArguments``)."""
_TRACKERS = ("MLFLOW_TRACKING_URI", "AIP_MODEL_DIR")
_KEEPS_MODELS = "WANDB_LOG_MODEL"
_NO = frozenset({"false", "0", "no", "none"})
_INPUT = (
    r"(?i)(?:^|[_.-])(?:train|training|valid|validation|val|eval|test|data|datasets?|inputs?|source|"
    r"src|corpus|pretrained|resume|init|from|base|tokenizer|vocab|load|script|code|config|working)"
    r"(?:$|[_.-])"
)
"""Names of what is read."""
_SCHEME = r"([A-Za-z][A-Za-z0-9+]{0,31})://"  # folding case makes it dear to compile
_NAMED = r"(?:-{1,4}([A-Za-z][\w.-]{0,255})[=:]?|([A-Za-z][\w.-]{0,255})[=:])\Z"


def find_upload(command: CommandLine) -> str | None:
    """What in a container uploads what it has written, wherever in its script that stands."""
    for flag in _FLAGS:
        value = command.value(flag)
        if value is not None and value.lower() not in _NO:
            return f"--{flag}"
    if _says_yes(command, _KEEPS_MODELS):
        return _KEEPS_MODELS
    script = command.script
    if not [program for program in _PROGRAMS if program in script]:
        return None
    return next(filter(None, map(_read_upload, split_simple(w for w, _ in command.words))), None)


def find_tracker(command: CommandLine) -> str | None:
    """The environment name by which a tracking service keeps the model, if one does, wherever its
    value comes from."""
    return next((name for name in _TRACKERS if name in command.variables), None)


def find_bucket(command: CommandLine, schemes: frozenset[str]) -> str | None:
    """The flag or variable that names a bucket, or a kind of store (``--model-storage-type=oss``),
    without its URI; None where what it names is read."""
    named = (name for name in command.variables if "BUCKET" in name)
    flags = (flag for flag in command.flags if _names_store(flag, schemes))
    found = chain(named, (flag.name for flag in flags))
    return next((name for name in found if not reads(name)), None)


def _names_store(flag: CommandFlag, schemes: frozenset[str]) -> bool:
    words = split_name(flag.name)
    if words[-1:] in (["type"], ["backend"]):
        return "storage" in words and flag.value.lower() in schemes
    return "bucket" in words and bool(flag.value)


def _says_yes(command: CommandLine, name: str) -> bool:
    value = command.environment.get(name)
    return value is not None and value.text.lower() not in {*_NO, ""}


def split_simple(words: Iterable[str]) -> Iterator[list[str]]:
    """The simple commands of a script, each as its words."""
    command: list[str] = []
    for word in words:
        if word != BREAK:
            command.append(word)
        elif command:
            yield command
            command = []
    if command:
        yield command


def _read_upload(words: list[str]) -> str | None:
    """The command by which a simple command uploads; None where it does not, or downloads."""
    row, places = _find_transfer(words)
    source = next(iter(places), "")
    if row in _PUSHES or (source and not _is_remote(source, row[0])):
        return " ".join(row)
    return None


def _find_transfer(words: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The command in a simple command that copies or pushes, and what stands after it; both empty
    where there is none."""
    plain = [word for word in words if not word.startswith("-")]
    for at, word in enumerate(plain):
        program = word.rpartition("/")[2]
        for row in (*_PUSHES, *_COPIES) if program in _PROGRAMS else ():
            places = _follow([program, *plain[at + 1 :]], row)
            if places is not None:
                return row, places
    return (), []


def _follow(plain: list[str], row: tuple[str, ...]) -> list[str] | None:
    """What stands after the words of ``row``, between which values of flags may stand; None where
    they do not stand there."""
    if plain[0] != row[0]:
        return None
    at = 0
    for word in row[1:]:
        if word not in plain[at + 1 : at + 4]:
            return None
        at = plain.index(word, at + 1)
    return plain[at + 1 :]


def _is_remote(place: str, program: str) -> bool:
    if program == "mc":  # an alias stands before the first slash
        return not place.startswith(("/", ".", "~", "$"))
    return "://" in place or (program == "rclone" and ":" in place)


def find_store(words: Iterable[str], schemes: frozenset[str]) -> str | None:
    """The scheme of the first object-store URI that may be an output's: not the value of a name
    that is read, nor of a command that copies."""
    for command in split_simple(words):
        if _find_transfer(command)[0]:
            continue
        for before, word in zip(("", *command), command, strict=False):
            scheme = _read_store(before, word, schemes)
            if scheme is not None:
                return scheme
    return None


def _read_store(before: str, word: str, schemes: frozenset[str]) -> str | None:
    for found in re.finditer(_SCHEME, word) if "://" in word else ():
        if found[1].lower() not in schemes:
            continue
        named = re.match(_NAMED, word[: found.start()] or before)
        if named is None or not reads(named[1] or named[2]):
            return found[0]
    return None


def reads(name: str) -> bool:
    """Whether a flag or variable of that name names an input."""
    return re.search(_INPUT, name) is not None
