"""Containers that go on when the work of their pod is done."""

import re
from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.commands.scripts import BETWEEN, split_commands
from rules.kinds.pods import Container, ContainerUse, Pod
from rules.kinds.roles import Subrole
from rules.lazy_pattern import LazyPattern
from rules.model import Value
from rules.paths import Path
from rules.record import NamedTuple
from rules.workload import Workload

_NAME = LazyPattern(
    r"(?:^|[-_])(?:istio-proxy|linkerd-proxy|cloud-?sql-proxy|oauth2?-proxy|envoy|proxy|exporter|"
    r"tensorboard|fluent-?bit|fluentd?|filebeat|promtail|dind|vault-agent)(?:$|[-_])"
)
_IMAGE = LazyPattern(
    r"istio/proxyv2|linkerd/proxy|cloud-?sql-proxy|(?:^|/)(?:fluent-?bit|fluentd|filebeat|promtail|"
    r"dcgm-exporter|node-exporter|statsd-exporter|oauth2-proxy|envoy)(?:$|[:@-])|docker:[\w.-]*dind"
)
_IDLE = LazyPattern(
    rf"(?:\A|{BETWEEN}|\bexec\s)\s*(?:sleep\s+inf(?:inity)?\s*\Z|tail\s+(?:-n\s*\S+\s+)?-[fF]\b)"
)
_ENDED: Mapping[str, str] = {
    **{text: text for text in ("quitquitquit", "linkerd-await", "--exit-zero-on-sigterm")},
    **{word: rf"\b{word}\b" for word in ("while", "until", "inotifywait", "timeout")},
    "kill": r"\b(?:p?kill|killall)\b",
    "/shutdown": r"/shutdown\b",
}
"""What ends a sidecar, or waits in it for the end of the work: a text, and how it has to stand.
One expression of all would try each at every character."""


class Mesh(NamedTuple):
    """What puts a container that never ends beside the others, for a label or annotation ``key``.

    ``values`` are those that ask for it, ``off`` what a fix writes there, empty for no fix, and
    ``otherwise`` what else makes an end of it. ``unless`` are annotations that do, with values.
    """

    name: str
    key: str
    values: frozenset[str]
    off: str
    otherwise: str
    unless: tuple[tuple[str, str], ...] = ()


ISTIO = Mesh(
    "Istio",
    "sidecar.istio.io/inject",
    frozenset({"true"}),
    "false",
    "cluster.istio_native_sidecar where Istio's sidecars are native",
    (("sidecar.istio.io/nativeSidecar", "true"), ("istio.io/dataplane-mode", "ambient")),
)
_MESHES = (
    ISTIO,
    Mesh(
        "Linkerd",
        "linkerd.io/inject",
        frozenset({"enabled", "ingress"}),
        "disabled",
        "a native sidecar",
        (
            ("config.alpha.linkerd.io/proxy-enable-native-sidecar", "true"),
            ("config.beta.linkerd.io/proxy-enable-native-sidecar", "true"),
        ),
    ),
    Mesh("Dapr", "dapr.io/enabled", frozenset({"true"}), "", "a call of its /v1.0/shutdown"),
    Mesh(
        "Vault",
        "vault.hashicorp.com/agent-inject",
        frozenset({"true"}),
        "",
        'agent-pre-populate-only: "true"',
        (("vault.hashicorp.com/agent-pre-populate-only", "true"),),
    ),
)


_KEYS = frozenset([mesh.key for mesh in _MESHES])
_PARTS = ("labels", "annotations")


class Injection(NamedTuple):
    """A mesh that is asked for, and where: in a pod's labels or annotations. ``asked`` is False
    where the namespace asks for it, and ``value`` what would say no."""

    mesh: Mesh
    value: Value
    asked: bool = True


def find_awaited_pods(workload: Workload) -> tuple[Pod, ...]:
    """The pods that must end for a run to be over: not those that a launcher, or the operator,
    ends when the others are done, nor those that start anew whatever happens."""
    if not workload.kind.awaits_sidecars:
        return ()
    launched = any(pod.subrole is Subrole.LAUNCHER for pod in workload.pods)
    ended = {Subrole.PS} | ({Subrole.WORKER} if launched else set())
    return tuple(
        pod
        for pod in workload.pods
        if pod.subrole not in ended and (pod.restart is None or pod.restart.value.value != "Always")
    )


def find_injections(workload: Workload, pod: Pod) -> Iterator[Injection]:
    """The meshes that put a sidecar without an end into a pod."""
    if pod.metadata_at is not None:
        found = list(_list_injections(workload, pod, pod.metadata_at))
        yield from () if found and _ends_sidecars(workload, pod) else found


def _list_injections(workload: Workload, pod: Pod, place: Path) -> Iterator[Injection]:
    native = workload.parameters["cluster"]["istio_native_sidecar"]
    labels, annotations = (workload.manifest.mapping(*place, one) for one in _PARTS)
    asked = not _KEYS.isdisjoint(labels) or not _KEYS.isdisjoint(annotations)
    for mesh in _MESHES if asked else (ISTIO,):
        if (mesh is ISTIO and native) or any(_says(pod, *each) for each in mesh.unless):
            continue
        places = [(*place, part, mesh.key) for part in _PARTS]
        values = [workload.manifest.value(path) for path in places]
        written = [value for value in values if not value.absent]
        if any(str(value.value).lower() in mesh.values for value in written):
            yield Injection(mesh, written[0])
        elif mesh is ISTIO and not written and _is_meshed(workload.namespace_labels or {}):
            yield Injection(mesh, values[0], asked=False)


def _is_meshed(labels: Mapping[str, str]) -> bool:
    return labels.get("istio-injection") == "enabled"


def _says(pod: Pod, key: str, wanted: str) -> bool:
    parts = (pod.metadata.get(part) for part in _PARTS)
    return any(isinstance(part, dict) and str(part.get(key)).lower() == wanted for part in parts)


def find_endless(workload: Workload, pod: Pod) -> tuple[Container, ...]:
    """The containers of a pod that never end beside one that does; native sidecars end."""
    regular = [
        one
        for one in pod.containers
        if one.use is not ContainerUse.INIT and "initContainers" not in one.path
    ]
    if len(regular) < 2 or _ends_sidecars(workload, pod):
        return ()
    endless = tuple(one for one in regular if _never_ends(one, workload.command(one)))
    return endless if len(endless) < len(regular) else ()


def _never_ends(container: Container, command: CommandLine) -> bool:
    last = next((part for part in reversed(split_commands(command.script)) if part.strip()), "")
    if ("sleep" in last or "tail" in last) and _IDLE.search(last.strip()):
        return True
    image = str(container.get("image") or "")
    return _NAME.search(container.name) is not None or _IMAGE.search(image) is not None


def _ends_sidecars(workload: Workload, pod: Pod) -> bool:
    """Whether something in the pod ends its sidecars, or waits in one for the end of the work: one
    container may end the processes of the others where they share their namespace."""
    if pod.spec.get("shareProcessNamespace") is True:
        return True
    return any(_ends_others(workload.command(one).script) for one in pod.containers)


def _ends_others(script: str) -> bool:
    return any(text in script and re.search(stands, script) for text, stands in _ENDED.items())
