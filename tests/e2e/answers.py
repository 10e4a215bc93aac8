"""What mlgate says in what kubectl prints."""

import re

_DENIED = re.compile(r"\[([A-Z]{3}\d{3}) [\w-]+\] (.*?)\(https://mlgate\.dev/rules/\1\)")
_WARNED = re.compile(r"^Warning: (.*)$", re.MULTILINE)
_CODE = re.compile(r"[A-Z]{3}\d{3}")


def read_answer(printed: str) -> dict[str, str]:
    """The text of each denial (``denied CODE``), warning (``warned CODE``) and addition
    (``added CODE``); ``left out`` is the warning that counts those that are not shown, and any
    other goes by its first word."""
    said = {f"denied {code}": text for code, text in _DENIED.findall(printed)}
    for line in _WARNED.findall(printed):
        said[_key(line)] = line
    return said


def _key(line: str) -> str:
    words = line.removeprefix("mlgate ").split()
    if words[0].startswith("+"):
        return "left out"
    code = next((word for word in words[:2] if _CODE.fullmatch(word)), None)
    if code is None:
        return words[0]
    return f"added {code}" if words[0] == "added" else f"warned {code}"
