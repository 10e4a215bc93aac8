"""Globs as policies and tables write them: ``*``, ``?`` and ``[a-z]``; case counts."""

from functools import lru_cache

_LONGEST = 512
"""Characters of a name that is remembered."""


def fits_any(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of some globs fits a whole name. The same names come again and again."""
    fit = _fits_any if len(name) <= _LONGEST else _fits_any.__wrapped__
    return fit(name, patterns)


@lru_cache(maxsize=1024)
def _fits_any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fits_glob(name, pattern) for pattern in patterns)


def fits_glob(name: str, pattern: str) -> bool:
    """Whether a glob fits a whole name.

    A pattern of letters and stars alone, which nearly every one is, needs no regular expression:
    to compile one for each takes longer than to read a small file.
    """
    if "?" in pattern or "[" in pattern:
        from fnmatch import fnmatchcase  # noqa: PLC0415 - few need it

        return fnmatchcase(name, pattern)
    head, *parts = pattern.split("*")
    if not parts:
        return name == pattern
    *middle, tail = parts
    at, end = len(head), len(name) - len(tail)
    if at > end or not name.startswith(head) or not name.endswith(tail):
        return False
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
