"""Which requests pass unjudged, and why."""

from rules.kinds import BUILT_IN
from rules.manifest import Manifest
from rules.paths import shorten
from rules.policy import is_exempt
from rules.strangers import holds_work
from webhook.review.changes import changes_work_in_status, is_only_metadata
from webhook.review.context import AdmissionCase
from webhook.review.owners import is_operator
from webhook.review.printing import printable

EXEMPT_REASON = "the namespace is exempt"
JUDGED_OPERATIONS = ("CREATE", "UPDATE")
# All other subresources (status, scale, binding ...) carry objects of other kinds, or parts that no
# rule reads.
_JUDGED_SUBRESOURCES = frozenset({"", *(part for kind in BUILT_IN for part in kind.subresources)})


def skip_reason(case: AdmissionCase) -> str | None:
    """Why a request passes unjudged; None where it is to be judged."""
    request = case.request
    if request.operation not in JUDGED_OPERATIONS or request.body is None:
        return f"operation {printable(shorten(request.operation))}"
    if request.subresource not in _JUDGED_SUBRESOURCES:
        return f"subresource {printable(shorten(request.subresource))}"
    return _object_reason(case)


def _changes_no_work(case: AdmissionCase) -> bool:
    """Whether an update is of metadata and status alone; where nobody's word counts, work in a
    status is an operator's alone to write."""
    request = case.request
    if request.operation != "UPDATE" or not is_only_metadata(request.body, request.old):
        return False
    if case.engine.ignores != "forbid" or not changes_work_in_status(request.body, request.old):
        return True
    return is_operator(case) or request.username in case.context.policy.controllers


def _object_reason(case: AdmissionCase) -> str | None:
    request = case.request
    manifest = Manifest(request.body)
    # Removing a finalizer is an update too: denied, it would keep the object for ever.
    if manifest.mapping("metadata").get("deletionTimestamp") is not None:
        return "the object is being deleted"
    if _changes_no_work(case):
        return "only metadata changed"
    if is_exempt(case.context.policy, request.namespace):
        return EXEMPT_REASON
    if case.engine.kind_of(manifest) is None and not holds_work(manifest):
        return "no rule knows the kind"
    return None
