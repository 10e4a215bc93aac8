"""YAML at the edges: texts damaged, made or drawn at random, and texts that are meant to hurt."""

import random
from collections.abc import Sequence

TOKENS = (
    *("&a ", "*a", "*a : ", "! ", "!", "!!str ", "!!int ", "!x ", "<<: ", "<<: *a\n", "<<", "="),
    *("- ", "? ", ": ", ":", ",", ", ", "|\n", ">-\n", "|2+\n", "{", "}", "[", "]", "{}", "[]"),
    *("'", '"', "''", '"\\u00e9"', '"\\ud83d"', '"\\/"', '"\\0"', "\\", "#", " # c\n", "%", "`"),
    *("\t", "\0", "\ufeff", "\u2028", "\x85", "\x01", "\ud800", "\r", "\r\n", "\n", "\n\n", "  "),
    *("\n---\n", "--- ", "\n...\n", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n"),
    *("%TAG !e! tag:e,1:\n---\n", "{{ x }}", "@", "a: 1\na: 2\n", "1: ", "'1': ", "on: ", "~: "),
    *("a" * 1025 + ": ", "a" * 129, "\u00e9", "\U0001d4b3"),
)
"""What means something in YAML, or nothing at all."""

WORDS = (
    *("a", "b", "name", "kind", "a b", "a#b", "a: b", "-", "- a", "x" * 200, "\u00e9", "<<", "+"),
    *("", "~", "null", "yes", "No", "true", "OFF", "y", "1", "-1", "08", "0x1F", "0o7", "0b-1"),
    *("1_0", "1.0", "1.5", "1e3", "1e400", ".inf", "-.INF", ".nan", ".", "18446744073709551616"),
    *("22:22", "2001-01-01", "'", '"', "''", "\\/", "\\ud83d\\ude00", "{{ x }}", "a\nb\n", "!"),
    *("\n a\n", "&", "*", "\U0001d4b3"),
)


def list_hostile(count: int, size: int) -> dict[str, str]:
    """Texts that hurt whoever is not prepared, by name: ``count`` of something, or ``size``
    characters in one place."""
    return {
        "brackets": "[" * count,
        "braces": "{" * count,
        "nested pairs": "{a: " * count,
        "closed brackets": "[" * count + "]" * count,
        "dashes": "- " * count,
        "question marks": "? " * count,
        "indents": "".join(f"{' ' * depth}a:\n" for depth in range(min(count, 1000))),
        "items": "- a\n" * count,
        "keys": "".join(f"k{index}: {index}\n" for index in range(count)),
        "the same key": "a: 1\n" * count,
        "aliases": "a: &a [1]\nb:\n" + "- *a\n" * count,
        "aliases of aliases": "".join(
            f"a{index}: &a{index} [{', '.join([f'*a{index - 1}'] * 9)}]\n"
            if index
            else "a0: &a0 x\n"
            for index in range(min(count, 40))
        ),
        "anchors": "".join(f"- &a{index} x\n" for index in range(count)),
        "tags": "- !!str x\n" * count,
        "documents": "a: 1\n---\n" * count,
        "one word": "a: " + "x" * size,
        "one line": "a: " + "word " * (size // 5),
        "many lines": "a: |\n" + "  line\n" * (size // 7),
        "folded lines": "a: >\n" + "  line\n\n" * (size // 8),
        "quoted": f"a: '{'x' * size}'",
        "quoted twice": f'a: "{"x" * size}"',
        "never closed": f'a: "{"x" * size}',
        "escapes": f'a: "{chr(92)}u00e9' * (size // 11),
        "a long key": "x" * size + ": 1",
        "comments": "# c\n" * (size // 4),
        "comments above a percent sign": "# c\r\n" * (size // 5) + "a: 50%\n---\nb: 1\n",
        "dashes below a value": f"a: 1\n  {'- ' * (size // 2)}x: y z: 1",
        "blank": " " * size,
        "line ends": "\r\n" * (size // 2),
        "digits": "a: " + "9" * size,
        "NULs": "a: " + "\0" * size,
        "not ASCII": "a: " + "\U0001d4b3\u00e9" * (size // 2),
        "surrogates": "a: " + "\ud800" * size,
        "byte order marks": "\ufeff" * size,
        "colons": ":" * size,
        "exclamation marks": "! " * (size // 2),
        "backslashes": '"' + "\\" * size,
    }


def make_text(number: int, seeds: Sequence[str]) -> str:
    """A text that follows from its number: one of ``seeds`` damaged, something like YAML, or
    characters at random."""
    chance = random.Random(number)  # noqa: S311
    kind = number % 8
    if kind < 5:
        return _damage(chance, chance.choice(seeds), seeds)
    if kind < 7:
        text = _block(chance, 0) if chance.random() < 0.6 else _flow(chance, 0) + "\n"
        return text if chance.random() < 0.7 else _damage(chance, text, seeds)
    return _draw(chance)


def _damage(chance: random.Random, text: str, seeds: Sequence[str]) -> str:
    start = chance.randrange(len(text) + 1)
    if len(text) > 3000 and chance.random() < 0.8:
        text = text[start : start + 3000]
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        text = _damage_once(chance, text, seeds)
    return text


def _damage_once(chance: random.Random, text: str, seeds: Sequence[str]) -> str:
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.choice((1, 1, 2, 4, 16, 200)))
    kind = chance.randrange(8)
    if kind < 3:
        return text[:start] + chance.choice(TOKENS) + text[start:]
    if kind == 3:
        return text[:start] + text[end:]
    if kind == 4:
        return text[:end] + text[start:]
    if kind == 5:
        other = chance.choice(seeds)
        cut = chance.randrange(len(other) + 1)
        return text[:start] + other[cut : cut + 200] + text[start:]
    return _damage_line(chance, text)


def _damage_line(chance: random.Random, text: str) -> str:
    """A line moved to the right or left, given again, or put elsewhere."""
    lines = text.splitlines(keepends=True) or [text]
    index = chance.randrange(len(lines))
    line = lines[index]
    kind = chance.randrange(4)
    if kind == 0:
        lines[index] = " " * chance.randrange(1, 4) + line
    elif kind == 1:
        lines[index] = line.removeprefix("  ").removeprefix(" ")
    elif kind == 2:
        lines.insert(index, line)
    else:
        lines.insert(chance.randrange(len(lines)), lines.pop(index))
    return "".join(lines)


def _draw(chance: random.Random) -> str:
    """Tokens and characters without any order, or bytes read as UTF-8 as far as they go."""
    if chance.random() < 0.7:
        pieces = (*TOKENS, *WORDS)
        return "".join(chance.choice(pieces) for _ in range(chance.randrange(1, 24)))
    return chance.randbytes(chance.randrange(64)).decode("utf-8", "replace")


def _block(chance: random.Random, depth: int) -> str:
    """A block of lines, its value among them, that ends with a line end."""
    indent = "  " * depth
    if depth > 5 or chance.random() < 0.1 * depth:
        return f"{indent}{_word(chance, depth)}\n"
    lead = [f"{indent}- " if chance.random() < 0.4 else f"{indent}{{}}: "] * chance.randrange(1, 5)
    return "".join(_entry(chance, one, depth) for one in lead)


def _entry(chance: random.Random, lead: str, depth: int) -> str:
    lead = lead.replace("{}", _key(chance))
    rest = _flow(chance, depth) if chance.random() < 0.7 else f"\n{_block(chance, depth + 1)}"
    return f"{lead}{_comment(chance)}{rest}\n"


def _comment(chance: random.Random) -> str:
    return chance.choice(("", "", "", "", "", " ", "# c\n", "&a ", "*a ", "!!str ", "! "))


def _key(chance: random.Random) -> str:
    return chance.choice(WORDS) if chance.random() < 0.3 else f"k{chance.randrange(12)}"


def _flow(chance: random.Random, depth: int) -> str:
    kind = chance.random()
    if depth > 5 or kind < 0.7:
        return _word(chance, depth)
    items = [_flow(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind < 0.85:
        return f"[{', '.join(items)}]"
    return f"{{{', '.join(f'{_key(chance)}: {item}' for item in items)}}}"


def _word(chance: random.Random, depth: int) -> str:
    """A word as it stands, quoted, or as a block of text."""
    word = chance.choice(WORDS)
    kind = chance.randrange(10)
    if kind < 6:
        return word
    if kind < 8:
        return chance.choice((f"'{word}'", f'"{word}"'))
    lead = chance.choice(("|", ">", "|-", ">+", "|2"))
    return f"{lead}\n{'  ' * (depth + 1)}{word}"
