"""Kinds that hold whole objects of other kinds, which are judged where they stand.

Source: project-codeflare/appwrapper ``api/v1beta2/appwrapper_types.go``; the dispatcher before it,
``pkg/apis/controller/v1beta1/appwrapper.go`` (GenericItems); ``work/v1/types.go`` of
open-cluster-management-io/api; openshift/api ``template/v1/types.go``, whose objects have
``${PARAMETER}`` in them; argoproj/argo-events ``pkg/apis/events/v1alpha1/sensor_types.go``, whose
triggers make an object for each event.
"""

from collections.abc import Iterator
from functools import partial

from rules.kinds import facts
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.schema import SPEC, Inner, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path

_APP: FactRows = {
    facts.SUSPEND: ("suspend", False, CONTROLLER),
    facts.MANAGED_BY: ("managedBy",),
}
_COMPONENTS: tuple[Path, ...] = (
    ("components", EACH, "template"),
    ("resources", "GenericItems", EACH, "generictemplate"),
)
"""v1beta2's place, and v1beta1's."""
_MANIFESTS: tuple[Path, ...] = (("workload", "manifests", EACH),)
_OBJECTS: tuple[Path, ...] = (("objects", EACH),)

_TRIGGERS: Path = ("triggers", EACH, "template")
_MAKES = (None, "create", "update", "submit")
"""What a trigger does to its object, where that is to be as it stands."""


def _inner(patterns: tuple[Path, ...], spec: SpecView, *, queued: bool = False) -> Iterator[Inner]:
    for pattern in patterns:
        for held in spec.each(*pattern):
            yield Inner(held.path, queued=queued)


def _triggered(spec: SpecView) -> Iterator[Inner]:
    for place in ("k8s", "argoWorkflow"):
        for trigger in spec.each(*_TRIGGERS, place):
            made = trigger.dig("operation") in _MAKES
            for held in trigger.each("source", "resource") if made else ():
                yield Inner(held.path)


KINDS: tuple[Kind, ...] = (
    Kind(
        "workload.codeflare.dev",
        "AppWrapper",
        inner=partial(_inner, _COMPONENTS, queued=True),
        rows=((SPEC, _APP),),
        plural="appwrappers",
    ),
    Kind(
        "work.open-cluster-management.io",
        "ManifestWork",
        inner=partial(_inner, _MANIFESTS),
        plural="manifestworks",
    ),
    Kind(
        "template.openshift.io",
        "Template",
        root=(),
        inner=partial(_inner, _OBJECTS),
        plural="templates",
        dormant=True,
    ),
    Kind(
        "argoproj.io",
        "Sensor",
        inner=_triggered,
        plural="sensors",
    ),
)
