"""Commands that install packages, or fetch source, before a program starts."""

from collections.abc import Iterator, Sequence

from rules.commands import BREAK, CommandLine, Fragment

_ROWS = tuple(
    tuple(row.split())
    for row in """
    pip install; pip3 install; uv pip install; uv sync; poetry install; pipenv install;
    conda install; conda env create; mamba install; micromamba install; apt-get install;
    apt install; apk add; yum install; dnf install; microdnf install; npm install; npm ci;
    yarn install; git clone
    """.split(";")
)
_PROGRAMS = frozenset(row[0] for row in _ROWS)
_LOCAL = frozenset({"--no-index", "--no-deps", "-h", "--help"})
"""Flags with which nothing is fetched from an index."""
_PIPELINES = ("kfp.", "kfp==", "kfp>", "--component_module_path")
"""What stands in the command of a component of Kubeflow Pipelines, which installs by design."""


def find_install(command: CommandLine) -> tuple[str, Fragment] | None:
    """The first command of a container that installs something, with the word that begins it;
    None where none does."""
    script = command.script
    likely = [row for row in _ROWS if row[0] in script and row[1] in script]
    if not likely or any(sign in script for sign in _PIPELINES):
        return None
    return next(_find(command.words), None)


def _find(words: Sequence[Fragment]) -> Iterator[tuple[str, Fragment]]:
    simple: list[Fragment] = []
    for word in (*words, Fragment(BREAK, ())):
        if word.text != BREAK:
            simple.append(word)
            continue
        yield from _read_install(simple)
        simple = []


def _stays_local(words: Sequence[str]) -> bool:
    """Whether nothing is fetched: by a flag, unless an address is named beside it."""
    return not _LOCAL.isdisjoint(words) and not any("://" in word for word in words)


def _read_install(simple: list[Fragment]) -> Iterator[tuple[str, Fragment]]:
    """What a simple command installs: its program may stand after others (``sudo``, ``python -m``),
    and flags before its verb."""
    plain = [word for word in simple if not word.text.startswith("-")]
    names = [word.text.rpartition("/")[2] for word in plain]
    if _PROGRAMS.isdisjoint(names) or _stays_local([word.text for word in simple]):
        return
    for row in _ROWS:
        for at in range(len(names) - len(row)):
            if tuple(names[at : at + len(row)]) == row:
                yield " ".join(row), plain[at]
