"""What a container runs, read once: its texts, words, flags, environment and image.

Whoever asks what a container does asks here, and nobody else takes a command line apart.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from rules.commands.fragments import Fragment, cut_fragments, join_fragments, list_fragments
from rules.commands.scripts import BREAK, LONGEST, clean, cut, split_words
from rules.image import Image, parse_image
from rules.kinds.pods import Container
from rules.lazy_property import lazy_property
from rules.memory import remember
from rules.paths import Path
from rules.type_names import Any, TypeAlias, TypeVar

LONGEST_PLACE = 512
"""Characters of a path or URI that are read: a variable may stand in it a thousand times."""

_LONGEST_NAME = 256
_NAME_MARKS = str.maketrans("._-", "aaa")
_VARIABLE = r"\$(?:\{(\w+)\}|\((\w+)\)|(\w+))"
_QUOTES = "\"',"
_JOINTS = ("-", ".")
"""What joins the parts of a folded name."""

_Found = TypeVar("_Found")


class CommandFlag:
    """A name that a command line gives a value to: ``--k=v``, ``--k v``, ``k=v`` or ``k: v``.

    ``name`` is as written, without dashes; ``value`` is empty for a flag that stands alone. What
    stands after a flag counts as its value unless it is a flag too: nobody knows which flags take
    none. ``path`` is where the value is written, ``folder`` where a ``cd`` before it went.
    """

    __slots__ = ("folder", "name", "path", "value")

    def __init__(self, name: str, value: str, path: Path, folder: str) -> None:
        self.name = name
        self.value = value
        self.path = path
        self.folder = folder


class CommandLine:
    """What one container runs. Each part is read when it is first asked for.

    ``mounted`` are the texts of files that are mounted in the container (a ConfigMap's scripts), by
    their paths in it: those that the command names are read as if they stood in it.
    """

    def __init__(self, container: Container, mounted: Mapping[str, str] | None = None) -> None:
        self.container = container
        self._mounted = mounted or {}
        self._readings: dict[Callable[..., Any], Any] = {}

    def once(self, read: Callable[["CommandLine"], _Found]) -> _Found:
        """What ``read(command)`` finds, computed when the first rule asks for it: for what several
        rules ask of a container. ``read`` stands in a module, and nobody changes what it returns.
        """
        known = self._readings
        if read not in known:
            known[read] = read(self)
        found: _Found = known[read]
        return found

    @lazy_property
    def texts(self) -> tuple[Fragment, ...]:
        """The command, the arguments, the script and the mounted scripts that they name, in that
        order; of more than ``LONGEST`` characters only the two ends."""
        texts = list_fragments(self.container)
        if self._mounted:
            texts += [script for text in texts for script in self._follow(text)]
        return tuple(cut_fragments(texts))

    def _follow(self, text: Fragment) -> Iterator[Fragment]:
        """The mounted scripts that a text names."""
        for word in text.text.split():
            script = self._mounted.get(word.strip(_QUOTES))
            if script is not None:
                yield Fragment(script, text.path)

    @lazy_property
    def script(self) -> str:
        """All texts as one, cleaned of comments and of what is only printed; ``BETWEEN`` stands
        between any two. A text of several lines begins a line of its own."""
        return clean(join_fragments(self.texts))

    @lazy_property
    def words(self) -> tuple[Fragment, ...]:
        """The words of all texts, without quotes."""
        found: list[Fragment] = []
        for words, text in zip(split_words(self.script), self.texts, strict=False):
            if words == (text.text,):  # most arguments are one word, as it stands
                found.append(text)
            else:
                found += [Fragment(word, text.path) for word in words]
        return tuple(found)

    @lazy_property
    def flags(self) -> tuple[CommandFlag, ...]:
        """What names a value or stands alone as a flag, in written order."""
        return tuple(_read_flags(self.words))

    @lazy_property
    def _by_name(self) -> dict[str, CommandFlag]:
        return {_fold(flag.name): flag for flag in self.flags}

    @lazy_property
    def _folded(self) -> str:
        return _fold(self.script)

    def flag(self, *names: str) -> CommandFlag | None:
        """The flag of the first of ``names`` that is given; a name with dashes (``nproc-per-node``)
        is the one with underscores too. Of one given twice the last, as argparse has it."""
        # A name is looked for as a text first: few command lines have it, and to take one apart
        # costs many times more.
        text = self._folded
        for name in names:
            if name in text and _stands_alone(name, text) and name in self._by_name:
                return self._by_name[name]
        return None

    def value(self, *names: str) -> str | None:
        """The value of that flag: empty where it stands alone, None where it is not given."""
        flag = self.flag(*names)
        return None if flag is None else flag.value

    @lazy_property
    def environment(self) -> dict[str, Fragment]:
        """The literal environment by name; of a name that stands twice the last, as the kubelet
        has it. What comes from elsewhere (``valueFrom``) is not among it."""
        if not self._entries:
            return {}
        path = self.container.place("env")
        return {
            str(entry.get("name")): Fragment(str(value)[:LONGEST], (*path, index, "value"))
            for index, entry in self._entries
            if (value := entry.get("value")) is not None
        }

    @lazy_property
    def variables(self) -> tuple[str, ...]:
        """The names of the environment, wherever their values come from."""
        names = [entry.get("name") for _, entry in self._entries]
        return tuple([name for name in names if isinstance(name, str)])

    @lazy_property
    def _entries(self) -> list[tuple[int, dict[str, Any]]]:
        entries = self.container.body.get("env")
        if not isinstance(entries, list):
            return []
        return [(index, one) for index, one in enumerate(entries) if isinstance(one, dict)]

    def setting(self, *names: str) -> str | None:
        """What the first of ``names`` that is given says: a flag's (``--port``) or a variable's
        (``PORT``); None where none is."""
        for name in names:
            known = self.environment.get(name)
            value = self.value(name[2:]) if name.startswith("--") else known and known.text
            if value is not None:
                return self.expand(value)
        return None

    def expand(self, text: str) -> str:
        """``text`` with the values of the environment's names; what is not known stays."""
        text = text[:LONGEST_PLACE]
        return re.sub(_VARIABLE, self._resolve, text)[:LONGEST_PLACE] if "$" in text else text

    def _resolve(self, variable: re.Match[str]) -> str:
        name = variable[1] or variable[2] or variable[3]
        known = self.environment.get(name)
        return variable[0] if known is None else known.text[:LONGEST_PLACE]

    @lazy_property
    def image(self) -> Image:
        """The image, taken apart; all empty where none is written."""
        image = self.container.get("image")
        return parse_image(image if isinstance(image, str) else "")


ReadContainer: TypeAlias = Callable[[Container], CommandLine]
"""The reading of what a container runs: a new one, or the one that is at hand."""


class CommandReadings:
    """What containers run, each read once; ``find_mounted`` gives the files mounted in one."""

    def __init__(self, find_mounted: Callable[[Container], Mapping[str, str] | None]) -> None:
        self._find_mounted = find_mounted
        self._known: dict[int, CommandLine] = {}
        """By the container's identity, which is its own as long as its command holds it."""

    def __call__(self, container: Container) -> CommandLine:
        known = self._known.get(id(container))
        if known is None:
            known = self._known[id(container)] = CommandLine(
                container, self._find_mounted(container)
            )
        return known


def _read_flags(words: Iterable[Fragment]) -> Iterator[CommandFlag]:
    folder, before = "", ""
    waiting: CommandFlag | None = None
    for word, path in words:
        if before == "cd":
            folder = word[:LONGEST_PLACE]
        before = word
        name, value, is_flag = _take_apart(word)
        if waiting is not None:
            alone = is_flag or word == BREAK
            yield waiting if alone else CommandFlag(waiting.name, word.strip(_QUOTES), path, folder)
        waiting = None
        if value:
            yield CommandFlag(name, value.strip(_QUOTES), path, folder)
        elif name:
            waiting = CommandFlag(name, "", path, folder)
    if waiting is not None:
        yield waiting


@remember(1024, 256)
def _take_apart(word: str) -> tuple[str, str, bool]:
    """The name and the value that a word gives to it, both empty where it has none, and whether it
    is a flag."""
    # Without regular expressions: nearly every run would have to compile them.
    bare = word.lstrip("-")
    is_flag = bare != word
    if is_flag:
        name, _, value = bare.partition("=")
        given = len(word) - len(bare) <= 4
    else:
        bare = word.removeprefix("+").removeprefix("+")
        name, mark, value = bare.partition("=")
        if ":" in name:
            name, mark, value = bare.partition(":")
            value = value[1:] if value[:1].isspace() else value
        given = bool(mark)
    return (name, value, is_flag) if given and _is_name(name) else ("", "", False)


def _is_name(text: str) -> bool:
    """Whether it begins with a letter of ASCII and goes on with letters, digits, ``.``, ``_`` and
    ``-``."""
    begins = text[:1].isascii() and text[:1].isalpha()
    return begins and len(text) <= _LONGEST_NAME and text.translate(_NAME_MARKS).isalnum()


def _stands_alone(name: str, text: str) -> bool:
    """Whether a folded text has a name somewhere that is no part of a longer one; dashes may stand
    before it."""
    at = text.find(name)
    while at >= 0:
        after = text[at + len(name) : at + len(name) + 1]
        before = text[at - 1 : at] if at else ""
        if not (after.isalnum() or before.isalnum() or after in _JOINTS or before == "."):
            return True
        at = text.find(name, at + 1)
    return False


def _fold(name: str) -> str:
    """A flag's name in the one spelling that it is looked up by."""
    return name.replace("_", "-").lower()


__all__ = [
    "BREAK",
    "LONGEST_PLACE",
    "CommandFlag",
    "CommandLine",
    "CommandReadings",
    "Fragment",
    "ReadContainer",
    "cut",
]
