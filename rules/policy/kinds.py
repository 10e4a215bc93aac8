"""The kinds that a policy brings, as kinds like any other."""

from collections.abc import Iterator

from rules.kinds.podspec import make_pod
from rules.kinds.schema import Ask, Kind, Pod, PodReader, Restart, Role, read_pods
from rules.manifest import Manifest
from rules.paths import Path
from rules.policy.entries import CustomKind
from rules.policy.values import Policy


def custom_kinds(policy: Policy) -> tuple[Kind, ...]:
    """A Kind for each entry of the policy's ``kinds``."""
    return tuple(map(_make_kind, policy.kinds))


def _make_kind(entry: CustomKind) -> Kind:
    role = Role(entry.role) if entry.role else None
    return Kind(entry.group, entry.name, pods=_reader(entry.templates), role=role)


def _reader(patterns: tuple[Path, ...]) -> PodReader:
    def pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
        for pattern in patterns:
            for path, template in read_pods(manifest, pattern):
                restart = _read_restart(manifest, path)
                yield make_pod(path, template, restart=restart, count=None)

    return pods


def _read_restart(manifest: Manifest, template: Path) -> Restart:
    """The template's restart policy. What absence means is its operator's affair, so that only a
    written policy is judged."""
    value = manifest.value((*template, "spec", "restartPolicy"), "Never")
    return Restart(value, "Never", form="operator")
