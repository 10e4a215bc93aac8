"""The rule engine: what is wrong with a machine-learning workload on Kubernetes, and its mend."""

import sys
from types import ModuleType

VERSION = "0.1.0"

DISTRIBUTION = "mlgate"
"""Tells this package from others of its name."""


def import_module(name: str) -> ModuleType:
    """``importlib.import_module``, without the import of that library: it takes as long as that of
    seven rules."""
    __import__(name)
    return sys.modules[name]
