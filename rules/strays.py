"""Fields at places where nothing reads them, and their effect on other findings."""

from collections.abc import Iterator
from itertools import chain, islice

from rules.kinds.field_types import UntypedKey, find_untyped, has_shape, spec_type_of
from rules.kinds.misplaced import DROPPED, Misplacement, misplaced_keys, misplacements_of
from rules.kinds.pods import Pod
from rules.kinds.rows import find_untold
from rules.manifest import Manifest
from rules.model import Problem, Related, Value
from rules.paths import EACH, Path, dig, dotted, expand, has
from rules.record import NamedTuple
from rules.workload import Workload

_MOST_SLIPS = 50
"""Keys of an object that are compared with names: one with more has no slips of the pen."""


class Stray(NamedTuple):
    """A field that nobody reads where it is written.

    ``home`` is where it would be read, None where nowhere in this object; a path above its own
    where the field's content belongs there. ``fate`` says what becomes of it, ``safe`` whether a
    move needs nobody's eye.
    """

    value: Value
    home: Path | None
    fate: str
    safe: bool = True

    @property
    def wraps(self) -> bool:
        return self.home is not None and self.value.path[: len(self.home)] == self.home


def find_misplaced(workload: Workload) -> tuple[Stray, ...]:
    """The fields of an object that stand a level off."""
    kind = workload.kind
    if not _may_stray(kind.group, kind.name, workload.manifest):
        return ()
    return tuple(_search(kind.group, kind.name, workload.manifest))


def _may_stray(group: str, name: str, manifest: Manifest) -> bool:
    """Quick test whether some field may be at the wrong level: in nearly all objects none is."""
    for wrong, keys in misplaced_keys(group, name):
        for _, body in expand(manifest.object, wrong):
            if isinstance(body, dict) and not keys.isdisjoint(body):
                return True
    return False


def _search(group: str, name: str, manifest: Manifest) -> Iterator[Stray]:
    version = manifest.version
    for row in misplacements_of(group, name):
        if not row.versions or version in row.versions:
            yield from _find(row, manifest)


def _find(row: Misplacement, manifest: Manifest) -> Iterator[Stray]:
    for path, body in expand(manifest.object, row.wrong):
        if not isinstance(body, dict) or row.keys.isdisjoint(body):
            continue
        for key in body:
            if key in row.keys and body[key] is not None:
                value = manifest.value((*path, key))
                yield Stray(value, _home(row, path, key), row.fate, row.safe)


def _home(row: Misplacement, path: Path, key: str) -> Path | None:
    if row.right is None:
        return None
    home = tuple(path[at] if part == EACH else part for at, part in enumerate(row.right))
    return home if row.wraps else (*home, row.renamed or key)


def find_misspelled(workload: Workload) -> tuple[Stray, ...]:
    """The fields of an object whose name is a slip or two away from that of one that is read there
    and not written."""
    misplaced = {stray.value.path for stray in workload.once(find_misplaced)}
    slips: dict[Path, Stray] = {}
    for one in islice(_list_untyped(workload), _MOST_SLIPS):
        if not one.type.spell(one.key):
            continue
        path = (*one.parent, one.key)
        stray = None if path in misplaced or path in slips else _read_slip(one, workload.manifest)
        if stray:
            slips[path] = stray
    return tuple(slips.values())


def _list_untyped(workload: Workload) -> Iterator[UntypedKey]:
    kind, dig_in = workload.kind, workload.manifest.dig
    spec = spec_type_of(kind.group, kind.name)
    yield from find_untyped("ObjectMeta", dig_in("metadata"), ("metadata",))
    if spec:
        yield from find_untyped(spec, dig_in("spec"), ("spec",))
        return
    for pod in workload.pods:
        for name, path in _list_typed(pod):
            yield from find_untyped(name, dig_in(*path), path)
    yield from find_untold(kind.rows, workload.manifest.object)


def _list_typed(pod: Pod) -> Iterator[tuple[str, Path]]:
    """What of a pod is of a type of Kubernetes' own; a spec without a template around it is of its
    operator's, which has fields of its own (Argo's ``container``), and so is a container whose
    command is none of Kubernetes', or of whose kind so much is known."""
    if pod.metadata_at and pod.metadata_at[-1] == "metadata":
        yield "ObjectMeta", pod.metadata_at
    around = pod.spec_path if pod.spec_path == (*pod.path, "spec") else None
    if around:
        yield "PodSpec", around
    for container in pod.containers:
        plain = container.plain and "command" not in container.made
        if plain and container.path[:-2] != around:
            yield "Container", container.path


def _read_slip(one: UntypedKey, manifest: Manifest) -> Stray | None:
    meant = (name for name in one.type.spell(one.key) if one.body.get(name) is None)
    name = next(meant, None)
    value = None if name is None else manifest.value((*one.parent, one.key))
    if name is None or value is None or value.absent:
        return None
    shape = one.type.shapes[name]
    return Stray(value, (*one.parent, name), DROPPED, has_shape(value.value, shape))


def point_out(problem: Problem, workload: Workload) -> Problem:
    """The problem with the place where what it misses is written.

    Its fix is left out: it would write a second value beside the user's own.
    """
    for stray in chain(workload.once(find_misplaced), workload.once(find_misspelled)):
        if problem.path != stray.value.path:
            problem = _heed(problem, stray, workload.manifest)
    return problem


def _heed(problem: Problem, stray: Stray, manifest: Manifest) -> Problem:
    edits = problem.fix.edits if problem.fix else ()
    if any(_claims(stray, edit.path, manifest) for edit in edits):
        problem = problem._replace(fix=None)
    return _add_place(problem, stray) if _claims(stray, problem.path, manifest) else problem


def _claims(stray: Stray, path: Path, manifest: Manifest) -> bool:
    """Whether a place where nothing is written is the stray's home, or part of it."""
    home = stray.home
    if home is None or dig(manifest.object, path) is not None:
        return False
    if path[: len(home)] == home:
        return not stray.wraps or has(stray.value.value, path[len(home) :])
    return home[: len(path)] == path


def _add_place(problem: Problem, stray: Stray) -> Problem:
    rest = problem.path[len(stray.home or ()) :]
    if not has(stray.value.value, rest):
        return problem
    where = (*stray.value.path, *rest)
    message = f"{problem.message}; it stands at {dotted(where)}, where nobody reads it"
    place = Related(where, "it stands here, where nobody reads it")
    return problem._replace(message=message, fix=None, related=(*problem.related, place))
