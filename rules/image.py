"""Image references taken apart.

Source of the grammar: ``github.com/distribution/reference``, ``reference.go``:
``[registry/]repository[:tag][@digest]``, where the first part is a registry only if it has a dot, a
port, or is ``localhost``.
"""

from functools import lru_cache

from rules.words import clear, pair_up, split_name

_LONGEST = 512
"""Characters of a reference that are read, and remembered: the API server takes any text."""


_UNKNOWN = "*"
"""What stands for a placeholder."""


class Image:
    """An image reference, as written; a star stands for each placeholder.

    ``repository`` is the path without the registry, ``name`` its last part. What is not written is
    empty: no registry means Docker Hub, no tag and no digest mean ``latest``.
    """

    __slots__ = ("digest", "name", "registry", "repository", "tag")

    def __init__(self, registry: str, repository: str, tag: str, digest: str) -> None:
        self.registry = registry
        self.repository = repository
        self.name = repository.rpartition("/")[2]
        self.tag = tag
        self.digest = digest

    @property
    def path(self) -> str:
        """Registry and repository."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    @property
    def words(self) -> frozenset[str]:
        """The words of the name, and those that two of them make, in lower case."""
        return _pair_words(self.name)

    @property
    def path_words(self) -> frozenset[str]:
        """The words of registry and repository, in lower case."""
        return frozenset(_split(self.path))


def parse_image(reference: str) -> Image:
    """An image reference taken apart; any text has some answer."""
    return _parse(reference[:_LONGEST])


@lru_cache(maxsize=1024)
def _parse(reference: str) -> Image:
    whole, _, digest = clear(reference).replace(" * ", _UNKNOWN).partition("@")
    head, slash, last = whole.rpartition("/")
    name, _, tag = last.partition(":")
    registry = head.partition("/")[0]
    if not ("." in registry or ":" in registry or registry == "localhost"):
        return Image("", f"{head}{slash}{name}", tag, digest)
    return Image(registry, f"{head}{slash}{name}"[len(registry) + 1 :], tag, digest)


@lru_cache(maxsize=1024)
def _pair_words(name: str) -> frozenset[str]:
    return frozenset([each for pair in pair_up(_split(name)) for each in pair])


def _split(text: str) -> list[str]:
    """The words around placeholders: ``tensorflow${VARIANT}`` is of tensorflow."""
    return split_name(text.replace(_UNKNOWN, f" {_UNKNOWN} "))
