"""The rules. A rule is one module below here, in the folder of its area.

``INDEX`` is what they declare (rules/index.py), sorted by code: a run over few objects imports the
rules that look at one of these, and no others. ``ALL`` and ``BY_CODE`` are the rules themselves;
whoever imports one of these names imports every rule.
"""

from rules.declaration import Declaration
from rules.index import ROWS
from rules.model import Rule
from rules.type_names import Any

INDEX: tuple[Declaration, ...] = tuple(Declaration(*row) for row in ROWS)

KNOWN_CODES: tuple[str, ...] = tuple(name for one in INDEX for name in (one.code, *one.forms))
"""What an ignore may name: rules and forms."""

ALL: tuple[Rule, ...]
BY_CODE: dict[str, Rule]

_BY_CODE = {one.code: one for one in INDEX}


def load_rule(code: str) -> Rule:
    """The rule of that code."""
    return _BY_CODE[code].load()


def __getattr__(name: str) -> Any:
    """``ALL`` and ``BY_CODE``, when the first asks for one of them."""
    if name not in {"ALL", "BY_CODE"}:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    rules = tuple(one.load() for one in INDEX)
    globals().update(ALL=rules, BY_CODE={rule.code: rule for rule in rules})
    return globals()[name]
