"""The kinds that a policy brings, as kinds like any other."""

from collections.abc import Iterator
from functools import partial

from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Restart
from rules.kinds.podspec import make_bare_pod, make_pod
from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.kinds.views import SpecView
from rules.paths import Path
from rules.policy.entries import CustomKind
from rules.policy.values import Policy


def custom_kinds(policy: Policy) -> tuple[Kind, ...]:
    """A Kind for each entry of the policy's ``kinds``."""
    return tuple(map(_make_kind, policy.kinds))


def _make_kind(entry: CustomKind) -> Kind:
    role = Role(entry.role) if entry.role else None
    pods = partial(_pods, entry.templates)
    return Kind(entry.group, entry.name, root=(), pods=pods, role=role)


def _pods(patterns: tuple[Path, ...], whole: SpecView, _ask: Ask) -> Iterator[Pod]:
    for pattern in patterns:
        for found in whole.each(*pattern):
            if isinstance(found.dig("containers"), list):
                restart = _read_restart(found)
                yield make_bare_pod(found.path, found.mapping(), restart=restart, replicas=None)
            else:
                restart = _read_restart(found.below("spec"))
                yield make_pod(found, restart=restart, replicas=None)


def _read_restart(spec: SpecView) -> Restart:
    """A pod spec's restart policy. What absence means is its operator's affair, so that only a
    written policy is judged."""
    return Restart(spec.value("restartPolicy", default="Never"), "Never", form="operator")
