"""What becomes of a run that is over: its time to live, and who makes again what that deletes."""

from rules.kinds.facts import DESTINATION, SHUTDOWN_WHEN_FINISHED, TTL, TTL_STRATEGY
from rules.kinds.lookups import Answer
from rules.kinds.neighbours import APPLICATION, refer
from rules.manifest import Manifest
from rules.model import Value
from rules.workload import Workload

_TRACKERS = {
    "argocd.argoproj.io/": "Argo CD",
    "kustomize.toolkit.fluxcd.io/": "Flux",
    "helm.toolkit.fluxcd.io/": "Flux",
}
_INSTANCE = "app.kubernetes.io/instance"
"""The label by which Argo CD knows what it keeps, unless it is told otherwise; and Helm's."""
_HOOKS = frozenset({"argocd.argoproj.io/hook", "helm.sh/hook"})


def find_gitops_tool(workload: Workload) -> str:
    """The tool that keeps the object in the cluster; empty where none does, or it is a hook."""
    marks = _list_marks(workload.manifest)
    if not _HOOKS.isdisjoint(marks):
        return ""
    found = (name for mark in marks for start, name in _TRACKERS.items() if mark.startswith(start))
    return next(found, "") or _find_application(workload)


def _find_application(workload: Workload) -> str:
    """Argo CD, where an Application at hand has the name that the object's instance label says."""
    name = workload.manifest.dig("metadata", "labels", _INSTANCE)
    if not isinstance(name, str):
        return ""
    answer, namespace = workload.ask(refer(APPLICATION, None, name), DESTINATION)
    elsewhere = namespace and workload.namespace and namespace != workload.namespace
    return "Argo CD" if answer is Answer.FOUND and not elsewhere else ""


def is_hook(manifest: Manifest) -> bool:
    """Whether a tool runs the object at a step of its own, and deletes the last one before."""
    return not _HOOKS.isdisjoint(_list_marks(manifest))


def _list_marks(manifest: Manifest) -> list[str]:
    places = ("labels", "annotations")
    return [str(key) for one in places for key in manifest.mapping("metadata", one)]


def find_ttl(workload: Workload) -> Value | None:
    """What deletes the finished job itself, written or not; a RayJob's takes its cluster alone."""
    if workload.at(SHUTDOWN_WHEN_FINISHED) is not None:
        return None
    found = (workload.at(TTL), workload.at(TTL_STRATEGY))
    return next((ttl for ttl in found if ttl is not None), None)
