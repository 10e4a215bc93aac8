"""Random objects, and YAML text for them in every style that people write."""

import json
from random import Random
from typing import Any

KEYS = (
    "spec", "template", "name", "restartPolicy", "backoffLimit", "containers", "limits", "requests",
    "nvidia.com/gpu", "a b", "yes", "1", "é", "x-y", "env", "activeDeadlineSeconds", "it's", "#no",
)  # fmt: skip
STRINGS = (
    "Never", "yes", "1", "16Gi", "", "a: b", "# no comment", "it's", 'say "x"', "two words",
    "-", "[x]", "{y}", "line\nline\n", "one\n\n  two\nthree", "é", "null", "0777", "*a", "a #b",
    " padded ", "x, y", "tab\there", "%", "text\n", "https://a.b/c?d=e#f",
)  # fmt: skip


def scalar(random: Random) -> Any:
    return random.choice([*STRINGS, 0, 1, -7, 86400, 1.5, True, False, None])


def tree(random: Random, depth: int = 4, shared: list[Any] | None = None) -> Any:
    """A mapping or list of random values; ``shared`` objects may stand in more than one place."""
    if depth == 0 or random.random() < 0.25:
        return scalar(random)
    if shared and random.random() < 0.15:
        return random.choice(shared)
    if random.random() < 0.35:
        made: Any = [tree(random, depth - 1, shared) for _ in range(random.randrange(4))]
    else:
        keys = random.sample(KEYS, random.randrange(5))
        made = {key: tree(random, depth - 1, shared) for key in keys}
    if shared is not None and made and random.random() < 0.3:
        shared.append(made)
    return made


def root(random: Random, *, sharing: bool = False) -> dict[str, Any]:
    shared: list[Any] | None = [] if sharing else None
    keys = random.sample(KEYS, random.randrange(1, 6))
    return {key: tree(random, 4, shared) for key in keys}


class Writer:
    """Text of one document; every choice of style is the random source's."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.tidy = random.random() < 0.3
        self.step = random.choice([2, 2, 2, 1, 3, 4])
        self.offset = random.choice([0, 0, 2, 1])
        self.comments = 0
        self.anchors: dict[int, str] = {}
        self.flat = False

    def document(self, value: dict[str, Any]) -> str:
        if self.chance(0.08):
            return json.dumps(value, indent=self.random.choice([None, 2, 4]), ensure_ascii=False)
        head = self.random.choice(
            ["", "", "", "---\n", "%YAML 1.1\n---\n", "# head\n", "--- # c\n"]
        )
        flow = self.chance(0.1) or not value
        lines = [self.flow(value)] if flow else self.mapping(value, 0)
        text = head + "\n".join(lines) + "\n"
        text += self.random.choice(
            ["", "", "", "# summarize_fixable\n", "...\n", "\n\n", "  # deep summarize_fixable\n"]
        )
        if self.chance(0.2):
            text = text.rstrip("\n")
        return text.replace("\n", "\r\n") if self.chance(0.15) else text

    def chance(self, odds: float) -> bool:
        return self.random.random() < odds

    def comment(self) -> str:
        self.comments += 1
        return f"# c{self.comments}" + self.random.choice(["", ": x", "\t'", " - y", ' "{'])

    def trailing(self) -> str:
        return (
            ""
            if self.tidy or self.chance(0.75)
            else self.random.choice([" ", "   ", " \t"]) + self.comment()
        )

    def between(self, column: int) -> list[str]:
        if self.tidy or self.chance(0.75):
            return []
        deep = column + self.random.choice([0, 0, 0, 2])
        return self.random.choice(
            [[""], [" " * deep + self.comment()], ["", " " * deep + self.comment()]]
        )

    def mapping(self, value: dict[str, Any], column: int) -> list[str]:
        lines: list[str] = []
        for key, item in value.items():
            if lines:
                lines += self.between(column)
            lines += self.pair(" " * column + self.key(key) + ":", item, column)
        return lines

    def pair(self, head: str, item: Any, column: int) -> list[str]:
        marks = self.marks(item)
        if marks.startswith("*"):
            return [f"{head} {marks}{self.trailing()}"]
        if isinstance(item, dict | list) and item and not self.chance(0.15):
            opened = head + (f" {marks}" if marks else "") + self.trailing()
            under = self.between(column + self.step)
            if isinstance(item, dict):
                return [opened, *under, *self.mapping(item, column + self.step)]
            return [opened, *under, *self.sequence(item, column + self.offset)]
        if isinstance(item, str) and self.chance(0.7) and self.literal(item):
            return [
                f"{head} {marks} " + self.header() + self.trailing(),
                *self.content(item, column),
            ]
        text = self.inline(item, allow_empty=True)
        if not text:
            return [head + (f" {marks}" if marks else "") + self.trailing()]
        return [f"{head} {marks + ' ' if marks else ''}{text}{self.trailing()}"]

    def sequence(self, value: list[Any], column: int) -> list[str]:
        lines: list[str] = []
        for item in value:
            if lines:
                lines += self.between(column)
            lines += self.item(item, column)
        return lines

    def item(self, item: Any, column: int) -> list[str]:
        dash = " " * column + "-" + " " * self.random.choice([1, 1, 1, 3])
        marks = self.marks(item)
        if not marks and isinstance(item, dict) and item and not self.chance(0.15):
            first, *rest = self.mapping(item, len(dash))
            return [dash + first[len(dash) :], *rest]
        if not marks and isinstance(item, list) and item and not self.chance(0.3):
            first, *rest = self.sequence(item, len(dash))
            return [dash + first[len(dash) :], *rest]
        text = (
            marks if marks.startswith("*") else (marks + " " if marks else "") + self.inline(item)
        )
        return [dash + text + self.trailing()]

    def marks(self, item: Any) -> str:
        if isinstance(item, dict | list) and item:
            if id(item) in self.anchors:
                return "*" + self.anchors[id(item)]
            if self.chance(0.1):
                self.anchors[id(item)] = f"a{len(self.anchors)}"
                return "&" + self.anchors[id(item)]
        if isinstance(item, str) and self.chance(0.03):
            return "!!str"
        return ""

    def key(self, key: str) -> str:
        plain = all(char.isalnum() or char in "./-" for char in key) and key not in ("yes", "1")
        if plain and self.chance(0.9):
            return key
        return self.quoted(key)

    def quoted(self, text: str) -> str:
        if self.chance(0.4) and text.isprintable():
            return "'" + text.replace("'", "''") + "'"
        return json.dumps(text, ensure_ascii=self.chance(0.5))

    def literal(self, text: str) -> bool:
        return text.endswith("\n") and text.strip() == text.rstrip("\n") and "\t" not in text

    def header(self) -> str:
        return self.random.choice(["|", "|", "|"])

    def content(self, text: str, column: int) -> list[str]:
        indent = " " * (column + self.step)
        return [indent + line if line else "" for line in text[:-1].split("\n")]

    def inline(self, item: Any, *, allow_empty: bool = False) -> str:
        if isinstance(item, dict | list):
            return self.flow(item)
        if item is None:
            return self.random.choice(["null", "~", ""] if allow_empty else ["null", "~"])
        if isinstance(item, str):
            safe = item.isalpha() and item.isascii() and item not in ("yes", "null")
            return item if safe and self.chance(0.8) else self.quoted(item)
        return json.dumps(item)

    def flow(self, item: Any) -> str:
        if not isinstance(item, dict | list):
            return self.inline(item)
        gap = self.random.choice([" ", " ", ""])
        if isinstance(item, dict):
            parts = [f"{self.key(key)}: {self.flow(inner)}" for key, inner in item.items()]
        else:
            parts = [self.flow(inner) for inner in item]
        comma = "," if parts and self.chance(0.1) else ""
        opening, closing = "{}" if isinstance(item, dict) else "[]"
        return opening + gap + ", ".join(parts) + comma + gap + closing
