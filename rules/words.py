"""Names and texts taken apart into words; placeholders stand for nothing.

Regular expressions are compiled where they are first needed: few manifests need them, and compiling
is dearer than reading a small file.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_PLACEHOLDER = r"\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([A-Za-z_]\w*\)|\$\w+|<<?[A-Za-z_][\w.\- ]*>>?"
_FOLDED = bytes.maketrans(bytes(range(65, 91)), bytes(range(97, 123)))


def make_separators(separators: str) -> bytes:
    """A table for ``split``: what stands between words becomes a space, capitals become small."""
    between = separators.encode()
    return bytes(32 if byte in between else _FOLDED[byte] for byte in range(256))


_NAME_TABLE = make_separators("-_./:")


def split(text: str, table: bytes) -> list[str]:
    """The words of a text. Through bytes, which is many times faster than through characters."""
    return text.encode("utf-8", "replace").translate(table).decode().split()


def split_name(name: str) -> list[str]:
    """The words of a name or path, in lower case."""
    return split(name, _NAME_TABLE)


def pair_up(words: list[str]) -> list[tuple[str, str]]:
    """Each word, and the word that it makes with the next: ``fine-tune`` is ``finetune``."""
    pairs = (*map(str.__add__, words, words[1:]), "")
    return list(zip(words, pairs, strict=False))


def clear(text: str) -> str:
    """``text`` with a star for each placeholder; what stands around them stays."""
    if "$" in text or "{{" in text or "<" in text:
        return re.sub(_PLACEHOLDER, " * ", text)
    return text


def count_edits(one: str, two: str) -> int:
    """How many letters must be added, taken away or changed to make one word of another. The time
    grows with the product of their lengths: callers give it names alone."""
    row = list(range(len(two) + 1))
    for count, letter in enumerate(one, 1):
        before, row = row, [count]
        for place, other in enumerate(two):
            changed = before[place] + (letter != other)
            row.append(min(changed, before[place + 1] + 1, row[place] + 1))
    return row[-1]


_ANOTHER_WORD = 3
_LONGEST = 64
"""Letters of a word: no field has more."""


def find_spelling(word: str, names: Iterable[str]) -> str | None:
    """The name that somebody meant who wrote ``word``: the same but for capitals, hyphens and a
    plural, with two letters exchanged, or one or two of many wrong; None where there is none."""
    return next(iter(find_spellings(word, names)), None)


def find_spellings(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """All such names, that with the fewest letters wrong first."""
    if len(word) > _LONGEST:
        return ()
    said = _fold(word)
    about = (name for name in names if abs(len(name) - len(said)) < _ANOTHER_WORD)
    counted = ((_count_slips(said, name.lower()), name) for name in about)
    return tuple(name for slips, name in sorted(counted) if slips < _ANOTHER_WORD)


def _fold(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "")


@lru_cache(maxsize=4096)
def _count_slips(said: str, name: str) -> int:
    """How many letters are wrong, exchanged ones counted once."""
    if said.removesuffix("s") == name.removesuffix("s"):
        return 0
    if sorted(said) == sorted(name):
        return 1
    most = _allowed_edits(name)
    # An edit makes a difference of two letters at most: other words are told apart by that.
    alike = len({*said} ^ {*name}) <= 2 * most
    edits = count_edits(said, name) if alike else _ANOTHER_WORD
    return edits if edits <= most else _ANOTHER_WORD


def _allowed_edits(name: str) -> int:
    if len(name) < 5:
        return 0
    return 1 if len(name) < 8 else 2
