"""A request for a review, and the HTTP answer that it gets."""

from typing import TYPE_CHECKING, NamedTuple

from webhook.review.deadline import Deadline
from webhook.review.steps import Steps
from webhook.server.clients import Trust

if TYPE_CHECKING:  # its packages may not be there
    from webhook.observability.tracing import ReviewTrace


class HttpAnswer(NamedTuple):
    """An HTTP response in JSON; ``close``: the connection ends with it."""

    status: int
    content: bytes
    close: bool = False


class ReviewCall(NamedTuple):
    """One request: what it asks for, until when, who asks, and with whom it takes turns. ``trace``
    is None where nothing is traced."""

    endpoint: str
    deadline: Deadline
    address: str
    trust: Trust
    turn: str = ""
    trace: "ReviewTrace | None" = None

    @property
    def steps(self) -> Steps | None:
        """Where its steps are noted, if they are."""
        return None if self.trace is None else self.trace.steps
