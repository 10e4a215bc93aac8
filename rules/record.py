"""``NamedTuple`` as ``typing`` has it, but for a class quicker to make.

``typing`` compiles a function for each class, and a run over one file needs eighty classes: that is
a tenth of the run. Here classes of as many fields share the compiled code, each with its own names.
"""

import sys

from rules.type_names import TYPE_CHECKING, Any, Self

__all__ = ["NamedTuple"]

# From 3.14 on a class keeps its annotations in another way, which only the library may know.
if TYPE_CHECKING or sys.version_info >= (3, 14):
    from typing import NamedTuple
else:
    from _collections import _tuplegetter
    from functools import cache
    from types import FunctionType

    class _Methods:
        """What all classes have. It is the base of none: with one more, a class is dearer."""

        @classmethod
        def _make(cls, values: Any) -> Self:
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"expected {len(cls._fields)} values, found {len(made)}")
            return made

        def _replace(self, /, **values: Any) -> Self:
            made = tuple.__new__(type(self), map(values.pop, self._fields, self))
            if values:
                raise ValueError(f"no such fields: {', '.join(values)}")
            return made

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            values = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({values})"

    _SHARED = {
        name: vars(_Methods)[name]
        for name in ("_make", "_replace", "_asdict", "__getnewargs__", "__repr__")
    }

    @cache
    def _make_getter(at: int) -> _tuplegetter:
        return _tuplegetter(at, f"Alias for field number {at}")

    class _RecordMaker(type):
        """The type of ``NamedTuple`` alone: what is made of a class statement is a plain class."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body.pop(field) for field in fields if field in body}
            own = {"__slots__": (), "_fields": fields, "_field_defaults": defaults}
            own["__new__"] = _make_new(fields, tuple(defaults.values()))
            own["__match_args__"] = fields
            getters = zip(fields, map(_make_getter, range(len(fields))), strict=True)
            return type(name, (tuple,), {**_SHARED, **body, **dict(getters), **own})

    class NamedTuple(metaclass=_RecordMaker):
        """The base that classes name."""

    _new = tuple.__new__

    _NEW = {
        1: lambda _cls, a: _new(_cls, (a,)),
        2: lambda _cls, a, b: _new(_cls, (a, b)),
        3: lambda _cls, a, b, c: _new(_cls, (a, b, c)),
        4: lambda _cls, a, b, c, d: _new(_cls, (a, b, c, d)),
        5: lambda _cls, a, b, c, d, e: _new(_cls, (a, b, c, d, e)),
        6: lambda _cls, a, b, c, d, e, f: _new(_cls, (a, b, c, d, e, f)),
        7: lambda _cls, a, b, c, d, e, f, g: _new(_cls, (a, b, c, d, e, f, g)),
        8: lambda _cls, a, b, c, d, e, f, g, h: _new(_cls, (a, b, c, d, e, f, g, h)),
        9: lambda _cls, a, b, c, d, e, f, g, h, i: _new(_cls, (a, b, c, d, e, f, g, h, i)),
        10: lambda _cls, a, b, c, d, e, f, g, h, i, j: _new(_cls, (a, b, c, d, e, f, g, h, i, j)),
    }
    """What makes a tuple of so many fields. The few for more are compiled when a class has them."""

    def _make_new(fields: tuple[str, ...], defaults: tuple[Any, ...]) -> FunctionType:
        shared = _NEW.get(len(fields)) or _compile_new(len(fields))
        code = shared.__code__.replace(
            co_varnames=("_cls", *fields), co_name="__new__", co_qualname="__new__"
        )
        return FunctionType(code, globals(), "__new__", defaults)

    @cache
    def _compile_new(count: int) -> FunctionType:
        values = "".join(f"_{at}, " for at in range(count))
        return eval(f"lambda _cls, {values}: _new(_cls, ({values}))")  # noqa: S307 - of digits alone
