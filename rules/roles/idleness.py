"""Whether a command does anything at all: demonstrations echo and sleep, shells to log in wait."""

import re
from collections.abc import Iterable

from rules.commands.scripts import split_commands
from rules.memory import remember
from rules.whole_numbers import parse_whole

_SHELL = frozenset(
    """
    sh bash ash zsh env -c -ec -xc -ce -cx -lc -e -x -ex -xe -- -u -eu -o -i while until if do then
    elif else ! exec time sudo nohup python python3 { }
    """.split()
)
_IDLE = frozenset(
    """
    echo printf print sleep time.sleep date hostname pause true false exit cat ls printenv pwd
    whoami id uname nvidia-smi rocm-smi hl-smi xpu-smi npu-smi neuron-ls tpu-info clinfo rocminfo
    vulkaninfo vainfo ping nslookup dig
    touch mkdir tail head wc seq expr test [ [[ : wait kill trap set export read return break
    continue shift df mount lscpu lspci free uptime cowsay whalesay figlet for done fi esac case
    import from pip pip3 apt-get apt apk yum dnf clear watch local let declare ulimit hello stress
    stress-ng nvidia-debugdump sysctl vectoradd devicequery argosay entrypoint-tester grep egrep awk
    cut sort uniq tr
    """.split()
) | {""}
_SETS_UP = frozenset(
    """
    cd git ln rm cp chmod chown source . sed tee useradd usermod passwd chpasswd service sshd
    ssh-keygen systemctl
    """.split()
)
"""What a place to log in to is furnished with before it waits."""
_PRELUDE = ("sleep", "echo", "pause", "tail", "-smi", "info", "hello", "date", "stress", "cowsay")
"""One of these stands in every text that does nothing: most others are known at a glance."""
_IDLE_OR_SETS_UP = _IDLE | _SETS_UP
_FIRST = 4
"""Commands that are looked at first: few scripts that do something begin by doing nothing."""
_ASSIGNMENT = r"[a-z_]\w*\+?="
_READS = ("os.", "int(", "str(", "socket.", "platform.", '"', "'")
_LOOKS = r"-smi|\b(?:date|uname|cowsay|vectoradd|devicequery|rocminfo|clinfo|python3? -c)"
_LONG_SLEEP = r"\bsleep[ \"',]+(?:inf|\d{4,}|\d+[dh]\b)|\btail +-f +/dev/null"
_LOOP = r"\bwhile +(?:true|:|1|\[ *1 *\])|\bfor *\(\( *;"
_QUOTES = "\"'`"


@remember(256, 4000)
def does_nothing(text: str) -> bool:
    """Whether a folded text only prints, waits and looks around. Installing adds nothing."""
    if not any(word in text for word in _PRELUDE):
        return False
    head = split_commands(text, _FIRST)
    if not _IDLE_OR_SETS_UP.issuperset(map(name_program, head[:_FIRST])):
        return False
    programs = {name_program(command) for command in split_commands(text)}
    if programs <= _IDLE:
        return any(programs)
    return programs <= _IDLE_OR_SETS_UP and stays(text)


def only_admits(text: str) -> bool:
    """Whether a folded text does nothing, starts ``sshd`` or sets a place up, and nothing else."""
    return _IDLE_OR_SETS_UP.issuperset(map(name_program, split_commands(text)))


def name_program(command: str) -> str:
    """The program that a simple command runs, or the function that a line of Python calls; empty
    where it runs none."""
    _, equals, value = command.partition(" = ")
    if equals and value.lstrip().startswith(_READS):
        return ""
    for word in command.split():
        bare = word.strip(_QUOTES).rpartition("/")[2].partition("(")[0]
        if bare and bare not in _SHELL and not re.match(_ASSIGNMENT, bare):
            return bare
    return ""


def stays(text: str) -> bool:
    """Whether a text that does nothing does it for hours: a place to log in to."""
    if re.search(_LOOKS, text):
        return False
    if re.search(_LONG_SLEEP, text):
        return True
    return "sleep" in text and re.search(_LOOP, text) is not None


def ends_within(texts: Iterable[str], most: int) -> bool:
    """Whether each of some folded texts sleeps once, for ``most`` seconds at most, and ends: it
    runs nothing that could wait for somebody."""
    return all(_sleeps_once(text, most) and only_admits(text) for text in texts)


def _sleeps_once(text: str, most: int) -> bool:
    spans = re.findall(r"\bsleep[ \"',]+(\w+)", text)
    if len(spans) != 1 or re.search(_LOOP, text):
        return False
    seconds = parse_whole(spans[0])
    return seconds is not None and seconds <= most


def never_ends(text: str) -> bool:
    """Whether a folded text loops or sleeps for ever, whatever else it does."""
    return re.search(f"{_LONG_SLEEP}|{_LOOP}", text) is not None
