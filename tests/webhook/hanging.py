"""`mlgate` with a fault: a review of an object with the annotation ``HANGS`` holds the event loop
for so many seconds."""

import time
from typing import Any

from linter.cli import run_console
from rules.paths import dig
from webhook.review import admission
from webhook.review.context import ReviewContext

HANGS = "test.mlgate.dev/hangs"


def _hang_and_validate(review: Any, context: ReviewContext) -> admission.ReviewOutcome:
    time.sleep(float(dig(review, ("request", "object", "metadata", "annotations", HANGS)) or 0))
    return admission.validate(review, context)


if __name__ == "__main__":
    admission.ENDPOINTS["validate"] = _hang_and_validate
    run_console()
