"""Flink's Kubernetes operator (flink.apache.org/v1beta1): FlinkDeployment.

Source: apache/flink-kubernetes-operator ``flink-kubernetes-operator-api`` (``FlinkDeploymentSpec``,
``JobManagerSpec``, ``TaskManagerSpec``). The pod templates of the two parts are laid over the
deployment's own; none need be there.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.core import SERVICE_PRIORS
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_pod, make_unseen_pod, read_count
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView

_MAIN = "flink-main-container"
_PARTS = (("jobManager", Subrole.MASTER), ("taskManager", Subrole.WORKER))
_PRIORS = {**SERVICE_PRIORS, Role.SERVING: 0, Role.DATA: 1}
"""It streams for ever as a service does, and serves nobody."""

_SPEC: FactRows = {
    facts.ENTRYPOINT: ("job.entryClass",),
    facts.PARALLELISM: ("job.parallelism",),
}
_PART: FactRows = {facts.REPLICAS: ("replicas", 1, CONTROLLER)}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """A pod for each template that is written; what none of them says the operator does."""
    text = " ".join(word for word in _words(spec) if isinstance(word, str))
    pods = [*_read_template(spec, text)]
    for name, subrole in _PARTS:
        pods += _read_template(spec.below(name), text, name, subrole)
    yield from pods or [make_unseen_pod(spec.path, text=text)]


def _read_template(
    part: SpecView, text: str, name: str = "", subrole: Subrole | None = None
) -> Iterator[Pod]:
    for template in part.each("podTemplate"):
        yield make_pod(
            template,
            name=name,
            main=(_MAIN,),
            subrole=subrole,
            replicas=read_count(part.dig("replicas")),
            text=text,
            complete=False,
            images=False,
        )


def _words(spec: SpecView) -> Iterator[object]:
    yield spec.dig("job", "entryClass")
    yield spec.dig("job", "jarURI")
    args = spec.dig("job", "args")
    yield from args if isinstance(args, list) else ()


KINDS: tuple[Kind, ...] = (
    Kind(
        "flink.apache.org",
        "FlinkDeployment",
        pods=_pods,
        priors=_PRIORS,
        required=(("spec", "flinkVersion"),),
        rows=((SPEC, _SPEC), *((("spec", name), _PART) for name, _ in _PARTS)),
        plural="flinkdeployments",
    ),
)
