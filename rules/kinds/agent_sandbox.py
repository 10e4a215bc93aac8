"""Sandboxes of agents (agents.x-k8s.io): one pod that is kept, and the template of such.

Source: kubernetes-sigs/agent-sandbox ``api/v1beta1/sandbox_types.go``,
``extensions/api/v1beta1/sandboxtemplate_types.go`` and ``controllers/sandbox_controller.go``: the
sandbox owns its claims. v1alpha1 has ``replicas``, 0 or 1, for what ``operatingMode`` is now.
"""

from collections.abc import Iterator
from functools import partial

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Removal
from rules.kinds.podspec import claim_templates, make_pod, read_count
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.type_names import Any

_ROWS: FactRows = {facts.CLAIM_TEMPLATES: ("volumeClaimTemplates",)}
_PRIORS = {Role.NOTEBOOK: 1, Role.TRAINING: -4, Role.BATCH: -4, Role.DATA: -2}
_REMOVAL = Removal("is deleted with the Sandbox")


def _pods(spec: SpecView, _ask: Ask, *, kept: bool) -> Iterator[Pod]:
    claims = claim_templates(spec.below("volumeClaimTemplates"), _REMOVAL)
    for template in spec.each("podTemplate"):
        count = _count(spec) if kept else None
        yield make_pod(template, replicas=count, volumes=claims)


def _count(spec: SpecView) -> int | None:
    return 0 if spec.dig("operatingMode") == "Suspended" else read_count(spec.dig("replicas"))


def _kind(group: str, name: str, plural: str, *, kept: bool, **known: Any) -> Kind:
    return Kind(
        group,
        name,
        pods=partial(_pods, kept=kept),
        priors=_PRIORS,
        required=(("spec", "podTemplate"),),
        rows=((SPEC, _ROWS),),
        plural=plural,
        **known,
    )


KINDS: tuple[Kind, ...] = (
    _kind("agents.x-k8s.io", "Sandbox", "sandboxes", kept=True),
    _kind(
        "extensions.agents.x-k8s.io",
        "SandboxTemplate",
        "sandboxtemplates",
        kept=False,
        dormant=True,
    ),
)
