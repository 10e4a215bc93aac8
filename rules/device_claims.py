"""The claims on devices (DRA) that a pod has, and what they ask for.

Source: core/v1 PodResourceClaim; resource.k8s.io DeviceRequest, which has what it asks for below
``exactly`` since v1beta2, or in ``firstAvailable`` several sorts of which it takes one. One with
``adminAccess`` looks after devices that others have, and takes none away.
"""

from collections.abc import Iterator, Mapping

from rules.accelerators import CLAIM_NAMES, DEVICE_WORDS
from rules.kinds.facts import DEVICE_REQUESTS
from rules.kinds.lookups import Answer
from rules.kinds.neighbours import CLAIM_TEMPLATE, DEVICE_CLAIM, refer
from rules.kinds.pods import Pod
from rules.paths import Path, dig, items, shorten
from rules.type_names import Any
from rules.words import split_name
from rules.workload import Workload

_SOURCES = (("resourceClaimTemplateName", CLAIM_TEMPLATE), ("resourceClaimName", DEVICE_CLAIM))


def claims_devices(pod: Pod) -> bool:
    """Whether a pod, or a container of it, uses claims."""
    if pod.spec.get("resourceClaims"):
        return True
    resources = [container.body.get("resources") for container in pod.containers]
    return any(isinstance(one, dict) and one.get("claims") for one in resources if one)


def read_claims(claims: Any) -> dict[str, int]:
    """The names of claims, with the place of each."""
    entries = claims if isinstance(claims, list) else []
    named = {str(one["name"]): at for at, one in enumerate(entries) if _is_named(one)}
    return {name: at for name, at in named.items() if "$" not in name and "{" not in name}


def _is_named(claim: Any) -> bool:
    return isinstance(claim, dict) and isinstance(claim.get("name"), str)


def list_alternatives(requests: Any) -> Iterator[tuple[Mapping[str, Any], ...]]:
    """For each request of a claim the sorts of devices of which it takes one."""
    for _, request in items(requests):
        listed = dig(request, ("firstAvailable",))
        bodies = listed if isinstance(listed, list) else [dig(request, ("exactly",)) or request]
        yield tuple(one for one in bodies if isinstance(one, dict))


def find_both(workload: Workload, pod: Pod) -> Iterator[tuple[Path, str]]:
    """The claims on devices of a vendor whose resources the pod asks for as well: where, and a
    clause on both."""
    claims, asked = pod.spec.get("resourceClaims"), workload.accelerators.asked
    bodies = [workload.resources(one)[1] for one in pod.containers] if claims else []
    names = {name: name.partition("/")[0] for one in bodies for name, _ in asked(one, "limits")}
    for index, claim in items(claims) if names else ():
        path = (*pod.spec_path, "resourceClaims", index)
        for device in _list_classes(workload, claim, taken=True):
            sort, _, owner = device.partition(".")
            for name, vendor in names.items() if sort in DEVICE_WORDS else ():
                if vendor in (device, owner):
                    yield path, f"a device of {shorten(device)}, and containers {shorten(name)} too"


def lends_device(workload: Workload, claim: Any) -> bool:
    """Whether a pod's claim is one on an accelerator, which only the containers see that name it;
    a network card is the whole pod's (kubernetes-sigs/dranet). Where the claim's classes are not
    at hand, its names tell."""
    names = [*_list_classes(workload, claim)] or [dig(claim, (key,)) for key in CLAIM_NAMES]
    words = {word for name in names for word in split_name(str(name or "").replace(".", "-"))}
    return not words.isdisjoint(DEVICE_WORDS)


def _list_classes(workload: Workload, claim: Any, *, taken: bool = False) -> Iterator[str]:
    """The device classes that a pod's claim asks for, where what it names is at hand; ``taken``:
    only those of which it takes devices."""
    for key, kind in _SOURCES:
        name = dig(claim, (key,))
        if not isinstance(name, str):
            continue
        reference = refer(kind, workload.identity.namespace, name)
        answer, requests = workload.ask(reference, DEVICE_REQUESTS)
        for bodies in list_alternatives(requests if answer is Answer.FOUND else ()):
            chosen = (one for one in bodies if not (taken and one.get("adminAccess") is True))
            yield from (str(one.get("deviceClassName") or "") for one in chosen)
