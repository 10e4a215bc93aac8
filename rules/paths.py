"""Paths into an object, and what is done with them.

A path is a tuple of mapping keys and list indexes, from the object's root.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rules.type_names import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

EACH = "*"
"""In a pattern: every item of a list, or every value of a mapping."""

_LONGEST = 320
"""Characters of a key that are shown: Kubernetes' longest, a domain, a slash and a name, has 317.
The key of a megabyte that many findings stand below would be written out for each of them."""


def dig(value: Any, path: Path, default: Any = None) -> Any:
    """What stands at ``path`` below ``value``; ``default`` where nothing does."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return default
    return value


def has(value: Any, path: Path) -> bool:
    """Whether the key of ``path`` is there at all, be its value null."""
    parent = dig(value, path[:-1])
    if not path:
        return True
    if isinstance(parent, dict):
        return path[-1] in parent
    index = path[-1]
    return isinstance(parent, list) and isinstance(index, int) and 0 <= index < len(parent)


def expand(value: Any, pattern: Path, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every (path, value) that ``pattern`` selects below ``value``, in written order."""
    for depth, key in enumerate(pattern):
        if key == EACH:
            above, below = (*at, *pattern[:depth]), pattern[depth + 1 :]
            for each, item in items(value):
                if below:
                    yield from expand(item, below, (*above, each))
                else:
                    yield (*above, each), item
            return
        if not isinstance(value, dict) or key not in value:
            return
        value = value[key]
    yield (*at, *pattern), value


def items(value: Any) -> Iterable[tuple[str | int, Any]]:
    """The (key or index, value) pairs of a mapping or list; none of anything else."""
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def pointer(path: Path) -> str:
    """``path`` as a JSON Pointer (RFC 6901)."""
    return "".join([f"/{_escape(key) if isinstance(key, str) else key}" for key in path])


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def dotted(path: Path) -> str:
    """``path`` as messages write it: ``spec.containers[0].resources``."""
    out = ""
    for key in path:
        if isinstance(key, int):
            out += f"[{key}]"
            continue
        text = key if len(key) <= _LONGEST else shorten(key)
        if "." in text or "/" in text:
            out += f'["{text}"]'
        else:
            out += f".{text}" if out else text
    return out


@lru_cache(maxsize=1024)
def split_dotted(text: str) -> Path:
    """The keys of a path as messages write it; one in brackets can only be the last:
    ``metadata.labels["example.com/team"]``."""
    head, _, last = text.partition('["')
    return (*head.split("."), last.removesuffix('"]')) if last else tuple(head.split("."))


def shorten(text: str) -> str:
    """``text``, or its two ends where it is longer than any name in Kubernetes."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"


def named(value: Any, path: Path) -> str:
    """``path`` with list indexes replaced by the items' names: it survives reordering."""
    out = ""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            value = None
        text = key if isinstance(key, str) else _name_item(key, value)
        out += f"/{_escape(text if len(text) <= _LONGEST else shorten(text))}"
    return out


def _name_item(index: int, item: Any) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else str(index)
