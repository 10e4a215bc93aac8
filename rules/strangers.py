"""Objects of unknown kinds, whose pods no rule checks."""

from collections.abc import Mapping
from itertools import islice

from rules.accelerators import Accelerators
from rules.inventory import Inventory
from rules.kinds.misnamed import (
    find_home,
    find_namesake,
    find_own_group,
    list_kinds_of_kubernetes,
)
from rules.kinds.podless import is_podless
from rules.kinds.podspec import read_containers
from rules.kinds.schema import Kind
from rules.kinds.unknown import find_pod_templates, find_resources, is_in_values
from rules.manifest import Manifest
from rules.model import Problem
from rules.paths import EACH, Path, dig, dotted, expand, shorten
from rules.quantity import parse_quantity
from rules.type_names import Any
from rules.wording import suggestion
from rules.workload import Workload

_MOST = 100
"""Pod templates that are counted."""


def holds_work(manifest: Manifest) -> bool:
    """Whether an object of an unknown kind holds what looks like pods, asks for resources, or is
    called almost as a kind that is known."""
    body = manifest.object
    if _is_podless(manifest):
        return False
    return bool(find_pod_templates(body) or find_resources(body)) or is_misnamed(manifest)


def view_stranger(
    manifest: Manifest, inventory: Inventory, parameters: Mapping[str, Any]
) -> Workload:
    """The view of an object of an unknown kind: nothing is known to stand in it."""
    kind = Kind(manifest.group, str(manifest.object.get("kind") or ""), root=())
    return Workload(manifest, kind, inventory, parameters)


def describe_stranger(workload: Workload) -> Problem | None:
    """What is to be told of an object of an unknown kind; None where it holds no pods, asks for no
    accelerators, and is not called almost as a kind that is known."""
    manifest = workload.manifest
    if _is_podless(manifest):
        return None
    return _describe_misnamed(workload) or _describe_unjudged(workload)


def is_misnamed(manifest: Manifest) -> bool:
    """Whether an object of an unknown kind is meant to be of one that is known."""
    group, kind = manifest.group, str(manifest.object.get("kind") or "")
    if find_namesake(group, kind):
        return True
    unheard = list_kinds_of_kubernetes(group) and not find_own_group(group, kind)
    nowhere = bool(unheard) or find_home(group, kind) is not None
    return nowhere and bool(find_pod_templates(manifest.object))


def _describe_misnamed(workload: Workload) -> Problem | None:
    """The problem of a misnamed kind: a gate that is silent about a ``job`` passes what it has not
    checked."""
    if not is_misnamed(workload.manifest):
        return None
    identity = workload.identity
    version, kind = shorten(identity.api_version), shorten(identity.kind)
    meant = find_namesake(workload.kind.group, identity.kind)
    if meant:
        text = f"kind is {kind}, which {version} does not have, so that nothing is judged"
        return Problem("misnamed", ("kind",), f"{text}; expected {meant}")
    home = find_home(workload.kind.group, identity.kind)
    if home is None:
        return _tell_unheard(workload, list_kinds_of_kubernetes(workload.kind.group))
    other = f" and kind {home.kind}" if home.kind != identity.kind else ""
    text = f"apiVersion is {version}, which has no kind {kind}, so that nothing is judged"
    return Problem("misnamed", ("apiVersion",), f"{text}; expected {home.api_version}{other}")


def _describe_unjudged(workload: Workload) -> Problem | None:
    manifest = workload.manifest
    patterns = find_pod_templates(manifest.object)
    found = (one for pattern in patterns for one in expand(manifest.object, pattern))
    places = list(islice(found, _MOST))
    if not places:
        return _describe_asking(workload)
    held = sum(_count_accelerators(template, workload.accelerators) for _, template in places)
    shown = dotted(patterns[0]).replace(f".{EACH}", "[*]")
    asked = f", which ask for {held:.10g} accelerators," if held else ""
    seen = f"its pods at {shown}{asked} are not judged"
    return _tell_unjudged(workload, places[0][0], seen, "an entry in the policy's kinds")


def _tell_unheard(workload: Workload, known: tuple[str, ...]) -> Problem:
    """Of a kind in a group of Kubernetes that never was there."""
    version, kind = shorten(workload.identity.api_version), shorten(workload.identity.kind)
    text = f"kind is {kind}, which {version} does not have, so that nothing is judged"
    near = suggestion(kind, known)
    return Problem("misnamed", ("kind",), f"{text}; expected one that it has{near}")


def _describe_asking(workload: Workload) -> Problem | None:
    """An operator makes pods of settings: nothing but what they ask for can be told."""
    whole = workload.manifest.object
    for path in islice(find_resources(whole), _MOST):
        held = _count_asked(dig(whole, path), workload.accelerators)
        if held:
            found = f"the {held:.10g} accelerators at {dotted(path)} are not judged"
            return _tell_unjudged(workload, path, found, "a kind that is known")
    return None


def _tell_unjudged(workload: Workload, path: Path, found: str, expected: str) -> Problem:
    """What a chart makes of its values is known when it is rendered."""
    name = shorten(f"{workload.kind.name}.{workload.manifest.group}".rstrip("."))
    reason = f"nobody knows the kind {name}"
    if is_in_values(workload.kind.group, workload.kind.name, path):
        reason = "these are values for a chart"
        expected = "what the chart renders: mlgate lint --helm"
    own = find_own_group(workload.kind.group, workload.kind.name)
    if own:
        expected = f"an apiVersion of {own}"
    return Problem("unjudged", path, f"{reason}: {found}; expected {expected}")


def _is_podless(manifest: Manifest) -> bool:
    return is_podless(manifest.group, str(manifest.object.get("kind") or ""))


def _count_accelerators(template: object, accelerators: Accelerators) -> float:
    spec = dig(template, ("spec",)) if dig(template, ("containers",)) is None else template
    if not isinstance(spec, dict):
        return 0
    containers = read_containers(spec, ())
    return sum(_count_asked(one.get("resources"), accelerators) for one in containers)


def _count_asked(resources: object, accelerators: Accelerators) -> float:
    amounts = (amount for _, amount in accelerators.asked(resources, "limits"))
    return sum(max(0, parse_quantity(amount) or 0) for amount in amounts)
