"""As much of CEL as our matching conditions are written in, read as Python.

Stricter than the API server: ``||`` and ``&&`` stop at the first operand that decides, and a field
that is not there is an error wherever else it stands.
"""

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"'[^']*'|has\(([\w.]+)\.(\w+)\)|&&|\|\||!=|!|\bnull\b")
_MACRO = re.compile(r"([\w.]+)\.(exists|all)\((\w+), ")
_PYTHON = {"&&": " and ", "||": " or ", "!": " not ", "null": "None"}


class Missing(Exception):
    """A field that is not there was read without ``has``."""


class Fields(dict[str, Any]):
    """An object whose fields are read by name."""

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise Missing(name)
        return read(self[name])

    def size(self) -> int:
        return len(self)


class Text(str):
    """A string with CEL's ``matches``: RE2, anywhere in the string."""

    __slots__ = ()

    def matches(self, pattern: str) -> bool:
        return re.search(pattern, self) is not None


def read(value: Any) -> Any:
    """JSON as the expressions see it."""
    if isinstance(value, Mapping):
        return Fields(value)
    return Text(value) if isinstance(value, str) else value


def holds(expression: str, **variables: Any) -> bool:
    """What an expression comes to. Raises Missing, and whatever else Python makes of it."""
    names = {name: read(value) for name, value in variables.items()}
    names["_has"] = lambda parent, field: field in parent
    names |= {"_exists": any, "_all": all, "_items": lambda value: map(read, value)}
    source = _TOKEN.sub(_translate, _expand(expression))
    answer = eval(source.strip(), {"__builtins__": {}, **names})  # noqa: S307 - our own conditions
    assert isinstance(answer, bool), expression
    return answer


def _expand(expression: str) -> str:
    """Python's comprehensions for the macros ``exists`` and ``all``; of a mapping they see keys."""
    found = _MACRO.search(expression)
    if found is None:
        return expression
    end, depth = found.end(), 1
    while depth:
        depth += {"(": 1, ")": -1}.get(expression[end], 0)
        end += 1
    inner = _expand(expression[found.end() : end - 1])
    loop = f"_{found[2]}(({inner}) for {found[3]} in _items({found[1]}))"
    return f"{expression[: found.start()]}{loop}{_expand(expression[end:])}"


def _translate(token: re.Match[str]) -> str:
    if token[1]:
        return f"_has({token[1]}, '{token[2]}')"
    return _PYTHON.get(token[0], token[0])
