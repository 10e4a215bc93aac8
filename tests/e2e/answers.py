"""What mlgate says in what kubectl prints."""

import re

_DENIED = re.compile(r"^([A-Z]{3}\d{3})/[\w-]+ (.*)$", re.MULTILINE)
_WARNED = re.compile(r"^Warning: (.*)$", re.MULTILINE)
_CODE = re.compile(r"[A-Z]{3}\d{3}")


def read_answer(printed: str) -> dict[str, str]:
    """The text of each denial (``denied CODE``), warning (``warned CODE``, of one line or two) and
    addition (``added CODE``); ``left out`` is the warning that counts those that are not shown, and
    any other goes by its first word."""
    said = {f"denied {code}": text for code, text in _DENIED.findall(printed)}
    for line in _WARNED.findall(printed):
        key = _key(line)
        said[key] = f"{said[key]}\n{line}" if key in said else line
    return said


def _key(line: str) -> str:
    words = line.split()
    if words[0].startswith("+"):
        return "left out"
    if not _CODE.fullmatch(words[0]):
        return words[0]
    added = words[1:3] == ["mlgate", "added"]
    return f"added {words[0]}" if added else f"warned {words[0]}"
