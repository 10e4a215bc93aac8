"""The GPU-hours that a denied object could have taken."""

from rules.manifest import Manifest
from rules.stakes import read_devices, reckon_stakes
from rules.workload import Workload
from webhook.review.context import ReviewContext, open_case
from webhook.review.request import Request, with_namespace


def reckon_hours(request: Request, context: ReviewContext) -> float | None:
    """The hours of all accelerators that a request's object asks for, until its deadline; infinite
    where it has none, None where it asks for no accelerators or not all is known."""
    case = open_case(request, context)
    manifest = Manifest(with_namespace(request.body, request), admitted=True)
    kind = case.engine.kind_of(manifest)
    if kind is None:
        return None
    workload = Workload(manifest, kind, case.inventory, context.policy.parameters)
    # Most ask for none, and all else is then not worth the time.
    if not any(read_devices(pod, workload.accelerators) for pod in workload.pods):
        return None
    return reckon_stakes(workload).gpu_hours
