"""Globs as policies and tables write them: ``*``, ``?`` and ``[a-z]``; case counts."""


def fits_glob(name: str, pattern: str) -> bool:
    """Whether a glob fits a whole name.

    A pattern of letters and stars alone, which nearly every one is, needs no regular expression:
    to compile one for each takes longer than to read a small file.
    """
    if "?" in pattern or "[" in pattern:
        from fnmatch import fnmatchcase  # noqa: PLC0415 - few need it

        return fnmatchcase(name, pattern)
    head, *parts = pattern.split("*")
    if not parts:
        return name == pattern
    *middle, tail = parts
    at, end = len(head), len(name) - len(tail)
    if at > end or not name.startswith(head) or not name.endswith(tail):
        return False
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
