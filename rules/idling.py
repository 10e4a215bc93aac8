"""Pods that hold accelerators and do not compute on them."""

import re
from collections.abc import Iterator

from rules.accelerators import claims_accelerator
from rules.annotations import CULLING_ANNOTATION
from rules.kinds.facts import LAUNCHER_AS_WORKER, POD_DEADLINE, START_PARAMETERS
from rules.kinds.pods import Pod
from rules.kinds.roles import Role, Subrole
from rules.lazy_pattern import LazyPattern
from rules.model import Value
from rules.paths import Path, dig
from rules.record import NamedTuple
from rules.roles.idleness import ends_within
from rules.workload import Workload

_COMPUTES = LazyPattern(
    r"quantiz|conver[st]|compil|engine|inference-checkpoint|export|embed|trtllm|tensorrt|neuron|"
    r"gptq|awq|merge|lora|onnx|rapids|cudf|dali|caption|transcod|ffmpeg",
    re.IGNORECASE,
)
"""What is done with data on devices."""
_STARTERS = frozenset({Subrole.LAUNCHER, Subrole.SUBMITTER})
_ENDING = frozenset({"Never", "OnFailure"})
_NONE = "none"


class Idling(NamedTuple):
    """A pod, where it asks for accelerators, and why they are idle; ``form`` is GPU009's."""

    pod: Pod
    path: Path
    form: str
    why: str
    expected: str = _NONE


def find_idling(workload: Workload, most_hours: float) -> Iterator[Idling]:
    """Those of a workload; what people work in may hold them for ``most_hours``."""
    for pod, judgement in workload.judgements:
        path = _find_place(workload, pod)
        if path is None:
            continue
        found = _judge_part(workload, pod, path)
        if found is None and judgement.role is Role.DATA and not _computes(workload, pod):
            found = Idling(pod, path, "data", "data are fetched or prepared, which uses none")
        if found is None and judgement.role is Role.NOTEBOOK and not workload.kind.dormant:
            found = _judge_interactive(workload, pod, path, most_hours)
        if found is not None:
            yield found


def _find_place(workload: Workload, pod: Pod) -> Path | None:
    """Where a pod's main container asks for accelerators; None where none does."""
    for container in pod.mains:
        path, resources = workload.resources(container)
        if workload.accelerators.holds(resources) or claims_accelerator(pod, container):
            return path
    return None


def _judge_part(workload: Workload, pod: Pod, path: Path) -> Idling | None:
    """A pod that is no worker among those of its object."""
    beside = any(one is not pod and workload.accelerated(one) for one in workload.pods)
    if pod.subrole is Subrole.ROUTER:
        return Idling(pod, path, "router", "a router passes requests on")
    if not beside:
        return None
    if pod.subrole in _STARTERS and not _is_true(workload.at(LAUNCHER_AS_WORKER)):
        return Idling(pod, path, "launcher", "it starts the work, and the workers do it")
    if pod.subrole is Subrole.RAY_HEAD:
        return _judge_head(workload, pod, path)
    return None


def _judge_head(workload: Workload, pod: Pod, path: Path) -> Idling:
    value = workload.at(START_PARAMETERS, pod)
    told = {str(dig(value and value.value, (key,))) for key in ("num-cpus", "num-gpus")}
    if "0" in told:
        return Idling(pod, path, "head", "the head runs no task (rayStartParams), the workers do")
    why = "the workers have accelerators too, and a task that fills the head's memory ends all"
    return Idling(pod, path, "shared", why, "none, and rayStartParams.num-cpus: '0'")


def _judge_interactive(
    workload: Workload, pod: Pod, path: Path, most_hours: float
) -> Idling | None:
    """A notebook or a shell that nothing ends in time."""
    notes = (workload.manifest.mapping("metadata"), pod.metadata)
    if any(dig(one, ("annotations", CULLING_ANNOTATION)) == "external" for one in notes):
        return None
    most = int(most_hours * 3600)
    ends = str(pod.spec.get("restartPolicy")) in _ENDING
    if ends and ends_within(_scripts(workload, pod), most):
        return None
    deadlines = workload.deadlines
    places = [*(deadlines.places if deadlines else ()), workload.at(POD_DEADLINE, pod)]
    if any(_ends(one, most) for one in places if one is not None):
        return None
    form = "notebook" if workload.kind.role is Role.NOTEBOOK else "interactive"
    bound = f"activeDeadlineSeconds of at most {most}, or annotation {CULLING_ANNOTATION}: external"
    return Idling(
        pod, path, form, "it waits for people, and nothing ends it when they leave", bound
    )


def _scripts(workload: Workload, pod: Pod) -> list[str]:
    """What runs in a pod, folded."""
    return [workload.command(main).script.lower() for main in pod.mains]


def _ends(value: Value, most: int) -> bool:
    return value.unknown or (value.number is not None and 0 < value.number <= most)


def _is_true(value: Value | None) -> bool:
    return value is not None and value.value is True


def _computes(workload: Workload, pod: Pod) -> bool:
    """Whether there is evidence that the data are processed on the devices."""
    texts = [pod.name, pod.text, workload.identity.name or ""]
    for main in pod.mains:
        command = workload.command(main)
        texts += [main.name, command.image.path, command.image.tag, command.script]
    return any(_COMPUTES.search(text) for text in texts)
