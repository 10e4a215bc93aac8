"""What the words of names, scripts and modules say."""

from collections.abc import Iterable
from functools import lru_cache

from rules.roles.stems import (
    EXAMPLE,
    NETWORKS,
    OTHER_NETS,
    STEM_MARKS,
    STEM_PARTS,
    STEMS,
    TRIGGER,
    WEAK_KEYS,
)
from rules.roles.vocabulary import (
    ANSWERING,
    ASKED_FOR,
    DEPLOYS,
    INFERS,
    NAME_BATCH,
    NAME_DATA,
    NAME_DATA_PARTS,
    NAME_SERVER,
    NAME_TRAINING,
    NAMES,
    TRAVEL,
    Mark,
    Signal,
    say,
)
from rules.words import clear, pair_up, split_name

RIDES = frozenset({"train", "trains"})
"""What runs on rails where somebody speaks of them."""


def trains(word: str) -> bool:
    """Whether a word speaks of training; a trained model needs none, a constraint is none."""
    if "train" in word:
        return "trained" not in word and "constrain" not in word
    return "finetun" in word


def travels(words: Iterable[str]) -> bool:
    """Whether the words of one name speak of railways: their ``train`` learns nothing."""
    return not TRAVEL.isdisjoint(words)


def read_name(name: str) -> tuple[Signal, ...]:
    """What the words of an object's or container's name say; two that make one word are one."""
    return _read_name(name[:256])  # only that much is remembered of a long one


@lru_cache(maxsize=2048)
def _read_name(name: str) -> tuple[Signal, ...]:
    marks: dict[Mark, None] = {}
    skip = False
    words = split_name(clear(name))
    if travels(words):
        words = [word for word in words if word not in RIDES]
    for word, pair in pair_up(words):
        mark = None if skip else NAMES.get(pair)
        joined = mark is not None
        if not skip and not joined:
            mark = _read_word(word)
        if mark is not None:
            marks[mark] = None
        if word in INFERS and not (skip or joined):
            marks[NAME_BATCH] = None
        skip = joined
    while words and words[-1] in DEPLOYS:
        words.pop()
    if words and _is_server(words[-1], frozenset(words)):
        marks[NAME_SERVER] = None
    return tuple(say(mark, f'named "{name[:80]}"') for mark in marks)


def _is_server(last: str, words: frozenset[str]) -> bool:
    """Whether a name is that of what is served (``churn-model``), says who answers for it, or that
    models are asked (``llm-inference``, ``ml-infer-api``)."""
    asked = last in INFERS or ("ml" in words and not INFERS.isdisjoint(words))
    return last == "model" or asked or (last in ANSWERING and not ASKED_FOR.isdisjoint(words))


def _read_word(word: str) -> Mark | None:
    mark = NAMES.get(word) or NAMES.get(word.rstrip("0123456789"))
    if mark is not None:
        return mark
    if trains(word):
        return NAME_TRAINING
    return NAME_DATA if word.startswith(NAME_DATA_PARTS) else None


def read_stem(stem: str) -> tuple[Mark, ...]:
    """What the name of a script (without its suffix) or module says, by its first telling word."""
    return _read_stem(stem[:200])


@lru_cache(maxsize=2048)
def _read_stem(stem: str) -> tuple[Mark, ...]:
    found = ""
    words = split_name(stem)
    if words[-1:] == [TRIGGER]:
        return STEM_MARKS[STEMS[TRIGGER]]
    for word, pair in pair_up(words):
        told = STEMS.get(pair) or STEMS.get(word) or _stem_part(word)
        if told and (not found or told not in WEAK_KEYS):
            found = told
        if found and found not in WEAK_KEYS:
            break
    return STEM_MARKS.get(found, ())


def _stem_part(word: str) -> str | None:
    if trains(word):
        return "train"
    key = next((key for key, parts in STEM_PARTS if word.startswith(parts)), None)
    return key or (EXAMPLE if _is_network(word.rstrip("0123456789")) else None)


def _is_network(word: str) -> bool:
    return word.endswith(NETWORKS) and word not in OTHER_NETS


def retrains(name: str) -> bool:
    """Whether a name means retraining (``pretrain`` does not)."""
    if "train" not in name.lower():
        return False
    pairs = pair_up(split_name(name))
    return any(each.startswith("retrain") for pair in pairs for each in pair)
