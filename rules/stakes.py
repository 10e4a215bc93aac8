"""What is at stake in a run: attempts x pods x devices, and for how long at most."""

from collections.abc import Iterable, Mapping
from math import inf, prod

from rules.accelerators import Accelerators
from rules.kinds.pods import ContainerUse, Pod
from rules.model import Problem
from rules.quantity import parse_quantity
from rules.record import NamedTuple
from rules.type_names import Any
from rules.workload import Workload


class Stakes(NamedTuple):
    """How much a run may cost.

    ``attempts`` are infinite where nothing bounds them. ``pods`` are those that ask for devices
    (accelerators), ``devices`` what they ask for together, and ``device`` what that is called,
    empty where there are none; ``each`` is how many every pod asks for, 0 where they differ.
    ``seconds`` bound the whole run, or with ``per_attempt`` each
    attempt; infinite where nothing does. None is what is not known.
    """

    attempts: float | None
    pods: float | None
    devices: float | None
    device: str
    each: float
    seconds: float
    per_attempt: bool

    @property
    def gpu_hours(self) -> float | None:
        """Hours of all devices together, infinite where nothing ends the run; None where there are
        no devices, or not all is known."""
        if not self.device:
            return None
        times = self.attempts if self.per_attempt else 1
        if inf in (self.seconds, times):
            return inf
        if times is None or self.devices is None:
            return None
        return self.devices * times * self.seconds / 3600

    @property
    def rounds(self) -> float:
        """How often the bound may pass in one run: once where it bounds the whole run, or where
        nobody knows how often."""
        known = self.attempts if self.per_attempt else None
        return 1 if known is None or known == inf else max(1, known)

    def add_to(self, problem: Problem) -> Problem:
        """The problem with what is at stake."""
        message = f"{problem.message}; {self}" if self.device else problem.message
        return problem._replace(message=message, gpu_hours=self.gpu_hours)

    def __str__(self) -> str:
        """``7 attempts x 4 pods x 8 GPUs, no deadline``; nothing where no device is asked for."""
        if not self.device:
            return ""
        hours = self.seconds / 3600
        shown = f"{hours:.3g}" if hours < 100 else f"{hours:,.0f}"
        clock = f"{shown} h {'each' if self.per_attempt else 'in all'}"
        attempts = "" if self.attempts is None else f"{_count(self.attempts, 'attempt')} x "
        return f"{attempts}{self.held}, {'no deadline' if self.seconds == inf else clock}"

    @property
    def held(self) -> str:
        """``4 pods x 8 GPUs``: what one attempt holds."""
        pods = "pods" if self.pods is None else _count(self.pods, "pod")
        if self.each:
            return f"{pods} x {_count(self.each, self.device)}"
        devices = f"{self.device}s" if self.devices is None else _count(self.devices, self.device)
        return f"{pods} with {devices}"


def reckon_stakes(workload: Workload) -> Stakes:
    """The stakes of a workload: of all of its pods, which run together in most kinds. A fragment
    does not show them."""
    return reckon_held(workload, () if workload.partial else workload.pods)


def reckon_held(workload: Workload, pods: Iterable[Pod]) -> Stakes:
    """The stakes of some of a workload's pods."""
    asked = [(pod, read_devices(pod, workload.accelerators)) for pod in pods]
    holders = [(pod, devices) for pod, devices in asked if devices]
    each = {_total(devices.values()) for _, devices in holders}
    deadlines = workload.deadlines
    places = deadlines.places if deadlines else ()
    bounds = [place.number for place in places if place.number and not place.absent]
    return Stakes(
        attempts=count_attempts(workload),
        pods=_total(pod.replicas for pod, _ in holders),
        devices=_total(_multiply(pod.replicas, devices) for pod, devices in holders),
        device=_name_devices(devices for _, devices in holders),
        each=(each.pop() or 0) if len(each) == 1 else 0,
        seconds=max(bounds, default=inf),
        per_attempt=bool(deadlines and deadlines.per_attempt),
    )


def count_attempts(workload: Workload) -> float | None:
    """How often the work is done at most. A budget that restarts everything begins all the others
    anew; of those, the largest counts. None where the kind leaves that to others."""
    if not workload.kind.has("retries"):
        return None
    outer = [retry.attempts for retry in workload.retries if retry.whole]
    inner = [retry.attempts for retry in workload.retries if not retry.whole]
    known = [one for one in (*outer, *inner) if one is not None]
    if inf in known or len(known) < len(outer) + len(inner):
        return inf if inf in known else None
    return prod(known[: len(outer)]) * max(known[len(outer) :], default=1)


def read_devices(pod: Pod, accelerators: Accelerators) -> Mapping[str, float | None]:
    """The accelerators that a pod asks for with their number; None for one that cannot be read.

    An init container has run before the others begin: the larger of both counts.
    """
    together: dict[str, list[float | None]] = {}
    first: dict[str, list[float | None]] = {}
    for container in pod.containers:
        counts = first if container.use is ContainerUse.INIT else together
        for name, amount in _ask(container.get("resources"), accelerators).items():
            counts.setdefault(name, []).append(parse_quantity(amount))
    return {
        name: _count_held(together.get(name, []), first.get(name, [])) for name in together | first
    }


def _count_held(together: list[float | None], first: list[float | None]) -> float | None:
    """What containers hold at the same time, or the largest of those that run one after another."""
    sums = [_total(together), *first]
    known = [one for one in sums if one is not None]
    return max(known) if len(known) == len(sums) else None


def _ask(resources: Any, accelerators: Accelerators) -> dict[str, Any]:
    keys = ("requests", "limits")
    return {name: one for key in keys for name, one in accelerators.asked(resources, key)}


def _multiply(replicas: int | None, devices: Mapping[str, float | None]) -> float | None:
    each = _total(devices.values())
    return None if replicas is None or each is None else replicas * each


def _name_devices(found: Iterable[Mapping[str, float | None]]) -> str:
    names = {name for devices in found for name in devices}
    if not names:
        return ""
    return "GPU" if all("gpu" in name.lower() for name in names) else "accelerator"


def _total(numbers: Iterable[float | None]) -> float | None:
    """The sum; None where one of them is not known."""
    total = 0.0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def _count(number: float, noun: str) -> str:
    if number == inf:
        return f"endless {noun}s"
    return f"{number:,.10g} {noun}" if number == 1 else f"{number:,.10g} {noun}s"


def export_hours(hours: float | None) -> float | str | None:
    """GPU-hours as JSON has them, which knows no infinite number."""
    if hours is None:
        return None
    return "unbounded" if hours == inf else round(hours, 2)
