"""What stands in the texts that a container runs: cut, cleaned and taken apart, here alone.

Two ways lead from a cleaned text to its words. ``split_words`` is for who asks for values: it knows
quotes and placeholders, and keeps arguments apart. ``split_terms`` is for who looks words up: it is
several times cheaper, and every container goes through it. No regular expression here backtracks
over the text, and none is compiled before it is needed.
"""

import re

from rules.memory import remember
from rules.words import clear, make_separators, split

LONGEST = 20_000
"""Characters of a container's texts that are read: their first and their last half."""

BETWEEN = "\v"
"""What stands between two arguments that are read as one text: white space that no script has."""

BREAK = ";"
"""The word that stands for the end of a simple command, whatever ends it."""

_BLANK = rf"[ \t{BETWEEN}]*"
_ECHOED = rf"echo(?<![\w-]echo)\b{_BLANK}(?:-[a-z]+{_BLANK})?(?:\"[^\"]*\"|'[^']*'|[^\n;&|]*)"
_PRINTED = rf"print(?:f\b|[ {BETWEEN}]?\()(?:\"[^\"\n]*\"|'[^'\n]*'|[^\n;&|)]*)"
_COMMENT = rf"\n[ \t]*#[^\n{BETWEEN}]*"
_INSTALLED = (
    r"\b(?:pip3?|apt|apt-get|apk|conda|yum|dnf)(?: +-{1,2}[a-z]+)* +(?:install|add)\b[^\n;&|]*"
)
_TERMS = make_separators("\t\r\n\"'`;|&()[]{}<>,=\\:")
_BREAKS = r"[;\n|&]+"
_BOTH = "2>&1"
"""Errors go where the output goes: the ``&`` in it ends no command."""
_MARKS = ";\n|&"
_QUOTES = "\"'"
_WORD = (
    r"\"[^\"\n]*\"|'[^'\n]*'|[;\n|&]+"
    r"|(?:[^\s\"';|&(){$]+|\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\(\w+\)|[{$])+"
)
"""A quoted word, a break, or a word without quotes: a placeholder is part of it, spaces and all."""


def cut(text: str) -> str:
    """The two ends of a text that is longer than what is read."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"


@remember(256, 4000)
def clean(text: str) -> str:
    """A text without comments and what it only prints; lines that are continued are joined."""
    if "\\\n" in text:
        text = text.replace("\\\n", " ")
    if "echo" in text:
        text = re.sub(_ECHOED, _say_nothing, text)
    if "print" in text:
        text = re.sub(_PRINTED, _say_nothing, text)
    return re.sub(_COMMENT, "", text) if "#" in text else text


def _say_nothing(printed: re.Match[str]) -> str:
    """An ``echo`` of nothing; what it would have printed may be arguments of their own."""
    return f" echo {BETWEEN * printed[0].count(BETWEEN)}"


@remember(256, 4000)
def fold(text: str) -> str:
    """A cleaned text for looking words up in it: in lower case, without placeholders and what it
    installs."""
    text = clear(text).lower().replace(BETWEEN, " ").replace(_BOTH, " ")
    if " install" in text or " add" in text:
        return re.sub(_INSTALLED, " pip ", text)
    return text


def split_terms(text: str) -> list[str]:
    """The words of a folded text to look up: ``=``, ``:``, commas and brackets part them too."""
    return split(text, _TERMS)


def split_commands(text: str, most: int = 0) -> list[str]:
    """The simple commands of a text, as POSIX calls what stands between ``;``, ``&&``, ``|`` and
    line ends; after the first ``most`` of them the rest as one."""
    return re.split(_BREAKS, text, maxsplit=most)


@remember(256, 4000)
def split_words(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of each argument of a cleaned text, without quotes. An argument without a space is
    one word, as it stands."""
    return tuple([_split_argument(argument) for argument in text.split(BETWEEN)])


def _split_argument(argument: str) -> tuple[str, ...]:
    if argument.split(None, 1) == [argument]:  # most are one word
        return (argument,)
    words = re.findall(_WORD, argument)
    return tuple([BREAK if word[0] in _MARKS else word.strip(_QUOTES) for word in words])
