"""The bytes of a request as JSON, no deeper than the rules can follow."""

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
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)


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
        tree = json.loads(_cut(body.decode(errors="replace")))
        return _loads(json.dumps(tree, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError) as error:
        raise BadReview(f"the body is no JSON: {error}") from None


def _cut(text: str) -> str:
    """``text`` with null for everything deeper than ``MAX_DEPTH``."""
    kept, depth, start = [], 0, 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in "[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                kept += [text[start : token.start()], "null"]
        elif mark in "]}":
            depth -= 1
            if depth == MAX_DEPTH:
                start = token.end()
    # What never ends is cut off, and no JSON.
    return "".join(kept) + ("" if depth > MAX_DEPTH else text[start:])


def _prune(tree: Any) -> None:
    """Put null for what is deeper, level by level: no recursion, and each value is seen once."""
    level = [tree]
    for _ in range(MAX_DEPTH - 1):
        level = [
            value
            for node in level
            for value in (node.values() if isinstance(node, dict) else node)
            if isinstance(value, dict | list)
        ]
        if not level:
            return
    for node in level:
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(value, dict | list):
                node[key] = None
