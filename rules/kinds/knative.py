"""Knative Serving (``serving.knative.dev``): a Service is not core/v1's.

Probes of the user container are the user's own: the kubelet runs startup and liveness probes,
readiness is rewritten to the queue-proxy (knative serving ``pkg/reconciler/revision/resources``).
"""

from rules.kinds.core import read_template
from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.paths import Path

GROUP = "serving.knative.dev"

_TEMPLATE: Path = ("spec", "template")
_PRIORS = {Role.SERVING: 3}


def _revisions(name: str, plural: str) -> Kind:
    return Kind(
        GROUP,
        name,
        pods=read_template,
        priors=_PRIORS,
        required=(_TEMPLATE,),
        plural=plural,
    )


KINDS: tuple[Kind, ...] = (
    _revisions("Service", "services"),
    _revisions("Configuration", "configurations"),
)
