"""Reviews that came to no decision in time, put off: the client is told to send the object again.

To a client the answer is that of a busy API server. ``kubectl`` and controllers wait for as long as
it says, and try again (client-go ``rest/with_retry.go``).
"""

from typing import Any

from rules.checks import BY_CODE
from webhook.review.admission import ReviewOutcome
from webhook.review.answer import audit_annotations, postpone_review
from webhook.review.context import ReviewContext, open_case
from webhook.review.owners import is_installed_operator
from webhook.review.request import Request, read_request
from webhook.review.skipping import skip_reason

RETRY_SECONDS = 1
_REASON = "too much of the namespace is under review at once"


def postpone(review: Any, context: ReviewContext) -> ReviewOutcome | None:
    """The answer to a review that nobody had time for; None where nothing could have been denied.
    Of its object no more is read than what kind it is. Raises ``BadReview``."""
    request = read_request(review)
    case = open_case(request._replace(body=_outline(review, request)), context)
    if skip_reason(case) is not None or is_installed_operator(case):
        return None
    if not case.may_deny(BY_CODE):
        return None
    text = f"{_REASON}: try again, with fewer or smaller objects at a time"
    notes = audit_annotations("postpone", (), case.profile, context.revision)
    answer = postpone_review(request.uid, text, RETRY_SECONDS, notes)
    return ReviewOutcome(
        request, answer, allowed=False, passed=_REASON, profile=case.profile, postponed=True
    )


def _outline(review: Any, request: Request) -> dict[str, Any]:
    """The request's object without all that stands in it."""
    kind = review["request"].get("kind") or {}
    version = "/".join(filter(None, (kind.get("group"), kind.get("version"))))
    name = {"name": request.name} if request.name else {}
    return {"apiVersion": version, "kind": kind.get("kind"), "metadata": name}
