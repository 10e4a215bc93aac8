"""A metric with its labels, at hand from the second time on."""

from functools import lru_cache
from typing import Any

from prometheus_client.metrics import MetricWrapperBase


@lru_cache(maxsize=4096)
def labelled(family: MetricWrapperBase, *labels: str) -> Any:
    """The metric of a family with those labels. Its own look-up checks them and takes a lock."""
    return family.labels(*labels)
