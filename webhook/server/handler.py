"""The HTTP side of a review: what comes in is bounded, what goes out is a decision or an error.

A decision is always HTTP 200. Anything else that goes wrong is an HTTP error, so that the API
server applies the webhook's failure policy; it is never a denial.
"""

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

import orjson
from starlette.types import Receive, Scope

from webhook.knowledge.cluster_facts import ClusterFacts
from webhook.observability.logs import Log
from webhook.observability.metrics import Metrics
from webhook.observability.refusals import Refusals
from webhook.review.admission import ENDPOINTS, NO_TIME, ReviewOutcome
from webhook.review.answer import withhold
from webhook.review.context import OwnerRecord, ReviewContext
from webhook.review.deadline import Deadline
from webhook.review.decoding import decode_body, decode_head, measure_tree
from webhook.review.denied_hours import reckon_hours
from webhook.review.finding_cache import FindingCache
from webhook.review.lateness import postpone
from webhook.review.record import ReviewRecord, make_record
from webhook.review.request import BadReview
from webhook.review.steps import begin_step, take_step
from webhook.server.batches import Batches
from webhook.server.clients import EVERYBODY, ClientCheck, Trust
from webhook.server.concurrency_limit import ConcurrencyLimit, Overloaded, ReviewPlace
from webhook.server.crowds import Crowds, find_namespace
from webhook.server.lifecycle import Lifecycle
from webhook.server.owner_lookup import OwnerLookup
from webhook.server.policy_reloader import ActivePolicy, PolicyReloader
from webhook.server.protocol import address_of
from webhook.server.request_body import RequestBody, RequestRefused, check_head
from webhook.server.request_limits import MAX_FULL_BODIES, MAX_TREE, RequestLimits
from webhook.server.review_call import HttpAnswer, ReviewCall

if TYPE_CHECKING:  # its packages may not be there
    from webhook.observability.tracing import Tracing

LARGE_BODY = 128 * 1024
"""A larger body is judged in a thread beside the event loop, so that others need not wait."""
LARGE_REVIEWS, LARGE_OF_ONE = 3, 1
"""How many of those at a time, and how many of one address and namespace."""

_Answer = TypeVar("_Answer")


class ReviewHandler:
    """Answers requests for reviews. Everything that an answer needs hangs on it."""

    def __init__(
        self,
        *,
        policies: PolicyReloader,
        cluster: ClusterFacts,
        log: Log,
        metrics: Metrics | None = None,
        lifecycle: Lifecycle | None = None,
        limits: RequestLimits | None = None,
    ) -> None:
        self.policies = policies
        self.cluster = cluster
        self.log = log
        self.metrics = metrics or Metrics()
        self.refusals = Refusals(log, self.metrics)
        self.lifecycle = lifecycle or Lifecycle()
        self.clients: ClientCheck = EVERYBODY
        self.tracing: Tracing | None = None
        self.limits = limits or RequestLimits()
        max_bytes = MAX_FULL_BODIES * self.limits.max_body + MAX_TREE
        self.limit = ConcurrencyLimit(self.limits.concurrency, max_bytes)
        self.metrics.in_flight.set_function(lambda: self.limit.in_flight)
        # Few threads: each large review at a time takes the interpreter from the small ones. More
        # than one: the second would be late before it began.
        self._large_reviews = ThreadPoolExecutor(LARGE_REVIEWS, "large-reviews")
        self._large_turns = WeakValueDictionary[str, asyncio.Semaphore]()
        self._batches: Batches[ReviewOutcome] = Batches()
        self._cache = FindingCache(partial(orjson.dumps, option=orjson.OPT_SORT_KEYS))
        self._crowds = Crowds()
        self._owners = OwnerLookup(cluster.fetch_owner)

    async def handle(
        self, endpoint: str, scope: Scope, receive: Receive, token: str = ""
    ) -> HttpAnswer:
        """The answer to one request for ``/<endpoint>``; ``token`` stood behind it."""
        call = ReviewCall(
            endpoint,
            Deadline(scope["query_string"]),
            address_of(scope.get("client")),
            self.clients.weigh(token, scope["headers"]),
        )
        if self.tracing is not None and call.trust is not Trust.NONE:
            headers = scope["headers"] if call.trust is Trust.FULL else ()
            call = call._replace(trace=self.tracing.begin(endpoint, headers))
        try:
            answer = await self._answer(call, scope, receive)
        except RequestRefused as refused:
            answer = self._refuse(refused.status, str(refused), call.address)
        except Overloaded:
            answer = self._refuse(503, "too many reviews at once", call.address)
        except Exception as error:  # noqa: BLE001 - no bug may look like a decision
            self.log.crash("crash", error, endpoint=endpoint)
            answer = self._refuse(500, "internal error", call.address)
        if call.trace is not None:
            call.trace.end(answer.status)
        # A client that connects anew reaches another replica.
        return answer._replace(close=True) if self.lifecycle.stopping else answer

    async def _answer(self, call: ReviewCall, scope: Scope, receive: Receive) -> HttpAnswer:
        if call.trust is Trust.NONE:
            raise RequestRefused(401, "the API server was told how to ask")
        announced = check_head(scope["headers"], self.limits.max_body)
        with self.limit.slot(call.address) as place:
            body = RequestBody(place, self.limits.max_body)
            await body.read(receive, call.deadline, announced)
            if call.trace is not None:
                call.trace.steps.note("read")
            # Read once: a policy that changes meanwhile holds from the next review on.
            active = self.policies.active
            content = body.take()
            namespace = find_namespace(content) if call.trust is Trust.FULL else ""
            call = call._replace(turn=f"{call.address} {namespace}")
            with self._crowds.counted(namespace, body.size):
                outcome = await self._judge_or_postpone(content, call, active, place)
            return self._report(call, outcome, active, large=len(content) > LARGE_BODY)

    async def _judge_or_postpone(
        self, content: bytes, call: ReviewCall, active: ActivePolicy, place: ReviewPlace
    ) -> ReviewOutcome:
        """The decision on a body. Where there is none in time, and much of its namespace is under
        review, the client is told to try again. Raises ``RequestRefused``, ``Overloaded``."""
        judge = partial(self._judge, call, active)
        judging = self._judge_large if len(content) > LARGE_BODY else self._judge_with_owner
        try:
            outcome = await judging(content, judge, call, place)
        except Overloaded:
            late = self._postpone(content, call, active)
            if late is None:
                raise
            return late
        in_vain = outcome.undecided and any(one.endswith(NO_TIME) for one in outcome.errors)
        return (in_vain and self._postpone(content, call, active)) or outcome

    def _postpone(
        self, content: bytes, call: ReviewCall, active: ActivePolicy
    ) -> ReviewOutcome | None:
        # The API server alone tells the truth about namespaces.
        if call.trust is not Trust.FULL or call.endpoint != "validate":
            return None
        if not self._crowds.is_crowded(find_namespace(content)):
            return None
        head = decode_head(content)
        return None if head is None else postpone(head, self._context(active, call))

    async def _judge_with_owner(
        self,
        content: bytes,
        judge: Callable[..., ReviewOutcome],
        call: ReviewCall,
        place: ReviewPlace,
    ) -> ReviewOutcome:
        """The decision on a body, judged again where the API server knows an owner of which nothing
        was heard yet."""
        outcome = await self._judge_small(content, judge, call, place)
        sought = outcome.sought
        # No stranger makes mlgate ask anybody.
        if sought is None or call.trust is not Trust.FULL:
            return outcome
        with begin_step(call.steps, "owner"):
            record = await self._owners.find(sought, call.deadline)
        if record is None:
            return outcome
        knowing = partial(judge, owner=(sought.uid, record))
        return await self._judge_small(content, knowing, call, place)

    async def _judge_small(
        self,
        content: bytes,
        judge: Callable[[bytes], ReviewOutcome],
        call: ReviewCall,
        place: ReviewPlace,
    ) -> ReviewOutcome:
        """The decision on a body, in turn with those of other addresses and namespaces."""
        judged = self._batches.run(call.turn, partial(judge, content))
        return await _wait(place, call.deadline, judged)

    async def _judge_large(
        self,
        content: bytes,
        judge: Callable[[bytes], ReviewOutcome],
        call: ReviewCall,
        place: ReviewPlace,
    ) -> ReviewOutcome:
        """The decision on a body that is judged in a thread. Raises as ``_judge`` does."""
        loop = asyncio.get_running_loop()
        call.deadline.tighten()
        turn = self._large_turns.setdefault(call.turn, asyncio.Semaphore(LARGE_OF_ONE))
        await _wait(place, call.deadline, turn.acquire())
        try:
            tree = await loop.run_in_executor(self._large_reviews, measure_tree, content)
            if tree > MAX_TREE:
                raise RequestRefused(413, f"the body holds more values than {MAX_TREE} bytes can")
            place.reserve(tree)
            return await loop.run_in_executor(self._large_reviews, judge, content)
        finally:
            turn.release()

    def _report(
        self, call: ReviewCall, outcome: ReviewOutcome, active: ActivePolicy, *, large: bool
    ) -> HttpAnswer:
        """The answer that an outcome becomes, counted and logged."""
        seconds = call.deadline.spent
        known = call.trust is Trust.FULL
        record = make_record(call.endpoint, outcome.request)
        if not known:  # whatever it says of its user
            record = record._replace(client="unknown")
        self.log.review(record, outcome, seconds, active.revision)
        if call.trace is not None:
            call.trace.tell(record, outcome, active.revision)
        if outcome.undecided:
            self.metrics.errors(outcome)
            reason = f"undecided: {'; '.join(outcome.errors)}" if known else "undecided"
            return self._refuse(500, reason, call.address)
        self.metrics.review(record, outcome, seconds, active.policy)
        if not outcome.allowed and outcome.findings:
            # Later: a bug in it makes no denial an error, which may let pass.
            count = partial(self._count_hours, record, outcome, self._context(active, call))
            loop = asyncio.get_running_loop()
            if large:
                loop.run_in_executor(self._large_reviews, count)
            else:
                loop.call_soon(count)
        body = outcome.body if known else withhold(outcome.body)
        return HttpAnswer(200, take_step(call.steps, "encode", orjson.dumps, body))

    def _count_hours(
        self, record: ReviewRecord, outcome: ReviewOutcome, context: ReviewContext
    ) -> None:
        self.metrics.denial(record, reckon_hours(outcome.request, context))

    def _judge(
        self,
        call: ReviewCall,
        active: ActivePolicy,
        content: bytes,
        owner: tuple[str, OwnerRecord] | None = None,
    ) -> ReviewOutcome:
        """The decision on one body, with what is known besides of the owner of a UID. Raises
        ``RequestRefused``, ``Overloaded``."""
        # Under load a review may wait so long that nobody takes its answer any more: judging it
        # would only delay those that can still be in time.
        if call.deadline.over():
            raise Overloaded
        context = self._context(active, call)
        if owner is not None:
            context = context.knowing(*owner)
        try:
            review = take_step(call.steps, "decode", decode_body, content)
            return ENDPOINTS[call.endpoint](review, context)
        except BadReview as bad:
            raise RequestRefused(bad.status, str(bad)) from None

    def _context(self, active: ActivePolicy, call: ReviewCall) -> ReviewContext:
        return ReviewContext(
            active.policy,
            self.cluster.inventory,
            datetime.datetime.now(datetime.UTC).date(),
            active.revision,
            self.cluster.namespace_labels,
            self.cluster.owner,
            call.deadline.expired,
            self._cache,
            self.cluster.owner_record,
            self.cluster.ran_before,
            call.steps,
        )

    def _refuse(self, status: int, reason: str, address: str) -> HttpAnswer:
        self.refusals.request(status, reason, address)
        # What is left of a body that is too large or too late is not worth reading.
        return HttpAnswer(status, orjson.dumps({"error": reason}), close=status in (401, 408, 413))


async def _wait(place: ReviewPlace, deadline: Deadline, turn: Awaitable[_Answer]) -> _Answer:
    """Wait for a turn as long as there may be an answer in time. Raises ``Overloaded``."""
    try:
        async with place.waiting(asyncio.get_running_loop().time() + deadline.left):
            return await turn
    except TimeoutError:
        raise Overloaded from None
