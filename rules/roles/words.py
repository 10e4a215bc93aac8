"""Names and scripts taken apart into words.

Regular expressions are compiled where they are first needed: few manifests need them, and compiling
is dearer than reading a small file.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from rules.roles.vocabulary import (
    NAME_DATA,
    NAME_DATA_PARTS,
    NAME_TRAINING,
    NAMES,
    STEM_MARKS,
    STEM_PARTS,
    STEMS,
    Mark,
    Signal,
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


def pair_up(words: list[str]) -> Iterator[str]:
    """Each word with the next as one: ``fine-tune`` is ``finetune``."""
    return map(str.__add__, words, words[1:])


def trains(word: str) -> bool:
    """Whether a word speaks of training; a trained model needs none, a constraint is none."""
    if "train" in word:
        return "trained" not in word and "constrain" not in word
    return "finetun" in word


@lru_cache(maxsize=2048)
def read_name(name: str) -> tuple[Signal, ...]:
    """What the words of an object's or container's name say."""
    words = split_name(clear(name[:256]))
    found = (_read_word(word) for word in (*words, *pair_up(words)))
    marks = dict.fromkeys(mark for mark in found if mark is not None)
    return tuple(Signal(*mark, f'named "{name[:80]}"') for mark in marks)


def _read_word(word: str) -> Mark | None:
    mark = NAMES.get(word) or NAMES.get(word.rstrip("0123456789"))
    if mark is not None:
        return mark
    if trains(word):
        return NAME_TRAINING
    return NAME_DATA if word.startswith(NAME_DATA_PARTS) else None


@lru_cache(maxsize=2048)
def read_stem(stem: str) -> tuple[Mark, ...]:
    """What the name of a script (without its suffix) or module says, by its first telling word."""
    words = split_name(stem[:200])
    for word, pair in zip(words, [*pair_up(words), ""], strict=True):
        key = STEMS.get(pair) or STEMS.get(word) or _stem_part(word)
        if key is not None:
            return STEM_MARKS[key]
    return ()


def _stem_part(word: str) -> str | None:
    if trains(word):
        return "train"
    return next((key for key, parts in STEM_PARTS if word.startswith(parts)), None)


def retrains(name: str) -> bool:
    """Whether a name speaks of training again."""
    name = name.lower()
    return "retrain" in name or "re-train" in name
