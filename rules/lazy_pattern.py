"""Regular expressions that are compiled when they are first used.

A run over one file needs few of those that the modules hold, and compiling them all would take as
long as everything else that the run does.
"""

import re
from collections.abc import Callable, Iterator

from rules.type_names import Any

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")


class LazyPattern:
    """A regular expression with the methods of ``re.Pattern``, as fast as these once it is used."""

    __slots__ = ("_flags", "_text", *_METHODS)

    findall: Callable[..., list[Any]]
    finditer: Callable[..., Iterator[re.Match[str]]]
    fullmatch: Callable[..., re.Match[str] | None]
    match: Callable[..., re.Match[str] | None]
    search: Callable[..., re.Match[str] | None]
    split: Callable[..., list[Any]]
    sub: Callable[..., str]

    def __init__(self, text: str, flags: int = 0) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Callable[..., object]:
        """A method that is not there yet: from now on all of them are."""
        found: Callable[..., object] = getattr(self.compile(), name)
        return found

    def compile(self) -> re.Pattern[str]:
        """Have the methods there."""
        compiled = re.compile(self._text, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return compiled
