"""What a clause of an operator's contract is, and what it finds."""

from collections.abc import Callable, Iterable

from rules.kinds.views import SpecView
from rules.paths import Path, dotted
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias


class Breach(NamedTuple):
    """What an operator refuses: where, what stands there, and why, in the operator's words.

    ``preset`` is what belongs at the path, or at ``place`` if that is another, None where that is
    for a human to say; ``safe``: nothing else can be meant.
    """

    path: Path
    found: str
    words: str
    preset: Any = None
    safe: bool = False
    place: Path = ()


class Terms(NamedTuple):
    """What is known of the cluster: the operators' releases, empty where any may be there."""

    training_operator: tuple[int, ...] = ()
    kuberay: tuple[int, ...] = ()

    @property
    def at_least(self) -> "Terms":
        """The oldest releases that may be there."""
        return Terms(self.training_operator or (0,), self.kuberay or (0,))

    @property
    def has_webhooks(self) -> bool:
        """Since v1.8 the training operator refuses at admission what it is then strict about."""
        return not self.training_operator or self.training_operator >= (1, 8)

    def has_kuberay(self, *release: int) -> bool:
        """Whether that release of KubeRay, or a later one, may be there."""
        return not self.kuberay or self.kuberay >= release


Clause: TypeAlias = Callable[[SpecView, Terms], Iterable[Breach]]


class Contract(NamedTuple):
    """The clauses of a kind. ``who`` refuses, with ``admitted`` once the object is in the cluster,
    where nobody who applies it is told. ``built_in``: Kubernetes itself does, whatever the object
    is for."""

    who: str
    clauses: tuple[Clause, ...]
    admitted: bool = False
    built_in: bool = False


def read_number(view: SpecView, *keys: str | int) -> int | None:
    """The whole number there, None where there is none."""
    value = view.dig(*keys)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def tell_place(view: SpecView, *keys: str | int) -> tuple[Path, str]:
    """A path below a view, and how a message writes it."""
    path = (*view.path, *keys)
    return path, dotted(path)
