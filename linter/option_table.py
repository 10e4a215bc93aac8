"""A command's options as a table that reads plain command lines by itself.

To import argparse and tell it all options takes longer than to judge a small file. So ``lint``
tells them to a table, which has the methods of argparse's parser for that. The table reads what is
plain; help, mistakes and rare spellings (``-qo FILE``, ``--``) are left to argparse, which is told
the same options.
"""

from collections.abc import Iterator

from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:

    class OptionGroup(Protocol):
        """What options are added to: a table, or a group of argparse's."""

        def add_argument(self, *names: str, **keywords: Any) -> object: ...

    class OptionParser(OptionGroup, Protocol):
        """What has such groups: a table, or argparse's parser."""

        epilog: str | None

        def add_argument_group(self, title: str) -> "OptionGroup": ...


class OptionRow(NamedTuple):
    """What was told of an option, or of the words that belong to none: its names, the attribute
    that its value is kept in, and the rest in argparse's words."""

    names: tuple[str, ...]
    dest: str
    action: str
    keywords: dict[str, Any]

    @property
    def default(self) -> Any:
        """What its value is where it is not given."""
        stated = self.keywords.get("default", False if self.action == "store_true" else None)
        several = self.action == "append" or self.keywords.get("nargs") == "*"
        return list(stated or ()) if several else stated

    def read(self, text: str) -> Any:
        """The value that a word gives it. Raises ValueError where it gives none."""
        try:
            value = self.keywords.get("type", str)(text)
        except _find_refusal() as error:
            raise ValueError(str(error)) from None
        if value not in self.keywords.get("choices", (value,)):
            raise ValueError(text)
        return value


def _find_refusal() -> type[Exception]:
    """What a ``type`` raises: asked for, and imported, when it does."""
    from argparse import ArgumentTypeError

    return ArgumentTypeError


class OptionTable:
    """Takes what argparse's parser takes, and keeps of it what reading needs."""

    def __init__(self) -> None:
        self.epilog: str | None = None
        self.options: list[OptionRow] = []

    def add_argument(self, *names: str, **keywords: Any) -> None:
        """Take an option, or the words that belong to none."""
        long = next((one for one in names if one.startswith("--")), names[0])
        dest = keywords.get("dest") or long.lstrip("-").replace("-", "_")
        self.options.append(OptionRow(names, dest, keywords.get("action", "store"), keywords))

    def add_argument_group(self, _title: str) -> "OptionTable":
        """What takes the options of a group: groups are there for the help."""
        return self

    def read(self, words: list[str]) -> dict[str, Any] | None:
        """The value of each option by its ``dest``; None where argparse must read the words."""
        named = {name: one for one in self.options for name in one.names}
        values: dict[str, Any] = {}
        for one in self.options:
            values.setdefault(one.dest, one.default)
        try:
            _read_words(words, named, values)
        except (LookupError, ValueError):
            return None
        return values


def _read_words(words: list[str], named: dict[str, OptionRow], values: dict[str, Any]) -> None:
    """Put what the words say into ``values``. Raises LookupError or ValueError where that is not
    plain."""
    loose: list[str] = []
    last = 0
    left = iter(enumerate(words))
    for at, word in left:
        if not _is_value(word):
            _read_option(word, named, values, left)
            continue
        if loose and at != last + 1:
            raise ValueError(word)  # argparse takes those that stand together
        loose.append(word)
        last = at
    if loose:
        values[next(one.dest for name, one in named.items() if _is_value(name))] = loose


def _read_option(
    word: str,
    named: dict[str, OptionRow],
    values: dict[str, Any],
    left: Iterator[tuple[int, str]],
) -> None:
    name, equals, text = word.partition("=") if word.startswith("--") else (word, "", "")
    option = named[name]
    if option.action not in {"store", "append"}:
        given = {"store_true": True, "store_const": option.keywords.get("const")}
        values[option.dest] = given[option.action if not equals else ""]
        return
    text = text if equals else next(left, (0, "--"))[1]
    if not equals and not _is_value(text):
        raise ValueError(text)
    if option.action == "append":
        values[option.dest].append(option.read(text))
    else:
        values[option.dest] = option.read(text)


def _is_value(word: str) -> bool:
    """Whether a word is no option: a path, a value, or ``-``, which is standard input."""
    return word == "-" or not word.startswith("-")
