"""The texts that a container runs, each with its place."""

from collections.abc import Iterable, Iterator

from rules.commands.scripts import BETWEEN, LONGEST
from rules.kinds.pods import Container
from rules.paths import Path
from rules.record import NamedTuple

_WORDS = (str, int, float)


class Fragment(NamedTuple):
    """A text that a container runs, or a part of one, and where it is written."""

    text: str
    path: Path


def list_fragments(container: Container) -> list[Fragment]:
    """The words of a container's command and arguments, and its source."""
    found: list[Fragment] = []
    for key in ("command", "args", "source"):
        written = container.body.get(key)
        if isinstance(written, str):
            found.append(Fragment(written, container.place(key)))
        elif isinstance(written, list):
            path = container.place(key)
            found += [
                Fragment(str(word), (*path, index))
                for index, word in enumerate(written)
                if isinstance(word, _WORDS)
            ]
    return found


def cut_fragments(texts: list[Fragment]) -> list[Fragment]:
    """The two ends of the texts, together ``LONGEST`` characters. A list of aliases
    (``[*a, *a, ...]``) is long, and so may be one text."""
    if sum([len(text) for text, _ in texts]) <= LONGEST:
        return texts
    head = [Fragment(text[:room], path) for (text, path), room in _measure(texts)]
    tail = [Fragment(text[-room:], path) for (text, path), room in _measure(reversed(texts))]
    return [*head, *reversed(tail)]


def _measure(texts: Iterable[Fragment]) -> Iterator[tuple[Fragment, int]]:
    """The first of ``texts`` that fit into half of what is read, each with the room left for it."""
    room = LONGEST // 2
    for text in texts:
        if room <= 0:
            return
        yield text, room
        room -= len(text.text)


def join_fragments(fragments: Iterable[Fragment]) -> str:
    """All texts as one, ``BETWEEN`` between any two; one of several lines begins a line of its
    own."""
    return BETWEEN.join(
        [_begin_line(text) if "\n" in text or BETWEEN in text else text for text, _ in fragments]
    )


def _begin_line(text: str) -> str:
    text = text.replace(BETWEEN, " ")
    return f"\n{text}" if "\n" in text else text
