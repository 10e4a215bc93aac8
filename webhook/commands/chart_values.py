"""What the chart can be told, as the table of its README: one row a value of values.yaml, with its
default and what stands above it there."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml

BEGIN, END = "<!-- values -->", "<!-- end of values -->"
_COMMENT = re.compile(r" *# ?(.*)")


class ChartValue(NamedTuple):
    """A value that the chart takes: its dotted name, its default as YAML on one line, and what is
    said of it. One without a word above it is a part of the one around it."""

    name: str
    default: str
    description: str


def write_table(readme: str, values: str) -> str:
    """``readme`` with the table of ``values`` between its marks."""
    head, _, rest = readme.partition(BEGIN)
    _, _, tail = rest.partition(END)
    rows = "".join(
        f"| `{one.name}` | `{one.default}` | {one.description} |\n" for one in list_values(values)
    )
    return f"{head}{BEGIN}\n| value | default | |\n| --- | --- | --- |\n{rows}{END}{tail}"


def list_values(text: str) -> Iterator[ChartValue]:
    """The values of a values.yaml, in its order."""
    root = yaml.compose(text, yaml.SafeLoader)
    yield from _list_below(root, "", text.splitlines())


def _list_below(node: yaml.Node | None, name: str, lines: list[str]) -> Iterator[ChartValue]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        path = f"{name}.{key.value}".removeprefix(".")
        description = _read_above(lines, key.start_mark.line)
        if description:
            yield ChartValue(path, _write_default(value), description)
        else:
            yield from _list_below(value, path, lines)


def _read_above(lines: list[str], number: int) -> str:
    """The comment that ends on the line before ``number``."""
    words: list[str] = []
    while number and (found := _COMMENT.fullmatch(lines[number - 1])):
        number -= 1
        words.insert(0, found[1])
    return " ".join(words)


def _write_default(node: yaml.Node) -> str:
    value = yaml.SafeLoader("").construct_object(node, deep=True)
    if value == "":
        return '""'
    if isinstance(value, dict | list):
        return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).strip()
    return value if isinstance(value, str) else json.dumps(value)
