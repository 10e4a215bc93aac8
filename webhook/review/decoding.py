"""The bytes of a request as a tree, no deeper than the rules can follow."""

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

DEEPEST = 200
"""Levels of a body. Kubernetes' own types stay below 30; the rules recurse over what they read."""


def decode(body: bytes) -> Any:
    """The JSON value in ``body``; of a key that stands twice the last counts, as for the API
    server. Raises ``BadReview`` for what is no JSON, or deeper than ``DEEPEST``."""
    try:
        tree = _loads(body)
    except (ValueError, RecursionError) as error:
        raise BadReview(f"the body is no JSON: {error}") from None
    if body.count(b"{") + body.count(b"[") > DEEPEST and _is_deep(tree):
        raise BadReview(f"the body is nested deeper than {DEEPEST} levels")
    return tree


def _is_deep(tree: Any) -> bool:
    """Level by level: no recursion, and each value is seen once."""
    level = [tree]
    for _ in range(DEEPEST):
        level = [
            value
            for node in level
            for value in (node.values() if isinstance(node, dict) else node)
            if isinstance(value, dict | list)
        ]
        if not level:
            return False
    return True
