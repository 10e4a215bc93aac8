"""What a person did where a text is no YAML: the parser's complaint as a place and a reason.

Where a parser stops is seldom where the mistake is: a bracket that nobody closed is noticed at the
end of the text. Nothing here depends on which parser complained (rules/events.py).
"""

import re
from collections.abc import Callable

from yaml.error import MarkedYAMLError

from rules.composed import UnreadableError
from rules.events import FORBIDDEN, tell_escape
from rules.lazy_pattern import LazyPattern
from rules.parser_stop import CLOSERS, ParserStop, find_closer, read_stop
from rules.record import NamedTuple

_SPACES = {
    "\u00a0": "non-breaking space",
    "\u202f": "narrow non-breaking space",
    "\u200b": "zero-width space",
    "\u3000": "ideographic space",
    "\ufeff": "byte order mark",
}
_ODD = "\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff"
_ODD_SPACE = LazyPattern(f"^[ \t]*([{_ODD}])|[:\\-][ ]?([{_ODD}])", re.MULTILINE)
_SCANNING = LazyPattern("scanning a(?:n alias|n anchor| block scalar| tag)|tag handle")
_CONFLICT = LazyPattern(r"^(?:<{7} |={7}$|>{7} )", re.MULTILINE)
_JSON_COMMENT = LazyPattern(r"^[ \t]*(//|/\*)|[,{\[][ \t]*(//|/\*)", re.MULTILINE)
_TIGHT_KEY = LazyPattern(r"[ ]*(?:-[ ]+)*[\w./-]+(:)[^\s/:]")
_TIGHT_ITEM = LazyPattern(r"[ ]*(-)[^\s-]")
_KEY_AND_VALUE = LazyPattern(r"[ ]*(?:-[ ]+)*(?!-[ ])[^\s#\"'][^#\"']*?:[ ]+\S")
_QUOTES = ("'", '"')
_BLANK = " \t\r\n"
_DEEPER = "this line is indented deeper than line {line}, which has its value already"


class Mistake(NamedTuple):
    """The index of a mistake in the text, what it is, and the index of what else it speaks of:
    ``{line}`` in the reason stands for its line, which only the text around can number."""

    at: int
    reason: str
    other: int | None = None


def diagnose(error: Exception, text: str) -> UnreadableError:
    """What is wrong with ``text``, which ``error`` kept from being read: the parser's error, or
    one of ours that may be told better. In one line, with the index into ``text``."""
    if isinstance(error, UnreadableError):
        return _tell_braces(error, text)
    if not isinstance(error, MarkedYAMLError):
        return _tell_character(error, text)
    stop = read_stop(error, text)
    for detect in _DETECTORS:
        mistake = detect(stop)
        if mistake is not None:
            return UnreadableError(*mistake)
    return UnreadableError(stop.at, stop.words)


def _tell_character(error: Exception, text: str) -> UnreadableError:
    found = FORBIDDEN.search(text)
    if found is None:
        return UnreadableError(0, " ".join(str(error).split()))
    code = f"U+{ord(found[0]):04X}"
    return UnreadableError(found.start(), f"control characters are not allowed: {code}")


def _tell_braces(error: UnreadableError, text: str) -> UnreadableError:
    """A placeholder in braces reads as a mapping whose key is a mapping."""
    if text.startswith("{{", error.index - 1) and "mapping key" in error.reason:
        return UnreadableError(error.index - 1, _must_be_quoted("{{"))
    return error


def _must_be_quoted(start: str) -> str:
    return f"a value that begins with {start} must be quoted"


def _detect_tab(stop: ParserStop) -> Mistake | None:
    if stop.char != "\t":
        return None
    if stop.lead.strip(_BLANK):
        return Mistake(stop.at, "a tab stands here: YAML allows spaces only")
    return Mistake(stop.at, "a tab indents this line: YAML allows spaces only")


def _detect_odd_space(stop: ParserStop) -> Mistake | None:
    """A space that is none, in the line or in the one above: YAML takes it for a letter."""
    above = stop.written_before()
    start = stop.start if above is None else above
    found = _ODD_SPACE.search(stop.text, start, stop.start + len(stop.line))
    if found is None:
        return None
    char = found[1] or found[2]
    name = _SPACES.get(char, "space of another kind")
    reason = f"a {name} (U+{ord(char):04X}) stands here: YAML allows plain spaces only"
    return Mistake(found.end() - 1, reason)


def _detect_conflict(stop: ParserStop) -> Mistake | None:
    found = _CONFLICT.search(stop.text)
    if found is None or not found[0].startswith("<"):
        return None
    return Mistake(found.start(), "a merge conflict is left here")


def _detect_open_quote(stop: ParserStop) -> Mistake | None:
    if stop.begun is None or "end of stream" not in stop.words:
        return None
    quote = stop.text[stop.begun]
    if quote not in _QUOTES:
        return None
    return Mistake(stop.begun, f"the {quote} opened here is never closed")


def _detect_escape(stop: ParserStop) -> Mistake | None:
    if "unknown escape" not in stop.words:
        return None
    at = stop.at if stop.char == "\\" else stop.at - 1
    char = stop.text[at + 1 : at + 2]
    return Mistake(at, tell_escape(char)) if char else None


def _detect_comment(stop: ParserStop) -> Mistake | None:
    """JSON has no comments, and those of YAML begin otherwise."""
    if stop.bracket is None or not stop.text.lstrip(_BLANK).startswith(("{", "[")):
        return None
    found = _JSON_COMMENT.search(stop.text, 0, stop.at)
    if found is None:
        return None
    return Mistake(found.start(found.lastindex or 0), "JSON has no comments")


def _detect_bracket(stop: ParserStop) -> Mistake | None:
    """Something between brackets: one that nobody closed, or closed with the wrong one, or two
    values without a comma."""
    if stop.bracket is None or stop.at <= stop.bracket:
        return None
    opener = stop.text[stop.bracket]
    end = find_closer(stop.text, stop.bracket)
    if end is None:
        return Mistake(stop.bracket, f"the {opener} opened here is never closed")
    if end[1]:
        return Mistake(end[0], f"found {stop.text[end[0]]} where {end[1]} is expected")
    if stop.char in ",]}":
        return Mistake(stop.at, f"a value is missing before this {stop.char}")
    closer = CLOSERS[opener]
    expected = f"expected , or {closer} before this (the {opener} stands on line {{line}})"
    return Mistake(_start_of_word(stop), expected, stop.bracket)


def _start_of_word(stop: ParserStop) -> int:
    """The start of the key whose colon the parser stopped at."""
    if stop.char != ":":
        return stop.at
    start, end = stop.before
    if end != stop.at:
        return stop.at
    return max(start, stop.start + len(stop.lead) - len(stop.lead.lstrip()))


def _detect_indicator(stop: ParserStop) -> Mistake | None:
    """A character with a meaning of its own begins a value."""
    if "cannot start any token" in stop.words:
        return Mistake(stop.at, _must_be_quoted(stop.char)) if stop.char.strip() else None
    if stop.begun is None or not _SCANNING.search(stop.words):
        return None
    return Mistake(stop.begun, _must_be_quoted(stop.text[stop.begun]))


def _detect_long_quote(stop: ParserStop) -> Mistake | None:
    """A quote that nobody closed ends where the next one begins, on another line."""
    start, end = stop.before
    quote, line = stop.text[start : start + 1], stop.number(end)
    if quote not in _QUOTES or line == stop.number(start) or stop.number(stop.at) != line:
        return None
    return Mistake(
        start, f"the {quote} opened here ends on line {{line}}, and text follows it", end
    )


def _detect_extra(stop: ParserStop) -> Mistake | None:
    if not _ends_early(stop) or stop.char not in ("]", "}"):
        return None
    return Mistake(stop.at, f"nothing is open that this {stop.char} closes")


def _detect_text_after(stop: ParserStop) -> Mistake | None:
    """Text goes on after a value that has ended: after a quote or a closing bracket."""
    start, end = stop.before
    if not _ends_early(stop) or stop.text[end : stop.at].strip(" :"):
        return None
    opener = stop.text[start : start + 1]
    if opener in CLOSERS:
        return Mistake(
            start, _must_be_quoted("{{" if stop.text.startswith("{{", start) else opener)
        )
    if opener not in _QUOTES:
        return None
    return Mistake(stop.at, f"text follows the closing {opener}: quote all of the value")


def _ends_early(stop: ParserStop) -> bool:
    return any(
        words in stop.words
        for words in ("expected key", "expected <block end>", "document start", "'-' indicator")
    )


def _detect_colon(stop: ParserStop) -> Mistake | None:
    """A colon where no key can be: a value that holds one, or a line that belongs elsewhere."""
    if "mapping values are not allowed" not in stop.words:
        return None
    if _KEY_AND_VALUE.match(stop.line, 0, stop.at - stop.start + 1):
        return Mistake(stop.at, "a value that holds a colon and a space must be quoted")
    above = stop.written_before()
    if above is None:
        return None
    return _detect_tight(stop, above) or _tell_deeper(stop, above)


def _tell_deeper(stop: ParserStop, above: int) -> Mistake:
    line = stop.line_at(above)
    if _KEY_AND_VALUE.match(line):
        key = stop.start + len(stop.line) - len(stop.line.lstrip(" "))
        return Mistake(key, _DEEPER, above)
    return Mistake(
        above + len(line) - len(line.lstrip(" ")), "this line is no key: its colon is missing"
    )


def _detect_tight(stop: ParserStop, start: int) -> Mistake | None:
    """``key:value`` and ``-item`` are text, for want of a space."""
    line = stop.line_at(start)
    for pattern, name in ((_TIGHT_KEY, "colon"), (_TIGHT_ITEM, "dash")):
        found = pattern.match(line)
        if found is not None:
            return Mistake(start + found.start(1), f"a space is missing after this {name}")
    return None


def _detect_no_key(stop: ParserStop) -> Mistake | None:
    """A line without a colon among keys."""
    if "could not find expected ':'" not in stop.words or stop.begun is None:
        return None
    tight = _detect_tight(stop, stop.line_start(stop.begun))
    reason = "this line is no key: its colon is missing, or it belongs deeper, to the text above"
    return tight or Mistake(stop.begun, reason)


def _detect_inline_item(stop: ParserStop) -> Mistake | None:
    if "sequence entries are not allowed" not in stop.words:
        return None
    if stop.lead.strip():
        return Mistake(stop.at, "a list item cannot stand on the line of its key")
    above = stop.written_before()
    return None if above is None else _tell_deeper(stop, above)


def _detect_indentation(stop: ParserStop) -> Mistake | None:
    if not _ends_early(stop) or stop.lead.strip(" ") or not stop.opened:
        return None
    here = stop.column(stop.at)
    block = stop.opened[-1][0]
    if here == stop.column(block):
        inside = "keys of the mapping" if "mapping" in stop.words else "items of the list"
        found = "a list item" if stop.char == "-" else "a key"
        return Mistake(stop.at, f"{found} stands among the {inside} of line {{line}}", block)
    allowed = sorted({*stop.ended, *(stop.column(start) for start, _ in stop.opened)})
    spaces = "1 space" if here == 1 else f"{here} spaces"
    expected = " or ".join(map(str, allowed))
    return Mistake(stop.at, f"this line is indented by {spaces}; expected {expected}")


_DETECTORS: tuple[Callable[[ParserStop], Mistake | None], ...] = (
    _detect_tab,
    _detect_odd_space,
    _detect_conflict,
    _detect_open_quote,
    _detect_escape,
    _detect_comment,
    _detect_long_quote,
    _detect_bracket,
    _detect_indicator,
    _detect_extra,
    _detect_text_after,
    _detect_colon,
    _detect_no_key,
    _detect_inline_item,
    _detect_indentation,
)
"""In the order in which they are sure."""
