"""The bytes of a request as JSON, no deeper than the rules can follow."""

import codecs
import json
import re
from collections.abc import Callable
from typing import Any

from webhook.review.request import BadReview

try:  # five times as fast; `mlgate review` works without
    import orjson
except ImportError:  # pragma: no cover - depends on how mlgate was installed
    _loads: Callable[[bytes], Any] = json.loads
else:
    _loads = orjson.loads

MAX_DEPTH = 200
"""Levels of nesting that are kept. Kubernetes' own types stay below 30, and rules recurse over what
they read; what is deeper is read as null."""

# Possessive, since a text of megabytes would keep a place to come back to for each escape.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
"""An escape in a string: a pair of surrogates, a half of one (group 1), or any other."""
_NESTED = (dict, list)
_PIECE = 64 * 1024
_HEAD = 64 * 1024
"""Bytes in which all that stands before the object has room, groups of the user and all."""
_OBJECT = b',"object":'

_SIZES = ((b"{", 192), (b"{}", -120), (b"[", 80), (b",", 36), (b":", 28), (b'"', 28))
"""Bytes of memory that the mark of a value, or of a part of one, stands for at the most (CPython
3.11 to 3.13): a mapping of up to five keys takes 184, an empty one 64."""
_WIDEST = 4
"""Bytes of a character in a string that holds one beyond the Basic Multilingual Plane (PEP 393)."""


def measure_tree(body: bytes) -> int:
    """The memory that the JSON value in ``body`` takes at the most, in bytes, by a count of its
    marks: ``{},{},...`` takes 24 times as much as its text."""
    narrow = body.isascii() and b"\\u" not in body
    text = len(body) if narrow else _WIDEST * len(body)
    return text + sum(size * body.count(mark) for mark, size in _SIZES)


def decode_head(body: bytes) -> Any:
    """The review in ``body`` with null for its object and all that follows, as the API server
    writes it (``admission.k8s.io/v1``, AdmissionRequest); None where no object is found."""
    end = body.find(_OBJECT, 0, _HEAD)
    try:
        return _loads(body[:end] + _OBJECT + b"null}}") if end >= 0 else None
    except ValueError:
        return None


def decode_body(body: bytes) -> Any:
    """The JSON value in ``body``; of a repeated key the last one counts, as for the API
    server. Raises ``BadReview`` for what is no JSON."""
    try:
        tree = _loads(body)
    except (ValueError, RecursionError):
        tree = _decode_leniently(body)
    # Counting brackets is cheap and never too low, so that only suspicious bodies are walked.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _prune(tree)
    return tree


def _decode_leniently(body: bytes) -> Any:
    """What the API server takes and strict parsers do not: 10,000 levels (sigs.k8s.io/json
    ``maxNestingDepth``), and bytes and halves of surrogate pairs that are no text, which it hands
    on as they are in fields that it keeps raw (``FieldsV1``, ``RawExtension``)."""
    try:
        return _loads(_cut(_ESCAPE.sub(_mend_escape, _mend_bytes(body))))
    except (ValueError, RecursionError) as error:
        raise BadReview(f"the body is no JSON: {error}") from None


def _mend_bytes(body: bytes) -> bytes:
    """``body`` with U+FFFD for bytes that are no text; piece by piece, since a text takes up to
    four times the memory of its bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pieces = (body[at : at + _PIECE] for at in range(0, len(body), _PIECE))
    return (
        b"".join([decoder.decode(piece).encode() for piece in pieces])
        + decoder.decode(b"", final=True).encode()
    )


def _mend_escape(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]


def _cut(text: bytes) -> bytes:
    """``text`` with null for everything deeper than ``MAX_DEPTH``."""
    kept, depth, start = [], 0, 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in b"[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                kept += [text[start : token.start()], b"null"]
        elif mark in b"]}":
            depth -= 1
            if depth == MAX_DEPTH:
                start = token.end()
    # What never ends is cut off, and no JSON.
    return b"".join(kept) + (b"" if depth > MAX_DEPTH else text[start:])


def _prune(tree: Any) -> None:
    """Put null for what is deeper, level by level: no recursion, and each value is seen once."""
    level = [tree]
    for _ in range(MAX_DEPTH - 1):
        level = [
            value
            for node in level
            for value in (node.values() if isinstance(node, dict) else node)
            if isinstance(value, _NESTED)
        ]
        if not level:
            return
    for node in level:
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(value, _NESTED):
                node[key] = None
