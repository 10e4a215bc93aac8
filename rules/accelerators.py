"""Extended resources that are accelerators, their companions, and names that only look like one."""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from rules.manifest import is_template
from rules.quantity import parse_quantity

NEAR_MISSES = {
    "gpu": "nvidia.com/gpu",
    "gpus": "nvidia.com/gpu",
    "nvidia": "nvidia.com/gpu",
    "nvidia/gpu": "nvidia.com/gpu",
    "nvidia.com/gpus": "nvidia.com/gpu",
    "nvidia.com/GPU": "nvidia.com/gpu",
    "nvidia.com.gpu": "nvidia.com/gpu",
    "alpha.kubernetes.io/nvidia-gpu": "nvidia.com/gpu",
    "amd/gpu": "amd.com/gpu",
    "tpu": "google.com/tpu",
    "cloud-tpus.google.com/v2": "google.com/tpu",
}
"""Names that people write for an accelerator, and the name that they mean."""

_LONGEST = 320
"""Characters of a name that is remembered; Kubernetes' longest has 317."""


class Accelerators:
    """Which resource names are accelerators: ``patterns`` less ``companions`` (globs)."""

    __slots__ = ("_companions", "_known", "_patterns")

    def __init__(self, patterns: tuple[str, ...], companions: tuple[str, ...]) -> None:
        self._patterns = patterns
        self._companions = companions
        self._known: dict[str, bool] = {}

    def match(self, name: str) -> bool:
        """Whether ``name`` is an accelerator's."""
        if "/" not in name:
            return False
        known = self._known.get(name)
        if known is None:
            known = name not in NEAR_MISSES and self._matches(name)
            if len(self._known) < 1000 and len(name) <= _LONGEST:
                self._known[name] = known
        return known

    def _matches(self, name: str) -> bool:
        if any(fnmatchcase(name, pattern) for pattern in self._companions):
            return False
        return any(fnmatchcase(name, pattern) for pattern in self._patterns)

    def asked(self, resources: Any, key: str) -> Iterator[tuple[str, Any]]:
        """The accelerators under ``limits`` or ``requests`` with their amounts, zeros left out."""
        return read_amounts(resources, key, self.match)


accelerators_of = lru_cache(maxsize=8)(Accelerators)
"""One matcher for each set of patterns: it remembers the names that it has judged."""


def needs_limit(name: str) -> bool:
    """Whether a resource cannot be requested without a limit: extended resources, whose names have
    somebody's domain, and hugepages. Kubernetes' own others can be overcommitted.

    Source: ``pkg/apis/core/v1/helper`` (IsOvercommitAllowed, IsExtendedResourceName).
    """
    if "/" not in name:
        return name.startswith("hugepages-")
    own = name.partition("/")[0].endswith("kubernetes.io")
    return not own and name not in NEAR_MISSES and not is_template(name)


def read_amounts(
    resources: Any, key: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, Any]]:
    """The wanted resources under ``limits`` or ``requests`` with their amounts, zeros left out."""
    amounts = resources.get(key) if isinstance(resources, Mapping) else None
    if not isinstance(amounts, Mapping):
        return
    for name, amount in amounts.items():
        if wanted(str(name)) and amount is not None and parse_quantity(amount) != 0:
            yield str(name), amount
