"""Other objects that an object cannot do without, by kind, and by what a pod spec names.

Source: core/v1 (Volume, EnvVarSource, EnvFromSource: ``optional``); kubeflow/trainer
``trainjob_types.go`` (RuntimeRef); argo-workflows ``workflow_types.go`` (WorkflowTemplateRef);
kserve ``predictor_model.go`` (Runtime).
"""

from collections.abc import Iterable, Iterator

from rules.kinds.config_maps import CONFIG_MAP
from rules.kinds.lookups import Reference
from rules.kinds.neighbours import ACCOUNT_KIND, CLAIM, LOCAL_QUEUE, SECRET
from rules.kinds.pods import Container, Volume
from rules.kinds.schema import Kind
from rules.lazy_pattern import LazyPattern
from rules.manifest import Manifest
from rules.paths import EACH, Path, expand
from rules.record import NamedTuple
from rules.type_names import Any

_MADE = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"})
"""ConfigMaps that a controller puts into every namespace."""
_NAME = LazyPattern(r"[a-z0-9][a-z0-9.-]{0,252}")
_ACCOUNTS = frozenset({"default", "default-editor", "default-viewer"})
"""ServiceAccounts that a controller puts into every namespace: Kubernetes', and Kubeflow's for
profiles."""
_TOLD_LATER = LazyPattern(r"replaced?-(?:by|me|with)\b.*|.*placeholder.*|change-?me")
"""A name that stands for another one."""


class NamedObject(NamedTuple):
    """What is named, as ``reference``, and where; ``secret``: it may be kept out of all files."""

    path: Path
    reference: Reference
    secret: bool = False


def name_account(path: Path, name: Any, namespace: str | None) -> Iterator[NamedObject]:
    """The ServiceAccount of that name; some are in each namespace."""
    if name not in _ACCOUNTS:
        yield from _name(ACCOUNT_KIND, path, name, namespace)


def name_queue(path: Path, name: Any, namespace: str | None) -> Iterator[NamedObject]:
    """Kueue's queue of that name."""
    yield from _name(LOCAL_QUEUE, path, name, namespace)


def name_of_volumes(volumes: Iterable[Volume], namespace: str | None) -> Iterator[NamedObject]:
    """What a pod's volumes are filled from."""
    for volume in volumes:
        for pattern, field, kind in _SOURCES:
            yield from _read(volume.body, volume.path, pattern, field, kind, namespace)


def name_of_environment(container: Container, namespace: str | None) -> Iterator[NamedObject]:
    """What a container's environment is read from."""
    for key, pattern, kind in _VARIABLES:
        at = container.place(key)
        yield from _read(container.get(key), at, pattern, "name", kind, namespace)


_SOURCES: tuple[tuple[Path, str, Kind], ...] = (
    (("configMap",), "name", CONFIG_MAP),
    (("secret",), "secretName", SECRET),
    (("persistentVolumeClaim",), "claimName", CLAIM),
    (("projected", "sources", EACH, "configMap"), "name", CONFIG_MAP),
    (("projected", "sources", EACH, "secret"), "name", SECRET),
)
_VARIABLES: tuple[tuple[str, Path, Kind], ...] = (
    ("env", (EACH, "valueFrom", "configMapKeyRef"), CONFIG_MAP),
    ("env", (EACH, "valueFrom", "secretKeyRef"), SECRET),
    ("envFrom", (EACH, "configMapRef"), CONFIG_MAP),
    ("envFrom", (EACH, "secretRef"), SECRET),
)


def _read(
    body: Any, at: Path, pattern: Path, field: str, kind: Kind, namespace: str | None
) -> Iterator[NamedObject]:
    for path, source in expand(body, pattern, at):
        if isinstance(source, dict) and source.get("optional") is not True:
            yield from _name(kind, (*path, field), source.get(field), namespace)


def _name(kind: Kind, path: Path, name: Any, namespace: str | None) -> Iterator[NamedObject]:
    if _is_name(name) and name not in _MADE:
        reference = Reference(kind.group, (kind.name,), namespace, name)
        yield NamedObject(path, reference, secret=kind is SECRET)


def _is_name(value: Any) -> bool:
    """Whether an object can have that name: ``V_CLAIM`` is filled in by somebody."""
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        return False
    return _TOLD_LATER.fullmatch(value) is None


def name_templates(group: str, kind: str, manifest: Manifest) -> Iterator[NamedObject]:
    """The objects that one of this kind is made from."""
    for path, kinds in _choose_templates(group, kind, manifest):
        name = manifest.dig(*path)
        if _is_name(name):
            yield NamedObject(path, Reference(group, kinds, manifest.identity.namespace, name))


def _choose_templates(
    group: str, kind: str, manifest: Manifest
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    match group, kind:
        case "trainer.kubeflow.org", "TrainJob":
            runtime = manifest.dig("spec", "runtimeRef", "kind")
            yield ("spec", "runtimeRef", "name"), (str(runtime or "ClusterTrainingRuntime"),)
        case "argoproj.io", "Workflow" | "CronWorkflow":
            spec = ("spec",) if kind == "Workflow" else ("spec", "workflowSpec")
            wide = manifest.dig(*spec, "workflowTemplateRef", "clusterScope") is True
            kinds = ("ClusterWorkflowTemplate",) if wide else ("WorkflowTemplate",)
            yield (*spec, "workflowTemplateRef", "name"), kinds
        case "serving.kserve.io", "InferenceService":
            path = ("spec", "predictor", "model", "runtime")
            yield path, ("ServingRuntime", "ClusterServingRuntime")
