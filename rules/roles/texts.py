"""What a pod's commands, arguments and sources run, each as a weighted sentence."""

import itertools
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rules.commands.scripts import split_commands, split_terms
from rules.kinds.roles import Role
from rules.memory import remember
from rules.roles.idleness import name_program
from rules.roles.programs import (
    COMMANDS,
    EVALUATES,
    MEASURES,
    METHODS,
    MOVES,
    PHRASES,
    PROGRAMS,
    SUBMISSIONS,
    SUBMITS,
    TRAINS,
    WORDS,
)
from rules.roles.settings import ADDED, INPUT, add_up, read_flag
from rules.roles.stems import NAMELESS, SUFFIXES
from rules.roles.vocabulary import Mark, Signal, say
from rules.roles.words import read_stem

_FETCHERS = ("curl", "wget")
_TELLING = frozenset((*WORDS, *PHRASES, *COMMANDS, *_FETCHERS, "-m"))
_LOADS = say(Mark(Role.SERVING, 3, "flags"), "names a file of weights")
_WEIGHTS = (".gguf", ".h5", ".joblib", ".onnx", ".pkl", ".tflite")
_STEMS = 40
_MOST_PLACES = 400
_ENDS = tuple(f".{suffix}" for suffix in SUFFIXES)
_TESTS = ("test_", "_test")
_TRAINERS = ("-train", "_train", "-finetune", "_finetune")
_MOST_COMMANDS = 40
_KNOCKS = ("-o-", "-qo-", "-o -", "--spider", "/dev/null")
_SAVES = (" -o", " -l", " -slo", " -slo", " --output", " --remote-name")
_ASIDE = frozenset({Role.OTHER, Role.DATA})
"""What a run that trains does before and after it."""
_FETCHED = (
    *("hugging", "hf.co", "model", "dataset", "/data", "weight", "checkpoint", "ckpt", "mnist"),
    *("imagenet", "corpus", ".gguf", ".safetensors", ".pt", ".onnx", ".bin", ".tar", ".tgz"),
    *(".zip", ".csv", ".parquet", ".npz", ".jsonl"),
)


@remember(256, 4000)
def read_text(text: str) -> tuple[Signal, ...]:
    """What a folded text runs. Moving files counts only where nothing else is run; what another
    system is asked to run does not run here."""
    submission = next((one for one in SUBMISSIONS if one in text), None)
    if submission is not None:
        return (_hear(SUBMITS, submission),)
    places = words = split_terms(text)
    if "/" in text:
        words = [word.rpartition("/")[2] for word in places]
    known = set(words) - METHODS
    if "." in text:
        known.update(part for word in words if "." in word for part in word.split("."))
    found = list(_read_words(text, words, _TELLING & known))
    if any(end in text for end in _TRAINERS) or not known.isdisjoint(PROGRAMS):
        found.extend(_read_programs(text))
    if "--" in text:
        found.extend(_read_flags(words))
    if any(end in text for end in _WEIGHTS):
        found.append(_LOADS)
    if not known.isdisjoint(SUFFIXES):
        found.extend(_read_scripts(words))
    if "bench" in text or not known.isdisjoint(NAMELESS):
        found.extend(_read_folders(places))
    return tuple(_weigh(found) if len(found) > 1 else found)


def _read_words(text: str, words: list[str], telling: frozenset[str]) -> Iterator[Signal]:
    for word in sorted(telling):
        if word in WORDS:
            yield _hear_word(word)
        if word in PHRASES:
            yield from _read_phrases(words, word)
        elif word in COMMANDS and f" {word} " in f" {text} ":
            yield _hear(COMMANDS[word], word)
        elif word in _FETCHERS:
            yield from _read_transfer(text, word)
        elif word == "-m":
            yield from _read_modules(words)


@lru_cache(maxsize=1024)
def _hear_word(word: str) -> Signal:
    return _hear(WORDS[word], word)


@lru_cache(maxsize=1024)
def _hear_script(stem: str, suffix: str) -> tuple[Signal, ...]:
    return tuple(_hear(mark, stem + suffix) for mark in read_stem(stem))


def _hear(mark: Mark, word: str) -> Signal:
    return say(mark, f'{"sets" if mark.group == "flags" else "runs"} "{word[:80]}"')


def _read_phrases(words: list[str], head: str) -> Iterator[Signal]:
    joined = f" {' '.join(words)} "
    for phrase, mark in PHRASES[head]:
        if f" {phrase} " in joined:
            yield _hear(mark, phrase)


def _read_programs(text: str) -> Iterator[Signal]:
    """Programs that are known by the place where they stand; and one that is named after its first
    word and what it does: ``fairseq-train``."""
    for program in map(name_program, split_commands(text, _MOST_COMMANDS)):
        marks = (TRAINS,) if program.endswith(_TRAINERS) else PROGRAMS.get(program, ())
        yield from (_hear(mark, program) for mark in marks)


def _read_flags(words: Iterable[str]) -> Iterator[Signal]:
    for word in words:
        if word.startswith("--") and (signal := read_flag(word)):
            yield signal


def _read_scripts(words: list[str]) -> Iterator[Signal]:
    """A script that tests a trainer trains nothing, nor does one that tests what it runs on."""
    scripts = [word for word in words if word.endswith(_ENDS)]
    for word in scripts[:_STEMS]:
        stem, _, suffix = word.rpartition(".")
        if stem.startswith(_TESTS[0]) or stem.endswith(_TESTS[1]):
            yield _hear(MEASURES, word)
        else:
            yield from _hear_script(stem[:200], f".{suffix}")


def _read_folders(places: list[str]) -> Iterator[Signal]:
    """``imagenet/main.py`` does what its folder says; so does ``benchmark/node.sh``, whose own name
    says nothing."""
    for place in places[:_MOST_PLACES]:
        folder, _, last = place.rpartition("/")
        folder = folder.rpartition("/")[2][:200]
        if folder and (last in NAMELESS or ("bench" in folder and _says_nothing(last))):
            yield from (_hear(mark, f"{folder}/{last}") for mark in read_stem(folder))


def _says_nothing(script: str) -> bool:
    return script.endswith(_ENDS) and not read_stem(script.rpartition(".")[0][:200])


def _read_modules(words: list[str]) -> Iterator[Signal]:
    """Modules after ``-m`` (``package.train``); one whose last part is in the table is heard."""
    for before, word in itertools.pairwise(words):
        if before != "-m" or not word.replace(".", "").isidentifier():
            continue
        if word in WORDS or word.rpartition(".")[2] in WORDS:
            continue
        for mark in read_stem(word):
            yield _hear(TRAINS if mark.group == "script" else mark, word)


def _read_transfer(text: str, word: str) -> Iterator[Signal]:
    """``wget`` and ``curl`` fetch a model or data, or only knock at a service."""
    if any(sign in text for sign in _KNOCKS):
        return
    saves = word == "wget" or any(flag in text for flag in _SAVES)
    if saves and any(sign in text for sign in _FETCHED):
        yield _hear(MOVES, word)


def _weigh(found: list[Signal]) -> list[Signal]:
    """Any run may fetch files and look at its devices on the side."""
    mains = {signal.role for signal in found if signal.weight >= 4 and signal.group != "transport"}
    if mains - {Role.SERVING}:
        found = [signal for signal in found if signal.group != "transport"]
    if Role.TRAINING in mains:
        found = [one for one in found if one.role not in _ASIDE and one.group != EVALUATES.group]
    elif Role.DATA in mains:
        found = [signal for signal in found if not _names_input(signal)]
    return _add_flags(found)


def _names_input(signal: Signal) -> bool:
    """``--train-file`` names what a training reads, and what a split of data writes."""
    return (
        signal.role is Role.TRAINING and signal.group == "flags" and signal.weight == INPUT.weight
    )


def _add_flags(found: list[Signal]) -> list[Signal]:
    """Flags of training as one signal, where there are several."""
    flags = {one.sentence: one for one in found if one.role is Role.TRAINING and one.group in ADDED}
    if len(flags) < 2:
        return found
    return [*(one for one in found if one.sentence not in flags), add_up([*flags.values()])]
