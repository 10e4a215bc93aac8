"""Credentials that are written out: how they are known, and what only stands for one.

What is found is never shown: a caller gets where it stands and what it is.
"""

import re
from collections.abc import Iterator

from rules.lazy_pattern import LazyPattern
from rules.manifest import is_template
from rules.memory import remember
from rules.record import NamedTuple

_NAMES = frozenset(
    """
    HF_TOKEN HF_API_TOKEN HUGGING_FACE_HUB_TOKEN HUGGING_FACE_TOKEN HUGGINGFACE_TOKEN WANDB_API_KEY
    HUGGINGFACEHUB_API_TOKEN AWS_SECRET_ACCESS_KEY AZURE_STORAGE_KEY MLFLOW_TRACKING_PASSWORD
    MLFLOW_TRACKING_TOKEN KAGGLE_KEY API_KEY SECRET_ACCESS_KEY
    """.split()
)
_ENDINGS = ("_ACCESS_TOKEN", "_API_KEY", "_API_TOKEN", "_SECRET_ACCESS_KEY")
_PARTS = tuple(sorted({"_".join(name.split("_")[-2:]) for name in (*_NAMES, *_ENDINGS)}))
"""What such a name ends with: ``API_KEY``."""
_TOKENS = (
    ("hf_", "a Hugging Face token", r"hf_[A-Za-z0-9]{30,128}"),
    ("nvapi-", "an NVIDIA API key", r"nvapi-[\w-]{40,128}"),
    ("sk-", "an API key", r"sk-[\w-]{20,256}"),
    ("AKIA", "an AWS access key", r"AKIA[0-9A-Z]{16}"),
    ("ghp_", "a GitHub token", r"ghp_[A-Za-z0-9]{36}"),
    ("github_pat_", "a GitHub token", r"github_pat_\w{40,128}"),
    ("glpat-", "a GitLab token", r"glpat-[\w-]{20,64}"),
)
"""How issuers begin what they give out, so that it can be told from any other text."""
_PLACEHOLDERS = (
    *("example", "placeholder", "changeme", "change-me", "change_me", "replace", "dummy", "fake"),
    *("your", "xxx", "000000", "123456", "minio", "password", "not-needed", "not-required"),
    *("no-key", "test", "demo", "sample", "todo", "insert", "secret", "abcdef", "abc123"),
    *("redacted", "****", "..."),
)
"""Parts of what is written in the place of a credential, in lower case."""
_SHORTEST, _LONGEST = 12, 512
_BETWEEN = r"\s\"'`;,&|(){}\[\]"
"""What stands around a credential in a command, in YAML and in JSON, and in none of them."""
_WORD = LazyPattern(f"[^{_BETWEEN}]+")
_PASSWORD = LazyPattern(r"://[^\s/:@'\"]*:([^\s/@'\"${<]+)@")  # and no variable of a template
_NAME_PART = LazyPattern("[_-](?:KEY|TOKEN|PASSWORD)", re.IGNORECASE)
_AROUND = 4096
"""Characters around a name in which its value is looked for: a file may have millions of words."""


class Credential(NamedTuple):
    """What was found: what it is called, or what it looks like; and the text itself, which nobody
    may show, with where it begins."""

    what: str
    secret: str
    start: int


@remember(1024, 128)
def is_credential_name(name: str) -> bool:
    """Whether a variable or flag of this name holds a credential."""
    folded = _fold(name[:_LONGEST].strip("-"))
    return folded in _NAMES or folded.endswith(_ENDINGS)


def _fold(text: str) -> str:
    return text.upper().replace("-", "_")


def may_hold(text: str) -> bool:
    """Whether a credential, or the name of one, may stand in a text, which is told at once."""
    for begin, *_ in _TOKENS:
        if begin in text:
            return True
    return may_name(text)


def may_name(text: str) -> bool:
    """Whether the name of a credential may stand in a text, which is told at once."""
    folded = _fold(text)
    if not ("_KEY" in folded or "_TOKEN" in folded or "_PASSWORD" in folded):
        return False
    return any(part in folded for part in _PARTS)


def looks_secret(value: str) -> bool:
    """Whether a text looks like a credential, and not like what only stands for one: a part of it
    is random, and no part says that it is none."""
    if not _SHORTEST <= len(value) <= _LONGEST or is_template(value):
        return False
    if re.search(f"[{_BETWEEN}]", value):
        return False
    folded = value.lower()
    parts = re.split(r"[^A-Za-z0-9]+", value)
    return any(map(_is_random, parts)) and not any(word in folded for word in _PLACEHOLDERS)


def holds_credential(name: str, value: str) -> bool:
    """Whether that is what a variable or flag of a name holds."""
    return len(value) >= _SHORTEST and is_credential_name(name) and looks_secret(value)


def _is_random(part: str) -> bool:
    """Letters among digits, or, as in Hugging Face's tokens, capitals among small letters."""
    digits, letters = any(map(str.isdigit, part)), any(map(str.isalpha, part))
    mixed = part != part.lower() and part != part.upper()
    return len(part) >= 8 and letters and (digits or (mixed and len(part) >= 30))


def find_tokens(text: str) -> Iterator[Credential]:
    """The credentials in a text that are known by how they begin."""
    for begin, what, pattern in _TOKENS:
        if begin not in text:
            continue
        # What stands before it is looked at last: a pattern that begins with letters is found fast.
        rest = pattern.removeprefix(begin)
        for match in re.finditer(rf"{begin}(?<![\w-]{begin}){rest}", text):
            if looks_secret(match[0]):
                yield Credential(what, match[0], match.start())


def find_credentials(text: str) -> Iterator[Credential]:
    """Those, and what is given to the name of a credential: ``NAME=value``, ``NAME: value``,
    ``--flag value``, ``name: NAME`` beside ``value: ...``."""
    yield from find_tokens(text)
    if not may_name(text):
        return
    for start, end in _find_regions(text):
        words = [match for match in _WORD.finditer(text, start, end) if match[0] not in ":-"]
        yield from _find_given(words)


def _find_regions(text: str) -> Iterator[tuple[int, int]]:
    """Where the names of credentials may stand in a text, with what is beside them."""
    start = end = 0
    for match in _NAME_PART.finditer(text):
        if match.start() - _AROUND > end:
            if end:
                yield start, end
            start = match.start() - _AROUND
        end = match.end() + _AROUND
    if end:
        yield start, end


def _find_given(words: list[re.Match[str]]) -> Iterator[Credential]:
    """What is given to the name of a credential."""
    for place, word in enumerate(words):
        if "_" not in word[0] and "-" not in word[0]:
            continue  # most words, and no such name
        name, _, value = word[0].partition("=")
        if not is_credential_name(name.rstrip(":")):
            continue
        start = word.start() + len(name) + 1
        beside = [(one[0], one.start()) for one in _find_beside(words, place)]
        for held, at in [(value, start)] if value else beside:
            if looks_secret(held):
                yield Credential(f"the value of {name.strip('-').rstrip(':')}", held, at)


def _find_beside(words: list[re.Match[str]], place: int) -> Iterator[re.Match[str]]:
    """The word after a name, and what a ``value`` after it, or before it, has."""
    yield from words[place + 1 : place + 2]
    for value in (place + 1, place - 3):
        if 0 <= value < len(words) - 1 and words[value][0].rstrip(":") == "value":
            yield words[value + 1]


def find_token(text: str) -> Credential | None:
    """The first of those that are known by how they begin."""
    return next(find_tokens(text), None) if len(text) >= _SHORTEST else None


def find_credential(text: str) -> Credential | None:
    """The first of all."""
    return next(find_credentials(text), None) if len(text) >= _SHORTEST else None


def hide(text: str) -> str:
    """A text with a star for each character of the credentials in it, and of the passwords in its
    URLs."""
    shown, end = [], 0
    spans = [(one.start, one.start + len(one.secret)) for one in find_credentials(text)]
    if "://" in text:
        spans += [found.span(1) for found in _PASSWORD.finditer(text)]
    for start, stop in sorted(spans):
        shown += [text[end:start], "*" * (stop - max(start, end))]
        end = max(stop, end)
    return "".join([*shown, text[end:]])
