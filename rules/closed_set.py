"""``StrEnum`` as ``enum`` has it, but for a class quicker to make.

``enum`` takes 30 us for each member, and a run over one file has sixty of them: they took as long
as judging the file. Members are texts, each made once; a class has nothing that nobody here uses.
"""

from rules.type_names import TYPE_CHECKING, Any

__all__ = ["StrEnum"]

if TYPE_CHECKING:
    from enum import StrEnum
else:

    class _ClosedSet(type):
        """The type of such classes: knows the members of each."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            texts = {key: one for key, one in body.items() if key[0] != "_" and type(one) is str}
            made = super().__new__(cls, name, bases, body)
            made._members = {text: _make(made, key, text) for key, text in texts.items()}
            return made

        def __call__(cls, text: str) -> Any:
            if text not in cls._members:
                raise ValueError(f"'{text}' is not a valid {cls.__name__}")
            return cls._members[text]

        def __iter__(cls) -> Any:
            return iter(cls._members.values())

        def __len__(cls) -> int:
            return len(cls._members)

    class StrEnum(str, metaclass=_ClosedSet):
        """The base that classes name."""

        __slots__ = ("name", "value")

        def __repr__(self) -> str:
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __reduce_ex__(self, _protocol: int) -> Any:
            return type(self), (self.value,)

    def _make(of: type, name: str, text: str) -> Any:
        one = str.__new__(of, text)
        one.name, one.value = name, text
        setattr(of, name, one)
        return one
