"""The kinds that mlgate knows, and how to find one."""

from functools import cache

from rules.kinds import (
    aibrix,
    apache_spark,
    argo,
    argo_rollouts,
    autoscaling,
    batch,
    config_maps,
    core,
    dynamo,
    extensions,
    flink,
    jobset,
    kaito,
    katib,
    keda,
    knative,
    kruise,
    kserve,
    kserve_llm,
    kthena,
    kubedl,
    kubedl_jobs,
    kubeflow,
    lws,
    mpi,
    nim,
    notebook,
    ome,
    openshift,
    paddle,
    production_stack,
    ray,
    rolebased,
    seldon,
    spark,
    substratus,
    trainer,
    trainjob,
    volcano,
    wrappers,
)
from rules.kinds.neighbours import NEIGHBOURS, NEIGHBOURS_IN_FILES
from rules.kinds.schema import Kind

BUILT_IN: tuple[Kind, ...] = (
    *core.KINDS,
    *aibrix.KINDS,
    *apache_spark.KINDS,
    *argo.KINDS,
    *argo_rollouts.KINDS,
    *autoscaling.KINDS,
    *batch.KINDS,
    *dynamo.KINDS,
    *extensions.KINDS,
    *flink.KINDS,
    *jobset.KINDS,
    *kaito.KINDS,
    *katib.KINDS,
    *keda.KINDS,
    *knative.KINDS,
    *kserve.KINDS,
    *kserve_llm.KINDS,
    *kruise.KINDS,
    *kthena.KINDS,
    *kubedl.KINDS,
    *kubedl_jobs.KINDS,
    *kubeflow.KINDS,
    *lws.KINDS,
    *mpi.KINDS,
    *nim.KINDS,
    *notebook.KINDS,
    *ome.KINDS,
    *openshift.KINDS,
    *paddle.KINDS,
    *production_stack.KINDS,
    *ray.KINDS,
    *rolebased.KINDS,
    *seldon.KINDS,
    *spark.KINDS,
    *substratus.KINDS,
    *trainer.KINDS,
    *trainjob.KINDS,
    *volcano.KINDS,
    *wrappers.KINDS,
)

IN_FILES: tuple[Kind, ...] = config_maps.KINDS
"""Kinds that are judged in files alone: in a cluster controllers write ConfigMaps every few
seconds. ``find_kind`` finds none of them."""

_BY_NAME: dict[tuple[str, str], Kind] = {(kind.group, kind.name): kind for kind in BUILT_IN}
_LOOKED_UP: dict[tuple[str, str], Kind] = {
    (kind.group, kind.name): kind for kind in (*NEIGHBOURS, *NEIGHBOURS_IN_FILES)
}


def find_kind(group: str, name: str) -> Kind | None:
    """The kind of that group and name, whatever the version; None where it is not known."""
    return _BY_NAME.get((group, name))


def find_neighbour(group: str, name: str) -> Kind | None:
    """The kind of that group and name, be its objects judged or only looked up."""
    return _BY_NAME.get((group, name)) or _LOOKED_UP.get((group, name))


@cache
def kinds_with(fact: str) -> tuple[Kind, ...]:
    """The kinds of whose objects a fact may be asked."""
    return tuple(kind for kind in (*BUILT_IN, *NEIGHBOURS) if fact in kind.facts)
