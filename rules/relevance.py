"""Whether a workload has anything to do with machine learning."""

from collections.abc import Iterable

from rules.kinds.kept_pods import KeptPod
from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.kinds.schema import Autoscaler
from rules.roles.images import is_product
from rules.roles.words import read_name
from rules.servers import SERVERS, has_server
from rules.workload import Workload

_METRICS = tuple([metric for server in SERVERS for metric in server.metrics])


def is_unrelated(workload: Workload) -> bool:
    """Whether all pods run nothing but products of other fields, such as databases, and ask for no
    accelerator: what is right for them is for other linters to say."""
    return bool(workload.judgements) and all(
        judgement.role is Role.OTHER and _runs_products(pod) and not workload.accelerated(pod)
        for pod, judgement in workload.judgements
    )


def _runs_products(pod: Pod) -> bool:
    return bool(pod.mains) and all(is_product(str(one.get("image") or "")) for one in pod.mains)


def is_plain(workload: Workload) -> bool:
    """Whether an object of Kubernetes' own kinds has nothing to do with machine learning, as far as
    its pods show or, of an autoscaler, its metrics, its name and what it scales."""
    if not workload.kind.built_in:
        return False
    if workload.judgements:
        return all(
            judgement.role is Role.OTHER and not workload.accelerated(pod)
            for pod, judgement in workload.judgements
        )
    scalers = workload.autoscalers
    return bool(scalers) and not any(_scales_models(workload, scaler) for scaler in scalers)


def _scales_models(workload: Workload, scaler: Autoscaler) -> bool:
    def serves(pods: tuple[KeptPod, ...]) -> bool:
        return has_server(pods) or workload.accelerators.held_by(pods)

    target = scaler.target
    names = (workload.identity.name or "", target.name if target else "")
    told = str(scaler.metrics.value)
    if _sounds_like_models(names) or any(metric in told for metric in _METRICS):
        return True
    return target is not None and workload.neighbourhood.ask_pods(target, serves) is True


def _sounds_like_models(names: Iterable[str]) -> bool:
    return any(one.role is not Role.OTHER for name in names for one in read_name(name))
