"""Properties that are computed when they are first asked for, and then kept."""

from collections.abc import Callable

from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property as lazy_property
else:

    class lazy_property:  # noqa: N801 - a decorator
        """``functools.cached_property`` as it is from Python 3.12 on: until then that one takes a
        lock, for longer than most of what is computed here takes. No two threads share such an
        object.
        """

        def __init__(self, read: Callable[[Any], Any]) -> None:
            self._read = read
            self._name = ""
            self.__doc__ = read.__doc__

        def __set_name__(self, _owner: type, name: str) -> None:
            self._name = name

        def __get__(self, holder: Any, _owner: type) -> Any:
            """The value; it lies where the next look finds it before it comes here."""
            if holder is None:
                return self
            value = holder.__dict__[self._name] = self._read(holder)
            return value


__all__ = ["lazy_property"]
