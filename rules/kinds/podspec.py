"""Pod specs as views: containers, mounts and volumes (core/v1 PodSpec)."""

from collections.abc import Iterable, Iterator, Mapping

from rules.kinds.pods import Container, ContainerUse, Mount, Pod, Probes, Removal, Volume
from rules.kinds.views import SpecView
from rules.lazy_pattern import LazyPattern
from rules.memory import remember
from rules.paths import EACH, Path, dig
from rules.type_names import Any

_SIDECAR_WORDS = frozenset(
    """
    agent dind envoy exporter gcsfuse logger logging metrics monitor oauth proxy rbac reloader
    sidecar tensorboard watcher
    """.split()
)
_SIDECAR_PAIRS = ("-cloud-sql-", "-log-router-")
_SIDECAR_HEAD = "fluent"
_SIDECAR_IMAGES = (
    *("istio/proxyv2", "linkerd-io/proxy", "cloud-sql-proxy", "cloudsql-proxy", "gcs-fuse-csi"),
    *("fluent-bit", "fluentbit", "fluentd", "dcgm-exporter", "node-exporter", "kube-rbac-proxy"),
    *("oauth-proxy", "oauth2-proxy", "envoyproxy"),
)
_DIND = LazyPattern(r"docker:[\w.-]*dind")
_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
_DEFAULT_CONTAINER = ("annotations", "kubectl.kubernetes.io/default-container")


def read_containers(
    spec: Mapping[str, Any],
    spec_path: Path,
    main: tuple[str, ...] = (),
    metadata: Mapping[str, Any] | None = None,
) -> tuple[Container, ...]:
    """All containers of a pod spec, init containers first, each with its use.

    ``main`` names the containers that the operator takes for the main one. A native sidecar (an
    init container with ``restartPolicy: Always``, KEP-753) counts as a sidecar.
    """
    named = main or tuple(filter(None, (dig(metadata, _DEFAULT_CONTAINER),)))
    regular = list(_bodies(spec, spec_path, "containers"))
    mains = _choose_mains([body for _, body in regular], named)
    return (
        *(
            make_container(body, path, _init_use(body))
            for path, body in _bodies(spec, spec_path, "initContainers")
        ),
        *(
            make_container(body, path, ContainerUse.MAIN if chosen else ContainerUse.SIDECAR)
            for (path, body), chosen in zip(regular, mains, strict=True)
        ),
    )


def make_container(
    body: Mapping[str, Any], path: Path, use: ContainerUse = ContainerUse.MAIN
) -> Container:
    """A container view of ``body``, a core/v1 Container or a mapping that inlines one."""
    return Container(str(body.get("name") or ""), path, body, use, tuple(_mounts(body, path)))


def make_configured_container(
    name: str,
    body: Mapping[str, Any],
    path: Path,
    *,
    elsewhere: Mapping[str, Path],
    made: frozenset[str] = frozenset(),
) -> Container:
    """The container ``name`` that an operator makes of settings of its own at ``path``, which are
    no core/v1 Container. ``elsewhere`` and ``made`` are those of ``Container``."""
    container = make_container(body, path)
    return container._replace(name=name, elsewhere=elsewhere, made=made, plain=False)


def read_volumes(spec: Mapping[str, Any], spec_path: Path) -> tuple[Volume, ...]:
    """The pod spec's own volumes."""
    volumes = spec.get("volumes")
    if not isinstance(volumes, list):
        return ()
    return tuple(
        Volume(str(body.get("name") or ""), (*spec_path, "volumes", index), _read_source(body))
        for index, body in enumerate(volumes)
        if isinstance(body, dict)
    )


def _read_source(body: dict[str, Any]) -> dict[str, Any]:
    """A volume without nulls; without any source it is an emptyDir (SetDefaults_Volume)."""
    written = {key: value for key, value in body.items() if value is not None}
    return written if written.keys() - {"name"} else {**written, "emptyDir": {}}


def claim_templates(templates: SpecView, removal: Removal | None = None) -> tuple[Volume, ...]:
    """Volumes that a controller makes from the claim templates there, and ``removal`` of them."""
    return tuple(
        Volume(
            str(template.dig("metadata", "name") or ""),
            template.path,
            {"volumeClaimTemplate": template.body},
            removal,
        )
        for template in templates.each(EACH)
    )


def read_retention(policy: SpecView, owner: str) -> Removal | None:
    """The end of the claims of a StatefulSet, or of what keeps them as it does; by default they
    outlive it (``persistentVolumeClaimRetentionPolicy``)."""
    deleted = policy.raw("whenDeleted", default="Retain")
    if deleted.value != "Delete":
        return None
    return Removal(f"is deleted with the {owner}", deleted, "Retain")


def make_pod(template: SpecView, *, volumes: tuple[Volume, ...] = (), **known: Any) -> Pod:
    """The view of a PodTemplateSpec; ``volumes`` are added to the template's own."""
    return make_bare_pod(
        (*template.path, "spec"),
        template.mapping("spec"),
        metadata=template.mapping("metadata"),
        metadata_at=(*template.path, "metadata"),
        path=template.path,
        volumes=volumes,
        **known,
    )


def make_bare_pod(
    spec_path: Path,
    spec: Mapping[str, Any],
    *,
    metadata: Mapping[str, Any] | None = None,
    path: Path | None = None,
    main: tuple[str, ...] = (),
    volumes: tuple[Volume, ...] = (),
    **known: Any,
) -> Pod:
    """The view of a PodSpec at ``spec_path`` that has no template around it."""
    return Pod(
        spec_path if path is None else path,
        spec_path,
        spec,
        metadata=metadata or {},
        containers=read_containers(spec, spec_path, main, metadata),
        volumes=(*read_volumes(spec, spec_path), *volumes),
        volumes_at=(*spec_path, "volumes"),
        **known,
    )


def silence_worker(pod: Pod) -> Pod:
    """A worker of a group: where nobody asks it how it is, its leader answers for the model. A
    port is often the leader's, copied."""
    asked = any(
        isinstance(container.get(probe), dict)
        for container in pod.containers
        if container.use is not ContainerUse.INIT
        for probe in _PROBES
    )
    return pod if asked else pod._replace(probes=Probes.NONE)


def read_metadata(body: Mapping[str, Any]) -> dict[str, Any]:
    """The labels and annotations that a component's body gives its pods."""
    return {key: body[key] for key in ("labels", "annotations") if isinstance(body.get(key), dict)}


def make_unseen_pod(path: Path, **known: Any) -> Pod:
    """A pod whose template stands elsewhere: all that is known is its role, or the evidence
    for it; there is nothing in it to judge."""
    unseen = {"writer": False, "outputs_known": False, "probes": Probes.NONE, "replicas": None}
    return Pod(path, path, {}, **{**unseen, **known})


def read_count(value: Any, default: int = 1) -> int | None:
    """A number of pods as written: ``default`` where absent, None where it is no number."""
    if value is None:
        return default
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def multiply(*counts: int | None) -> int | None:
    """The product of numbers of pods; None where one of them is not known."""
    product = 1
    for count in counts:
        if count is None:
            return None
        product *= count
    return product


def add_mains(pod: Pod, mains: Iterable[Container]) -> Pod:
    """A pod whose main containers stand beside its spec: those in the spec are sidecars then."""
    beside = (
        one._replace(use=ContainerUse.SIDECAR) if one.use is ContainerUse.MAIN else one
        for one in pod.containers
    )
    added = tuple(mains)
    return pod._replace(containers=(*added, *beside)) if added else pod


def _bodies(
    spec: Mapping[str, Any], spec_path: Path, key: str
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    bodies = spec.get(key)
    if not isinstance(bodies, list):
        return
    for index, body in enumerate(bodies):
        if isinstance(body, dict):
            yield (*spec_path, key, index), body


def _choose_mains(bodies: list[Mapping[str, Any]], named: tuple[str, ...]) -> list[bool]:
    """For each container whether it does the work: the named one, else all that do not look
    like a sidecar; where every one does, all of them."""
    chosen = [str(body.get("name") or "") in named for body in bodies]
    if any(chosen):
        return chosen
    chosen = [not _looks_like_sidecar(body) for body in bodies]
    return chosen if any(chosen) else [True] * len(bodies)


def _looks_like_sidecar(body: Mapping[str, Any]) -> bool:
    name, image = str(body.get("name") or ""), str(body.get("image") or "")
    return _is_named_sidecar(name) or _is_sidecar_image(image)


@remember(1024, 256)
def _is_named_sidecar(name: str) -> bool:
    words = name.replace("_", "-").split("-")
    if not _SIDECAR_WORDS.isdisjoint(words) or any(map(_is_fluent, words)):
        return True
    return any(pair in f"-{'-'.join(words)}-" for pair in _SIDECAR_PAIRS)


@remember(1024, 256)
def _is_sidecar_image(image: str) -> bool:
    if any(part in image for part in _SIDECAR_IMAGES):
        return True
    return "docker:" in image and _DIND.search(image) is not None


def _is_fluent(word: str) -> bool:
    """``fluentd``, ``fluentbit``."""
    return word.startswith(_SIDECAR_HEAD) and word.isalnum()


def _init_use(body: Mapping[str, Any]) -> ContainerUse:
    return ContainerUse.SIDECAR if body.get("restartPolicy") == "Always" else ContainerUse.INIT


def _mounts(body: Mapping[str, Any], path: Path) -> Iterator[Mount]:
    mounts = body.get("volumeMounts")
    if not isinstance(mounts, list):
        return
    for index, mount in enumerate(mounts):
        if isinstance(mount, dict):
            yield Mount(
                str(mount.get("name") or ""),
                str(mount.get("mountPath") or ""),
                mount.get("readOnly") is True,
                (*path, "volumeMounts", index),
            )
