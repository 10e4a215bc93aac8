"""An object and how it came to us: written in a file, or admitted by the API server.

An admitted object already carries the API server's defaults, so that a key being there does not
say that somebody wrote it. Two sources tell: ``managedFields`` entries of operation ``Apply``, and
the ``last-applied-configuration`` annotation (``kubectl apply``). Entries of operation ``Update``
list defaults too and prove nothing (apiserver ``endpoints/handlers/create.go``: defaults are
written before admission).
"""

from collections.abc import Callable

from rules.edits import same
from rules.lazy_pattern import LazyPattern
from rules.model import Identity, Presence, Value
from rules.paths import Path, dig
from rules.type_names import Any

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_NOTHING: tuple[Any, ...] = (None, "", [], {})
"""What the API server takes for not written: it puts its default there all the same."""

_PLAIN = LazyPattern(r"[\w.+-]{1,64}")
_TEMPLATE = LazyPattern(
    r"\{\{|\$\{|\$\([A-Za-z_]|\$\$?[A-Za-z_]|<<[^<>]*>>|<[A-Za-z_][\w.\- ]*>|\[\[[\w. -]+\]\]"
    r"|\b__[A-Z][A-Z0-9_]*__\b"
)


def is_template(value: Any) -> bool:
    """Whether a placeholder stands in the text: ``{{x}}``, ``$X``, ``${X}``, ``$(X)``, ``<X>``,
    ``__X__``."""
    return (
        isinstance(value, str)
        and ("$" in value or "{{" in value or "<" in value or "[[" in value or "__" in value)
        and _TEMPLATE.search(value) is not None
    )


class Manifest:
    """One object, never changed, with the presence of each value in it.

    ``last_applied`` is what ``kubectl apply`` recorded, as text or parsed; text is parsed when it
    is first asked for, and counts as nothing where it cannot be. ``admitted`` tells that the API
    server's defaults have been filled in; ``old`` is what an update replaces. ``written`` gives the
    text of a scalar in the file that the object comes from, None where there is none.
    """

    __slots__ = ("_applied", "_identity", "_last_applied", "_old", "_written", "admitted", "object")

    def __init__(
        self,
        body: dict[str, Any],
        *,
        admitted: bool = False,
        last_applied: Any = None,
        written: Callable[[Path], str] | None = None,
        old: dict[str, Any] | None = None,
    ) -> None:
        self.object = body
        self.admitted = admitted
        self._old = old
        self._last_applied = last_applied
        self._written = written
        self._applied: list[dict[str, Any]] | None = None
        self._identity: Identity | None = None

    def value(self, path: Path, default: Any = None) -> Value:
        """The value at ``path`` with its presence; ``default`` is what absence means there.

        Null and the empty text count as absent, as they do for the API server.
        """
        found = dig(self.object, path)
        if found is None or found == "":
            return Value(path, default, Presence.ABSENT)
        if is_template(found):
            return Value(path, found, Presence.UNKNOWN)
        if not self.admitted or default is None or not same(found, default):
            return Value(path, found, Presence.WRITTEN)
        return Value(path, found, self._presence(path), self._before(path, found))

    def _before(self, path: Path, found: Any) -> Any:
        """What an update replaces with the default; None where it replaces nothing."""
        if self._old is None:
            return None
        before = _find_counterpart(self._old, self.object, path)
        return None if before in _NOTHING or same(before, found) else before

    def raw(self, path: Path, default: Any) -> Value:
        """A value that nobody defaults on the way in: the controller alone knows ``default``, so
        that what stands in an admitted object was written."""
        value = self.value(path)
        return Value(path, default) if value.absent else value

    def _presence(self, path: Path) -> Presence:
        """How a value that equals the API server's default came to be there."""
        applied = self._is_applied(path)
        if applied:
            return Presence.WRITTEN
        if applied is not None and (self._applied or self._last_applied is not None):
            return Presence.ABSENT
        return Presence.DEFAULTED

    def _is_applied(self, path: Path) -> bool | None:
        """Whether an apply set the value at ``path``; None if that is unknown."""
        if self._applied is None:
            self._applied = _applied_fields(self.object)
        owned = {_owns(fields, self.object, path) for fields in self._applied}
        if True in owned:
            return True
        if isinstance(self._last_applied, str):
            self._last_applied = _parse(self._last_applied)
        if dig(self._last_applied, path) not in _NOTHING:
            return True
        return None if None in owned else False

    def is_own(self, path: Path) -> bool:
        """Whether what stands at ``path``, where controllers write too (the replicas of what is
        autoscaled), is the object's own: it was applied, or no controller has seen the object."""
        seen = self.admitted and self.mapping("status")
        return not seen or self._is_applied(path) is True

    def plain_text(self, path: Path) -> str | None:
        """The one word that stands for a scalar in the file, without quotes; None where that is not
        known, or it is none."""
        text = self._written(path) if self._written else ""
        return text if _PLAIN.fullmatch(text) else None

    def dig(self, *path: str | int) -> Any:
        """The bare value at ``path``, None where there is none."""
        return dig(self.object, path)

    def mapping(self, *path: str | int) -> dict[str, Any]:
        """The mapping at ``path``, an empty one where there is none."""
        found = dig(self.object, path)
        return found if isinstance(found, dict) else {}

    @property
    def identity(self) -> Identity:
        """What the object calls itself: its name, or the beginning of one that the API server
        will complete (``generateName``). Names that are not text count as none."""
        if self._identity is None:
            self._identity = _read_identity(self.object, self.mapping("metadata"))
        return self._identity

    @property
    def controller(self) -> dict[str, Any] | None:
        """The owner that made the object and looks after it, as ``ownerReferences`` tell."""
        owners = self.dig("metadata", "ownerReferences")
        if not isinstance(owners, list):
            return None
        return next(
            (one for one in owners if isinstance(one, dict) and one.get("controller") is True),
            None,
        )

    @property
    def group(self) -> str:
        """The API group: empty for core/v1."""
        head, slash, _ = str(self.object.get("apiVersion") or "").partition("/")
        return head if slash else ""

    @property
    def version(self) -> str:
        """The API version without its group."""
        return str(self.object.get("apiVersion") or "").rpartition("/")[2]


def _read_identity(body: dict[str, Any], metadata: dict[str, Any]) -> Identity:
    return Identity(
        str(body.get("apiVersion") or ""),
        str(body.get("kind") or ""),
        _text(metadata.get("namespace")),
        _text(metadata.get("name")) or _text(metadata.get("generateName")),
    )


def _parse(text: str) -> Any:
    import json  # noqa: PLC0415 - files are never admitted, and linting them pays for no more

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _applied_fields(body: dict[str, Any]) -> list[dict[str, Any]]:
    entries = dig(body, ("metadata", "managedFields"))
    if not isinstance(entries, list):
        return []
    return [
        entry["fieldsV1"]
        for entry in entries
        if isinstance(entry, dict)
        and entry.get("operation") == "Apply"
        and isinstance(entry.get("fieldsV1"), dict)
    ]


def _owns(fields: Any, body: Any, path: Path) -> bool | None:
    """Whether a ``fieldsV1`` set names ``path`` (``f:`` keys, ``k:`` list items by their name).
    None where it names a list as a whole (``listType=atomic``): in what somebody applied there,
    the API server has filled in defaults since."""
    for key in path:
        if fields == {} and isinstance(body, list):
            return None
        body = dig(body, (key,))
        if not isinstance(fields, dict):
            return False
        fields = fields.get(f"f:{key}") if isinstance(key, str) else _item(fields, body)
        if fields is None:
            return False
    return True


def _find_counterpart(old: Any, new: Any, path: Path) -> Any:
    """What stood at ``path`` of ``new`` in ``old``, items of lists by their names."""
    for key in path:
        new = dig(new, (key,))
        if isinstance(key, int):
            name = dig(new, ("name",))
            items = old if isinstance(old, list) and name is not None else ()
            old = next((one for one in items if dig(one, ("name",)) == name), None)
        else:
            old = dig(old, (key,))
    return old


def _item(fields: dict[str, Any], item: Any) -> Any:
    name = item.get("name") if isinstance(item, dict) else None
    return next(
        (
            inner
            for key, inner in fields.items()
            if key.startswith("k:") and f'"name":"{name}"' in key
        ),
        None,
    )
