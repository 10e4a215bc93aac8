"""What is put off until it is needed, done before a review needs it."""

import sys

from rules.lazy_pattern import LazyPattern


def warm_up() -> None:
    """Compile the regular expressions of all rules that are imported: somebody would wait for
    each."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith("rules."):
            for value in tuple(vars(module).values()):
                if isinstance(value, LazyPattern):
                    value.compile()
