"""How large a request may be, and how many there may be at a time."""

from typing import NamedTuple

DEFAULT_MAX_BODY = 19 * 1024 * 1024
"""An update carries the object twice. The API server stores 1.5 MiB at most (etcd's
``--max-request-bytes``) and sends six bytes for each ``<`` (Go's ``encoding/json``)."""
DEFAULT_CONCURRENCY = 256
MAX_FULL_BODIES = 2
"""How many bodies of the largest size may be held at a time."""
MAX_TREE = 160 * 1024 * 1024
"""Bytes of memory that a body may take once it is read (``measure_tree``): a million and a half
empty mappings, more than the API server stores in two objects."""


class RequestLimits(NamedTuple):
    """``max_body``: bytes of one body; ``concurrency``: reviews in work or waiting."""

    max_body: int = DEFAULT_MAX_BODY
    concurrency: int = DEFAULT_CONCURRENCY
