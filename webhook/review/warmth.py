"""What is put off until it is needed, done before a review needs it."""

import pkgutil
import sys
from importlib import import_module

import rules
from rules.lazy_pattern import LazyPattern


def warm_up() -> None:
    """Import all of rules/ and compile its regular expressions, so that no review has to wait for
    that."""
    for found in pkgutil.walk_packages(rules.__path__, "rules."):
        # Only rules/composition.py knows whether the compiled reader can be imported.
        if found.name != "rules.compiled":
            import_module(found.name)
    for name, module in tuple(sys.modules.items()):
        if name.startswith("rules."):
            for value in tuple(vars(module).values()):
                if isinstance(value, LazyPattern):
                    value.compile()
