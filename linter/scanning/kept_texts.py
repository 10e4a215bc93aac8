"""Many texts, much alike, kept in little memory: compressed together, block by block."""

import zlib

_BLOCK = 256_000
"""Characters that are compressed together."""
_BETWEEN = "\0"
"""Stands in no text of an object: YAML escapes it."""


class KeptTexts:
    """Texts by name. They are read in the order in which they came, or nearly."""

    def __init__(self) -> None:
        self._blocks: list[tuple[bytes, list[str]]] = []
        self._block_of: dict[str, int] = {}
        self._names: list[str] = []
        self._texts: list[str] = []
        self._size = 0
        self._read: tuple[int, dict[str, str]] = (-1, {})

    def add(self, name: str, text: str) -> None:
        self._block_of[name] = len(self._blocks)
        self._names.append(name)
        self._texts.append(text)
        self._size += len(text)
        if self._size > _BLOCK:
            self._blocks.append((zlib.compress(_BETWEEN.join(self._texts).encode()), self._names))
            self._names, self._texts, self._size = [], [], 0

    def __contains__(self, name: str) -> bool:
        return name in self._block_of

    def __getitem__(self, name: str) -> str:
        number = self._block_of[name]
        if number == len(self._blocks):
            return self._texts[self._names.index(name)]
        if number != self._read[0]:
            block, names = self._blocks[number]
            texts = zlib.decompress(block).decode().split(_BETWEEN)
            self._read = number, dict(zip(names, texts, strict=True))
        return self._read[1][name]
