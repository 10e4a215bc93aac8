"""A policy file, read: a Policy, or all that is wrong with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

from rules.declaration import Rules, load_named
from rules.kinds import KIND_INDEX, find_kind
from rules.model import Rule
from rules.paths import Path, dig, dotted
from rules.policy.building import build_policy
from rules.policy.extension import extend, find_bad_locks, find_loosened, list_entries
from rules.policy.keys import API_VERSION, UNKNOWN_KINDS, UNKNOWN_KINDS_RULE, policy_shape
from rules.policy.shapes import Complaint, complain
from rules.policy.values import Policy
from rules.reader import Document, ReadError, Span, Unreadable, read
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias
from rules.wording import suggestion

_DEEPEST = 5
"""Policies that extend one another."""


class PolicyProblem(NamedTuple):
    """Something wrong in a policy file: its path there, where that stands, and what is wrong."""

    path: Path
    span: Span
    message: str


class PolicyError(Exception):
    """A policy that cannot be used, with all of its problems."""

    def __init__(self, problems: tuple[PolicyProblem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


ReadBase: TypeAlias = Callable[[str], str]
"""Gives the text of a policy that another names in ``extends``; raises OSError or ReadError."""


def _read_nothing(_name: str) -> str:
    raise OSError(None, "other files are out of reach here")


def read_policy(text: str, rules: Rules, read_base: ReadBase = _read_nothing) -> Policy:
    """The policy in a file's text; ``rules`` are those that it may name, of which those are
    imported that it does name; ``read_base`` reads the policies that it extends.

    Raises PolicyError with every problem found, in the order of the file.
    """
    return parse_policy(_only(list(read(text))), rules, read_base)


def _only(documents: list[Document | Unreadable]) -> Document:
    """The one document of a policy file."""
    whole = []
    for one in documents:
        if isinstance(one, Unreadable):
            raise _refuse(one.line, one.column, one.reason)
        if one.value is not None:
            whole.append(one)
    if not whole:
        raise _refuse(1, 1, "the file is empty; expected one policy")
    if len(whole) > 1:
        raise _refuse(whole[1].line + 1, 1, "a second document; expected one policy")
    return whole[0]


def _refuse(line: int, column: int, reason: str) -> PolicyError:
    return PolicyError((PolicyProblem((), Span(line, column, line, column), reason),))


def parse_policy(document: Document, rules: Rules, read_base: ReadBase = _read_nothing) -> Policy:
    """The policy that ``document`` holds; raises PolicyError as ``read_policy`` does."""
    return build_policy(_read_body(document, rules, read_base))


def _read_body(
    document: Document, declared: Rules, read_base: ReadBase, depth: int = 0
) -> Mapping[str, Any]:
    """The keys of a policy, merged with those of the policies that it extends."""
    body: Mapping[str, Any] = document.value
    rules = load_named(declared, str(body))
    problems = [
        *(
            _state(one.path, one.span, f"'{one.path[-1]}' stands here twice", on_key=True)
            for one in document.duplicates
        ),
        *_locate(document, complain(policy_shape(rules), body)),
    ]
    problems = problems or [*_locate(document, _clashes(body, rules))]
    below: dict[str, Any] = {}
    for index, name in enumerate(() if problems else body.get("extends") or ()):
        try:
            base = _read_base(name, declared, read_base, depth)
        except PolicyError as error:
            text = f"{name}: {error}"
            problems += _locate(document, [Complaint(("extends", index), text)])
            continue
        problems += _locate(document, find_loosened(base, body, name))
        below = extend(below, base) if below else dict(base)
    if problems:
        raise PolicyError(tuple(sorted(problems, key=lambda problem: problem.span)))
    return extend(below, body) if below else body


def _read_base(name: str, rules: Rules, read_base: ReadBase, depth: int) -> Mapping[str, Any]:
    """The keys of an extended policy. Policies that it extends in turn are read beside it."""
    if depth >= _DEEPEST:
        raise _refuse(1, 1, "policies that extend one another without end")
    folder = "".join(name.rpartition("/")[:2])
    try:
        document = _only(list(read(read_base(name))))
    except OSError as error:
        raise _refuse(1, 1, error.strerror or "it cannot be read") from None
    except ReadError as error:
        raise _refuse(1, 1, str(error)) from None
    if not _is_policy(document.value):
        raise _refuse(1, 1, f"no policy; expected apiVersion {API_VERSION} and kind Policy")
    return _read_body(document, rules, lambda one: read_base(f"{folder}{one}"), depth + 1)


def _is_policy(body: Any) -> bool:
    """Whether a file says that it is one. Of another nothing is shown: a policy from a stranger may
    name it to see what a machine holds."""
    return isinstance(body, dict) and "apiVersion" in body and body.get("kind") == "Policy"


def _locate(document: Document, complaints: Iterable[Complaint]) -> Iterator[PolicyProblem]:
    for path, message, on_key in complaints:
        span = document.key_span(path) if on_key else document.span(path)
        yield _state(path, span, message, on_key=on_key)


def _state(path: Path, span: Span, message: str, *, on_key: bool) -> PolicyProblem:
    """A problem whose message begins with the field, or with the field that holds the key."""
    field = dotted(path[:-1] if on_key else path)
    return PolicyProblem(path, span, f"{field}: {message}" if field else message)


def _clashes(body: Mapping[str, Any], rules: tuple[Rule, ...]) -> Iterator[Complaint]:
    """What is wrong between values that are each as they should be."""
    yield from _repeated_kinds(body.get("kinds") or ())
    whole = body.get("rules") or {}
    if UNKNOWN_KINDS in body and UNKNOWN_KINDS_RULE in whole:
        message = f"rules: {UNKNOWN_KINDS_RULE} says it too; keep one of them"
        yield Complaint((UNKNOWN_KINDS,), message)
    yield from find_bad_locks(body)
    yield from _bounds(whole, rules)
    yield from _unknown_kinds(whole, body, rules)
    for key, index, entry in list_entries(body):
        own = entry.get("rules") or {}
        found = (*_bounds(own, rules, whole), *_unknown_kinds(own, body, rules))
        yield from (one._replace(path=(key, index, *one.path)) for one in found)


def _bounds(
    stated: Mapping[str, Any], rules: tuple[Rule, ...], whole: Mapping[str, Any] | None = None
) -> Iterator[Complaint]:
    """A rule's ``min``, ``default`` and ``max`` must rise, or its fix would be a finding. ``whole``
    is what ``stated`` is laid over."""
    for rule in rules:
        entry, below = stated.get(rule.code), (whole or {}).get(rule.code)
        known = {one.name: one.default for one in rule.parameters}
        if not isinstance(entry, dict) or not {"min", "max"} <= known.keys():
            continue
        merged = {**known, **(below if isinstance(below, dict) else {}), **entry}
        order = [name for name in ("min", "default", "max") if name in merged]
        for low, high in pairwise(order):
            if merged[low] > merged[high]:
                message = f"{low} ({merged[low]}) is above {high} ({merged[high]})"
                yield Complaint(("rules", rule.code), message)


def _repeated_kinds(entries: Iterable[Mapping[str, Any]]) -> Iterator[Complaint]:
    seen = set()
    for index, entry in enumerate(entries):
        key = entry["group"], entry["kind"]
        shown = f"{entry['kind']}.{entry['group']}"
        if find_kind(*key):
            yield Complaint(("kinds", index), f"{shown} is known to mlgate already")
        if key in seen:
            yield Complaint(("kinds", index), f"{shown} stands in the list twice")
        seen.add(key)


def _unknown_kinds(
    stated: Mapping[str, Any], body: Mapping[str, Any], rules: tuple[Rule, ...]
) -> Iterator[Complaint]:
    """Unknown kinds in a rule's parameter, as ``Kind`` or ``Kind.group``."""
    places = [
        (rule.code, one.name)
        for rule in rules
        for one in rule.parameters
        if one.kinds and dig(stated, (rule.code, one.name))
    ]
    own = [(entry["kind"], entry["group"]) for entry in body.get("kinds") or ()]
    known = [*((kind.name, kind.group) for kind in KIND_INDEX), *own] if places else []
    names = tuple(dict.fromkeys(name for pair in known for name in (pair[0], ".".join(pair))))
    for place in places:
        for index, name in enumerate(dig(stated, place)):
            if name not in names:
                hint = suggestion(name, names) or "; kinds of your own stand under 'kinds'"
                yield Complaint(("rules", *place, index), f"there is no kind '{name}'{hint}")
