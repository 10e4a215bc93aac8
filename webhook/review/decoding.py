"""The bytes of a request as JSON, no deeper than the rules can follow."""

import json
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
"""Levels of nesting. Kubernetes' own types stay below 30, and rules recurse over what they read."""


def decode_body(body: bytes) -> Any:
    """The JSON value in ``body``; of a repeated key the last one counts, as for the API
    server. Raises ``BadReview`` for what is no JSON, or deeper than ``MAX_DEPTH``."""
    try:
        tree = _loads(body)
    except (ValueError, RecursionError) as error:
        raise BadReview(f"the body is no JSON: {error}") from None
    # Counting brackets is cheap and never too low, so that only suspicious bodies are walked.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_deep(tree):
        raise BadReview(f"the body is nested deeper than {MAX_DEPTH} levels")
    return tree


def _is_deep(tree: Any) -> bool:
    """Level by level: no recursion, and each value is seen once."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [
            value
            for node in level
            for value in (node.values() if isinstance(node, dict) else node)
            if isinstance(value, dict | list)
        ]
        if not level:
            return False
    return True
