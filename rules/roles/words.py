"""Names and scripts taken apart into words.

Regular expressions are compiled where they are first needed: few manifests need them, and compiling
is dearer than reading a small file.
"""

import re
from functools import lru_cache

from rules.roles.programs import EXAMPLE, STEM_MARKS, STEM_PARTS, STEMS
from rules.roles.vocabulary import (
    NAME_DATA,
    NAME_DATA_PARTS,
    NAME_TRAINING,
    NAMES,
    Mark,
    Signal,
    say,
)

_PLACEHOLDER = r"\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([A-Za-z_]\w*\)|\$\w+|<<?[A-Za-z_][\w.\- ]*>>?"
_FOLDED = bytes.maketrans(bytes(range(65, 91)), bytes(range(97, 123)))


def make_table(separators: str) -> bytes:
    """A table for ``split``: what stands between words becomes a space, capitals become small."""
    between = separators.encode()
    return bytes(32 if byte in between else _FOLDED[byte] for byte in range(256))


_NAME_TABLE = make_table("-_./:")


def split(text: str, table: bytes) -> list[str]:
    """The words of a text. Through bytes, which is many times faster than through characters."""
    return text.encode("utf-8", "replace").translate(table).decode().split()


def clear(text: str) -> str:
    """``text`` with a star for each placeholder; what stands around them stays."""
    if "$" in text or "{{" in text or "<" in text:
        return re.sub(_PLACEHOLDER, " * ", text)
    return text


def split_name(name: str) -> list[str]:
    """The words of a name or path, in lower case."""
    return split(name, _NAME_TABLE)


def pair_up(words: list[str]) -> list[tuple[str, str]]:
    """Each word, and the word that it makes with the next: ``fine-tune`` is ``finetune``."""
    pairs = (*map(str.__add__, words, words[1:]), "")
    return list(zip(words, pairs, strict=False))


def trains(word: str) -> bool:
    """Whether a word speaks of training; a trained model needs none, a constraint is none."""
    if "train" in word:
        return "trained" not in word and "constrain" not in word
    return "finetun" in word


def read_name(name: str) -> tuple[Signal, ...]:
    """What the words of an object's or container's name say; two that make one word are one."""
    return _read_name(name[:256])  # only that much is remembered of a long one


@lru_cache(maxsize=2048)
def _read_name(name: str) -> tuple[Signal, ...]:
    marks: dict[Mark, None] = {}
    skip = False
    for word, pair in pair_up(split_name(clear(name))):
        mark = None if skip else NAMES.get(pair)
        joined = mark is not None
        if not skip and not joined:
            mark = _read_word(word)
        if mark is not None:
            marks[mark] = None
        skip = joined
    return tuple(say(mark, f'named "{name[:80]}"') for mark in marks)


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
    for word, pair in pair_up(split_name(stem)):
        found = STEMS.get(pair) or STEMS.get(word) or _stem_part(word) or found
        if found and found != EXAMPLE:
            break
    return STEM_MARKS.get(found, ())


def _stem_part(word: str) -> str | None:
    if trains(word):
        return "train"
    return next((key for key, parts in STEM_PARTS if word.startswith(parts)), None)


def retrains(name: str) -> bool:
    """Whether a name speaks of training again (``pretrain`` does not)."""
    if "train" not in name.lower():
        return False
    pairs = pair_up(split_name(name))
    return any(each.startswith("retrain") for pair in pairs for each in pair)
