"""docs/kinds.md: what is known of each kind, told by the kinds themselves.

Paths are those of each kind's example, which sets every field that its rows name.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from linter.commands.rulebook import GENERATED, markdown_table, show_default
from rules import kinds as package
from rules.checks import ALL
from rules.dispatch import may_concern
from rules.inventory import Inventory
from rules.kinds import IN_FILES
from rules.kinds.rows import FactPlace, find_every
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Rule
from rules.paths import EACH, dotted
from rules.paths import Path as ObjectPath
from rules.policy import Policy
from rules.reader import Document, read
from rules.workload import Workload

EXAMPLES = Path("tests/rules/kinds/manifests")

_INTRODUCTION = """\
mlgate identifies a kind by its group and name, in any version. It reads the pods that an object of
that kind creates, and the facts that rules need: how a run is bounded, retried and cleaned up, how
large a server is, how it is rolled out. Describe your own kinds in the policy: see
[kinds](policy.md#kinds). The summary of a run lists unknown kinds, with entries for the policy.

If a field is not set, the default applies: the one that the API server, the custom resource
definition or the operator's webhook writes into the object, or, *unwritten*, the one that the
controller assumes. `[*]` stands for each item of a list, `*` for each key."""


def make_page() -> str:
    """The text of docs/kinds.md."""
    found = {name: one for name, one in vars(package).items() if hasattr(one, "KINDS")}
    modules = [found[name] for name in sorted(found)]
    kinds = sorted((kind.name, kind.group, kind) for one in modules for kind in one.KINDS)
    table = markdown_table(("kind", "group", "role", "pods"), (_row(kind) for *_, kind in kinds))
    lines = [GENERATED.replace("the rules", "`rules/kinds`"), "# Kinds", "", _INTRODUCTION, ""]
    lines += [*table, *(line for one in modules for line in _section(one))]
    return "\n".join(lines) + "\n"


def _row(kind: Kind) -> tuple[str, str, str, str]:
    pods = ", ".join(f"`{one}`" for one in _pods(kind))
    held = "those of the objects that it holds" if kind.has("inner") else "none of its own"
    role = str(kind.role or ("by what runs in it" if pods else ""))
    return kind.name, kind.group or "core", role, pods or held


def _section(module: ModuleType) -> Iterator[str]:
    """What the module of a project says of itself, and of each of its kinds."""
    title, _, text = (module.__doc__ or "").strip().replace("``", "`").partition("\n")
    yield from ("", f"## {title.rstrip('.')}")
    if text:
        yield from ("", text.strip())
    for kind in module.KINDS:
        yield from ("", f"### {kind.name}.{kind.group}".rstrip("."), *_describe(kind))


def _describe(kind: Kind) -> Iterator[str]:
    if kind in IN_FILES:
        yield from ("", "Judged in files alone.")
    if kind.priors:
        weights = ", ".join(f"{role} {weight:+d}" for role, weight in kind.priors.items())
        yield from ("", f"The kind alone weighs {weights}.")
    codes = [f"[{rule.code}](rules/{rule.code}.md)" for rule in ALL if _judges(rule, kind)]
    if codes:
        yield from ("", f"Judged by {', '.join(codes)}.")
    rows = list(dict.fromkeys(_facts(kind)))
    if rows:
        yield from ("", *markdown_table(("fact", "where", "default"), rows))


def _judges(rule: Rule, kind: Kind) -> bool:
    """Whether a rule may find something in an object of the kind, by what both declare."""
    asked = kind.role is None or rule.roles is None or kind.role in rule.roles
    return rule.check is not None and asked and may_concern(rule.reads, kind)


def _facts(kind: Kind) -> Iterator[tuple[str, str, str]]:
    """(fact, where, default) of each row, in the order in which the kind has them."""
    for root, rows in kind.rows:
        for fact in rows:
            for place in find_every(((root, rows),), fact, _example(kind).object):
                yield fact, f"`{_show(kind, place.path)}`", _default(place)


def _default(place: FactPlace) -> str:
    if len(place.row) == 1:
        return ""
    told = f"`{show_default(place.row[1])}`"
    return told if len(place.row) == 2 else f"{told}, unwritten"


def _pods(kind: Kind) -> list[str]:
    if not kind.has("pods"):
        return []
    workload = Workload(_example(kind), kind, Inventory(), Policy().parameters)
    return list(dict.fromkeys(_show(kind, pod.path) or "spec" for pod in workload.pods))


def _show(kind: Kind, path: ObjectPath) -> str:
    """A path of the example as a pattern."""
    patterns = [root for root, _ in kind.rows if EACH in root]
    keys = (
        EACH if isinstance(key, str) and _takes_any(patterns, path[: at + 1]) else key
        for at, key in enumerate(path)
    )
    shown = dotted(tuple(keys))
    for index in {key for key in path if isinstance(key, int)}:
        shown = shown.replace(f"[{index}]", "[*]")
    return shown


def _takes_any(patterns: Iterable[ObjectPath], path: ObjectPath) -> bool:
    """Whether the last key of ``path`` stands where a pattern takes any."""
    return any(
        pattern[len(path) - 1 : len(path)] == (EACH,)
        and all(key in (EACH, own) for key, own in zip(pattern, path, strict=False))
        for pattern in patterns
    )


def _example(kind: Kind) -> Manifest:
    """The kind's example, or that of the group that it moved to with the same fields."""
    name = kind.name.lower()
    own = EXAMPLES / f"{name}.{kind.group or 'core'}.yaml"
    moved = sorted(EXAMPLES.glob(f"{name}.*.yaml"))
    found = [own] if own.exists() else moved
    if not found:
        return Manifest({})
    (document,) = read(found[0].read_text(encoding="utf-8"))
    return Manifest(document.value if isinstance(document, Document) else {})
