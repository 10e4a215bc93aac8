"""The YAML parser's events, with what go-yaml and JSON read otherwise than PyYAML.

The parser is libyaml's where PyYAML has it (go-yaml is a translation of libyaml), and PyYAML's own
otherwise: both give the same events. The only module that knows which one it is.
"""

import re
from collections.abc import Iterator

from yaml.events import ScalarEvent
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from rules.composed import UnreadableError
from rules.json_stream import json_objects
from rules.lazy_pattern import LazyPattern
from rules.type_names import Any

FORBIDDEN = LazyPattern("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONE_TAG = LazyPattern(r"(?:&[0-9A-Za-z_-]+\s+)?!(?:\s|\Z)")
_MAYBE_LONE_TAG = LazyPattern(r"!(?<![^\s\[{,]!)(?:\s|\Z)")
_ODD_ESCAPE = LazyPattern(r"\\(?:/|u[dD])")
_SLASH = LazyPattern(r"(?<!\\)(\\+)/")
_SURROGATE = LazyPattern("[\ud800-\udfff]")
_SURROGATES = LazyPattern(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\[^u]"
)
_SPACE = " \t\r\n"


class PureParser(Reader, Scanner, Parser):
    """PyYAML's own parser with the one method that libyaml's has too, ``get_event``."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


try:
    from yaml._yaml import CParser, get_version_string
except ImportError:
    Native: Any = PureParser
    PARSER = "PyYAML's own parser"
else:
    Native = CParser
    PARSER = f"libyaml {get_version_string()}, through PyYAML"


def parse(text: str) -> Iterator[Any]:
    """Yield the events of ``text``. Raises what PyYAML raises: rules/diagnosis.py explains it."""
    if ("!" in text and _MAYBE_LONE_TAG.search(text)) or (
        "\\" in text and _ODD_ESCAPE.search(text)
    ):
        return _as_go(text)
    return _events(text)


def tell_escape(char: str) -> str:
    """What is wrong with a backslash before ``char``."""
    return f"unknown escape \\{char}: in double quotes a backslash is written \\\\"


def _events(text: str) -> Iterator[Any]:
    return iter(Native(text).get_event, None)


def _as_go(text: str) -> Iterator[Any]:
    r"""The events of a text in which some may need mending.

    ``! 12`` is a string in go-yaml. ``"\/"`` and UTF-16 surrogates are JSON: there they are read
    as Go's JSON does, elsewhere refused.
    """
    ends = json_objects(text) if text.lstrip(_SPACE).startswith("{") else []
    is_json = bool(ends) and not text[ends[-1] :].strip(_SPACE)
    filler = _filler(text) if is_json else ""
    padded = _SURROGATES.sub(lambda match: _pad(match, filler), text) if is_json else text
    for event in _events(padded):
        if type(event) is ScalarEvent:
            _mend(event, text, filler)
        yield event


def _mend(event: Any, text: str, filler: str) -> None:
    start, end = event.start_mark.index, event.end_mark.index
    if filler:
        event.value = event.value.replace(filler, "")
    elif event.style == '"':
        _check_escapes(event.value, text, start, end)
    if event.implicit[0] and text.startswith(("!", "&"), start) and _LONE_TAG.match(text, start):
        event.implicit = (False, True)


def _check_escapes(value: str, text: str, start: int, end: int) -> None:
    for slash in _SLASH.finditer(text, start, end):
        if len(slash[1]) % 2:
            raise UnreadableError(slash.end() - 2, tell_escape("/"))
    if _SURROGATE.search(value):
        raise UnreadableError(start, "found invalid Unicode character escape code")


def _filler(text: str) -> str:
    """A character that ``text`` does not hold."""
    held = set(text)
    return next(found for code in range(0xF0000, 0xFFFFD) if (found := chr(code)) not in held)


def _pad(escape: re.Match[str], filler: str) -> str:
    """The character that a JSON escape of surrogates means, U+FFFD for half a pair, filled up to
    the length of the escape so that marks stay true."""
    high, low = escape.groups()
    if high:
        code = 0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)
        return chr(code).rjust(12, filler)
    return escape[0] if escape[0][1] != "u" else "\ufffd".rjust(6, filler)
