"""KAITO: Workspaces, in which everything stands at the top level, and sets of such that serve.

Source: kaito ``api/v1beta1/workspace_types.go`` and ``inferenceset_types.go``. A workspace either
serves (``inference``) or tunes (``tuning``) a model; presets have no template in the object, and
accelerators come with ``resource.instanceType``.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_pod, make_unseen_pod, read_count
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView


def _pods(whole: SpecView, _ask: Ask) -> Iterator[Pod]:
    if whole.mapping("tuning"):
        yield _tuning(whole.below("tuning"))
    for inference in whole.each("inference"):
        yield _inference(inference, read_count(whole.dig("resource", "count")))


def _set_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for inference in spec.each("template", "inference"):
        yield _inference(inference, read_count(spec.dig("replicas")))


def _inference(inference: SpecView, count: int | None) -> Pod:
    for template in inference.each("template"):
        return make_pod(template, role=Role.SERVING, replicas=count, images=False)
    name = str(inference.dig("preset", "name") or "")
    return make_unseen_pod(inference.path, name=name, role=Role.SERVING)


def _tuning(tuning: SpecView) -> Pod:
    """The tuning job's pod; its output is an image that is pushed, or a volume."""
    output = tuning.mapping("output")
    return make_unseen_pod(
        tuning.path,
        name=str(tuning.dig("preset", "name") or ""),
        role=Role.TRAINING,
        writer=True,
        outputs_known=True,
        durable=bool(output.get("image") or output.get("volume")),
    )


_ROWS: FactRows = {
    facts.REPLICAS: ("resource.count", 1),
    facts.INSTANCE_TYPE: ("resource.instanceType",),
}
_SET: FactRows = {
    facts.REPLICAS: ("replicas", 1),
    facts.INSTANCE_TYPE: ("template.resource.instanceType",),
    facts.UPDATE_STRATEGY: ("updateStrategy.type", "RollingUpdate"),
    facts.MAX_UNAVAILABLE: ("updateStrategy.rollingUpdate.maxUnavailable", 1),
}

KINDS: tuple[Kind, ...] = (
    Kind("kaito.sh", "Workspace", root=(), pods=_pods, rows=(((), _ROWS),), plural="workspaces"),
    Kind(
        "kaito.sh",
        "InferenceSet",
        pods=_set_pods,
        role=Role.SERVING,
        required=(("spec", "template"),),
        rows=((SPEC, _SET),),
        plural="inferencesets",
    ),
)
