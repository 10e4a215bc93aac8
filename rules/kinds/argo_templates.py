"""An Argo template as a pod: what the template, its defaults and its patches say together.

Source: argo-workflows ``workflow/controller/workflowpod.go`` (the pod) and ``operator.go``
(``mergedTemplateDefaultsInto``).
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container, ContainerUse, Pod, Probes, Removal, Volume
from rules.kinds.podspec import claim_templates, make_container, read_volumes
from rules.kinds.strategic_merge import strategic_merge
from rules.kinds.views import SpecView
from rules.paths import EACH, Path, dig, expand, items
from rules.reader import Document, read
from rules.type_names import Any

_PLACES: tuple[Path, ...] = (
    ("templates", EACH),
    ("templates", EACH, "steps", EACH, EACH, "inline"),
    ("templates", EACH, "dag", "tasks", EACH, "inline"),
)

EMBEDDING = ("create", "apply", "replace")
"""Actions of a resource template that take a whole manifest; ``patch`` takes a fragment."""

_POD_FORMS = ("container", "script", "containerSet")
_FORMS = (*_POD_FORMS, "steps", "dag", "resource", "data", "http", "plugin", "suspend")
_INHERITED = (
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "hostAliases",
    "hostNetwork",
    "imagePullSecrets",
    "nodeSelector",
    "resourceClaims",
    "schedulerName",
    "securityContext",
    "serviceAccountName",
    "tolerations",
)
"""Fields of the WorkflowSpec that stand for a template's own where it has none."""
_SEEN_APART = ("containers", "initContainers", "volumes")


def find_templates(workflow: SpecView) -> Iterator[SpecView]:
    """The templates of a WorkflowSpec, inline ones of steps and tasks too."""
    for place in _PLACES:
        yield from workflow.each(*place)


def is_pod(template: Mapping[str, Any]) -> bool:
    """Whether the template runs a pod of the user's."""
    return _form(template) in _POD_FORMS


def read_pod(workflow: SpecView, at: SpecView) -> Pod | None:
    """The pod of the template there in a WorkflowSpec; None where it runs none. The pod's spec is
    the template with what the workflow adds to it.

    Restart: the controller hard-codes Never (``workflowpod.go``), so that there is none to judge.
    Probes: a step ends when its container does; only a ``daemon`` waits for requests
    (``workflow_types.go``, Template.Daemon).
    """
    spec, path, template = workflow.mapping(), at.path, at.mapping()
    defaults = workflow.mapping("templateDefaults")
    if (_form(template) or _form(defaults)) not in _POD_FORMS:
        return None
    whole = strategic_merge(defaults, template)
    patch = strategic_merge(strategic_merge(_parse(spec), _parse(defaults)), _parse(template))
    metadata = strategic_merge(_mapping(spec.get("podMetadata")), _mapping(whole.get("metadata")))
    return Pod(
        path,
        path,
        _spec(spec, whole, patch),
        name=str(template.get("name") or ""),
        metadata=metadata,
        metadata_at=(*path, "metadata"),
        containers=_containers(path, _form(template) or _form(defaults), whole, patch),
        volumes=_volumes(workflow, at),
        volumes_at=(*path, "volumes"),
        probes=Probes.OWN if whole.get("daemon") else Probes.NONE,
        replicas=None,
        artifacts=_artifacts(whole),
        text=str(dig(whole, ("script", "source")) or ""),
        images=False,
    )


def read_words(template: Mapping[str, Any]) -> str:
    """The commands, arguments and script of a template's main containers, as one text."""
    bodies = [template.get("container"), template.get("script")]
    bodies += [body for _, body in expand(template, ("containerSet", "containers", EACH))]
    words = [
        str(word)
        for body in bodies
        for key in ("command", "args")
        for _, word in items(dig(body, (key,)))
    ]
    return " ".join([*words, *(str(dig(body, ("source",)) or "") for body in bodies)]).strip()


def _form(template: Mapping[str, Any]) -> str:
    for form in _FORMS:
        if form in template and template[form] is not None:
            return form
    return ""


def _containers(
    path: Path, form: str, whole: Mapping[str, Any], patch: Mapping[str, Any]
) -> tuple[Container, ...]:
    places = (
        ("initContainers", ContainerUse.INIT),
        ("sidecars", ContainerUse.SIDECAR),
    )
    found = [
        *((at, body, ContainerUse.MAIN) for at, body in _mains(path, form, whole)),
        *((at, body, use) for key, use in places for at, body in _listed(path, whole, key)),
    ]
    return tuple(_container(at, body, use, patch) for at, body, use in found)


def _container(
    path: Path, body: Mapping[str, Any], use: ContainerUse, patch: Mapping[str, Any]
) -> Container:
    """A container with what the pod's patch says of the one of its name; ``main`` is the name of
    the only one (``common.MainContainerName``)."""
    name = str(body.get("name") or "")
    if use is ContainerUse.MAIN and path[-1] in ("container", "script"):
        name = "main"
    key = "initContainers" if use is ContainerUse.INIT else "containers"
    for _, more in _listed((), patch, key):
        if more.get("name") == name:
            body = strategic_merge(body, more)
    return make_container(body, path, use)._replace(name=name)


def _mains(
    path: Path, form: str, whole: Mapping[str, Any]
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if form == "containerSet":
        yield from _listed((*path, form), _mapping(whole.get(form)), "containers")
        return
    body = whole.get(form)
    if isinstance(body, dict):
        yield (*path, form), body


def _listed(path: Path, body: Mapping[str, Any], key: str) -> list[tuple[Path, Mapping[str, Any]]]:
    if key not in body:
        return []
    return [((*path, key, at), one) for at, one in items(body[key]) if isinstance(one, dict)]


def _spec(
    spec: Mapping[str, Any], whole: Mapping[str, Any], patch: Mapping[str, Any]
) -> Mapping[str, Any]:
    inherited = {key: spec[key] for key in _INHERITED if key in spec and spec[key] is not None}
    own = {key: value for key, value in patch.items() if key not in _SEEN_APART}
    merged: Mapping[str, Any] = strategic_merge({**inherited, **whole}, own)
    return merged


def _volumes(workflow: SpecView, template: SpecView) -> tuple[Volume, ...]:
    """The template's volumes, its defaults', the workflow's, and the claims made from templates."""
    defaults = workflow.below("templateDefaults")
    return (
        *(one for place in (template, defaults, workflow) for one in _own_volumes(place)),
        *claim_templates(workflow.below("volumeClaimTemplates"), _claims_end(workflow)),
        *(one for place in (workflow, template) for one in _patched_volumes(place)),
    )


def _claims_end(workflow: SpecView) -> Removal:
    """There is no strategy that keeps them (``workflow_types.go`` GetVolumeClaimGC)."""
    completed = workflow.dig("volumeClaimGC", "strategy") == "OnWorkflowCompletion"
    return Removal(f"is deleted when the workflow {'ends' if completed else 'succeeds'}")


def _own_volumes(place: SpecView) -> tuple[Volume, ...]:
    return read_volumes(place.mapping(), place.path)


def _patched_volumes(place: SpecView) -> tuple[Volume, ...]:
    at = (*place.path, "podSpecPatch")
    return tuple(one._replace(path=at) for one in read_volumes(_parse(place.mapping()), at))


def _parse(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The ``podSpecPatch`` of a workflow or template, JSON or YAML in a string: empty where there
    is none, or where placeholders keep it from being read."""
    text = body.get("podSpecPatch")
    if not isinstance(text, str):
        return {}
    values = (each.value for each in read(text) if isinstance(each, Document))
    return _mapping(next(values, None))


def _artifacts(whole: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths that the executor copies to the artifact repository."""
    return tuple(
        found
        for _, found in expand(whole, ("outputs", "artifacts", EACH, "path"))
        if isinstance(found, str)
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
