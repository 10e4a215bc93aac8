"""Knative Serving (``serving.knative.dev``): a Service is not core/v1's.

Probes of the user container are the user's own: the kubelet runs startup and liveness probes,
readiness is rewritten to the queue-proxy, which asks the port where nothing is written (knative
serving ``pkg/reconciler/revision/resources``).
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.core import read_template
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import Path

_GROUP = "serving.knative.dev"

_TEMPLATE: Path = ("spec", "template")
_ON_TEMPLATE = "template.metadata.annotations"
_ROWS: FactRows = {
    facts.MIN_REPLICAS: (f'{_ON_TEMPLATE}["autoscaling.knative.dev/min-scale"]',),
    facts.MAX_REPLICAS: (f'{_ON_TEMPLATE}["autoscaling.knative.dev/max-scale"]',),
    facts.SCALE_METRIC: (f'{_ON_TEMPLATE}["autoscaling.knative.dev/metric"]',),
    facts.SCALE_METRIC_TARGET: (f'{_ON_TEMPLATE}["autoscaling.knative.dev/target"]',),
    facts.AUTOSCALER_CLASS: (f'{_ON_TEMPLATE}["autoscaling.knative.dev/class"]',),
    facts.SCALE_DOWN_DELAY: (f'{_ON_TEMPLATE}["autoscaling.knative.dev/scale-down-delay"]',),
    facts.SCALE_TO_ZERO_RETENTION: (
        f'{_ON_TEMPLATE}["autoscaling.knative.dev/scale-to-zero-pod-retention-period"]',
    ),
    facts.PROGRESS_DEADLINE: (
        f'{_ON_TEMPLATE}["serving.knative.dev/progress-deadline"]',
        "600s",
        CONTROLLER,
    ),
    facts.CONTAINER_CONCURRENCY: ("template.spec.containerConcurrency", 0),
    facts.REQUEST_TIMEOUT: ("template.spec.timeoutSeconds", 300),
}
_PRIORS = {Role.SERVING: 3}


def _pods(spec: SpecView, ask: Ask) -> Iterator[Pod]:
    for pod in read_template(spec, ask):
        yield pod._replace(readiness_given=True)


def _revisions(name: str, plural: str) -> Kind:
    return Kind(
        _GROUP,
        name,
        pods=_pods,
        priors=_PRIORS,
        required=(_TEMPLATE,),
        rows=((SPEC, _ROWS),),
        plural=plural,
    )


KINDS: tuple[Kind, ...] = (
    _revisions("Service", "services"),
    _revisions("Configuration", "configurations"),
)
