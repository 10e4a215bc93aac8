"""Kubeflow's notebooks: Notebook, one interactive pod; Workspace and WorkspaceKind (v1beta1).

Source: kubeflow/kubeflow notebook-controller; kubeflow/notebooks
``workspaces/controller/api/v1beta1``. A Workspace chooses among the images and the pod settings of
its WorkspaceKind, and names the claims that it mounts.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, Pod, Probes, Volume
from rules.kinds.podspec import (
    make_configured_container,
    make_pod,
    make_unseen_pod,
    read_volumes,
)
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path

_GROUP = "kubeflow.org"
_SETTINGS: Path = ("podTemplate", "options", "podConfig", "values", EACH)

_SETTING: FactRows = {
    facts.AFFINITY: ("affinity",),
    facts.NODE_SELECTOR: ("nodeSelector",),
    facts.TOLERATIONS: ("tolerations",),
}


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for template in spec.each("template"):
        yield make_pod(template)


def _workspace_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """One pod, none while it is paused, with the claims that the Workspace names."""
    volumes = spec.below("podTemplate", "volumes")
    paused = spec.dig("paused") is True
    yield make_unseen_pod(
        (*spec.path, "podTemplate"),
        text=str(spec.dig("kind") or ""),
        replicas=0 if paused else 1,
        volumes=tuple(_claims(volumes)),
    )


def _claims(volumes: SpecView) -> Iterator[Volume]:
    home = volumes.dig("home")
    if isinstance(home, str):
        yield _claim("home", volumes.path, home)
    for mount in volumes.each("data", EACH):
        yield _claim("data", mount.path, str(mount.dig("pvcName") or ""))


def _claim(name: str, path: Path, claim: str) -> Volume:
    return Volume(name, path, {"persistentVolumeClaim": {"claimName": claim}})


def _kind_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """A pod for each choice of settings; the images are chosen apart from them."""
    template = spec.below("podTemplate")
    for value in spec.each(*_SETTINGS):
        for setting in value.each("spec"):
            yield Pod(
                setting.path,
                setting.path,
                setting.mapping(),
                name=str(value.dig("id") or ""),
                containers=(_main(template, setting),),
                volumes=read_volumes({"volumes": template.dig("extraVolumes")}, template.path),
                probes=Probes.GIVEN,
                replicas=None,
                images=False,
            )


def _main(template: SpecView, setting: SpecView) -> Container:
    body = {"resources": setting.dig("resources"), "env": template.dig("extraEnv")}
    elsewhere = {"env": (*template.path, "extraEnv")}
    return make_configured_container("main", body, setting.path, elsewhere=elsewhere)


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "Notebook",
        pods=_pods,
        role=Role.NOTEBOOK,
        required=(("spec", "template"),),
        rows=(((), {facts.SUSPEND: ("metadata.annotations.kubeflow-resource-stopped",)}),),
        plural="notebooks",
    ),
    Kind(
        _GROUP,
        "Workspace",
        pods=_workspace_pods,
        role=Role.NOTEBOOK,
        required=((*SPEC, "podTemplate"),),
        rows=((SPEC, {facts.SUSPEND: ("paused", False)}),),
        pod_rows={},
        plural="workspaces",
    ),
    Kind(
        _GROUP,
        "WorkspaceKind",
        pods=_kind_pods,
        role=Role.NOTEBOOK,
        required=((*SPEC, "podTemplate"),),
        pod_rows=_SETTING,
        plural="workspacekinds",
        namespaced=False,
        dormant=True,
    ),
)
