"""What hears that a pod is to end: SIGTERM goes to the first process of each container, alone, and
its hook comes before."""

from rules.commands import CommandLine
from rules.commands.scripts import clean
from rules.kinds.pods import Container
from rules.kinds.podspec import make_container
from rules.lazy_pattern import LazyPattern

_SHELLS = frozenset({"sh", "ash", "dash", "bash"})
_GIVEN = LazyPattern(r"-[a-z]{0,8}c[a-z]{0,8}\Z")
_HANDED_ON = LazyPattern(r"(?:\A|[\s;&|({])(?:exec\s+[^\s<>]|trap\s|tini\s|dumb-init\s)")
"""A process in the shell's place, a shell that hears for itself, or one that hands signals on."""
_PLACED = LazyPattern(r"[<>|&]|(?:\A|\s)(?:fi|done|esac|wait|\}|\))\s*\Z")
"""In a last statement: what makes bash keep a process of its own around it."""
_SLEEP = LazyPattern(r"\bsleep\s{1,8}(\d{1,5})\b")
_AFTER = LazyPattern(r"\s*(?:echo|exit|true|cp|mv|ls|touch|sleep|aws|gsutil|gcloud)\b")
"""A last statement that comes when the work is done: the work itself runs below the shell."""


def find_deaf_shell(command: CommandLine) -> str:
    """The shell that is the first process of a container and keeps SIGTERM to itself (``sh -c``);
    empty where there is none.

    bash puts the last simple command of a ``-c`` text in its own place since 5.1 (measured with
    5.2), dash never does (0.5.12).
    """
    if not command.container.get("command"):
        return ""
    first, *rest = [text for text, _ in command.texts] or [""]
    shell = first.rpartition("/")[2]
    at = next((at for at, word in enumerate(rest) if _GIVEN.match(word)), len(rest))
    script = clean("\n" + "".join(rest[at + 1 : at + 2])).strip()
    if shell not in _SHELLS or not script or _HANDED_ON.search(script):
        return ""
    return "" if shell == "bash" and _ends_plainly(script) else shell


def _ends_plainly(script: str) -> bool:
    """Whether the last statement is the work, as one simple command that bash would put in its
    place."""
    statement = script.replace("\n", ";").rstrip("; ").rpartition(";")[2].rpartition("&&")[2]
    return not _PLACED.search(statement) and not _AFTER.match(statement)


def read_wait(container: Container) -> int:
    """The seconds that the ``preStop`` hook of a container waits, as its ``sleep`` or its command
    says; 0 where neither does."""
    seconds = container.get("lifecycle", "preStop", "sleep", "seconds")
    if isinstance(seconds, int):
        return seconds
    hook = container.get("lifecycle", "preStop", "exec")
    if not isinstance(hook, dict):
        return 0
    path = container.place("lifecycle", "preStop", "exec")
    script = CommandLine(make_container(hook, path)).script
    return max(map(int, _SLEEP.findall(script)), default=0)
