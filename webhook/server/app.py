"""The ASGI application: POST /validate and POST /mutate, with or without a token behind."""

from fastapi import FastAPI, Request, Response
from starlette.types import Message, Receive, Scope, Send

from webhook.review.admission import ENDPOINTS
from webhook.server.handler import ReviewHandler
from webhook.server.protocol import address_of
from webhook.server.review_call import HttpAnswer

_CLOSE = (b"connection", b"close")


class Application:
    """Reviews are answered here, and everything else by FastAPI.

    FastAPI's middlewares, routing and request objects take as long as a small review.
    """

    def __init__(self, handler: ReviewHandler) -> None:
        self._handler = handler
        self._rest = FastAPI(
            title="mlgate",
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
            redirect_slashes=False,
        )
        for endpoint in ENDPOINTS:
            self._rest.add_route(f"/{endpoint}", _placeholder, methods=["POST"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # Whoever keeps the loop busy does not hang it, however long one turn of it takes.
        self._handler.lifecycle.heartbeat()
        endpoint, _, token = scope.get("path", "")[1:].partition("/")
        if endpoint not in ENDPOINTS or scope.get("method") != "POST":
            await self._rest(scope, receive, self._last_answer(scope, send))
            return
        answer = await self._handler.handle(endpoint, scope, receive, token)
        headers = _headers(answer)
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer.content})

    def _last_answer(self, scope: Scope, send: Send) -> Send:
        """``send``, after which the connection ends. No API server asks for anything but reviews,
        and whoever does would have hundreds of such requests before each of theirs."""

        async def send_and_end(message: Message) -> None:
            if message["type"] == "http.response.start":
                address = address_of(scope.get("client"))
                self._handler.refusals.request(message["status"], "no such page", address)
                message = {**message, "headers": [*message["headers"], _CLOSE]}
            await send(message)

        return send_and_end


async def _placeholder(_request: Request) -> Response:
    """Stands for the two paths, so that FastAPI answers other methods with 405."""
    raise AssertionError("a review is answered before FastAPI is asked")


def _headers(answer: HttpAnswer) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-length", b"%d" % len(answer.content)),
        (b"content-type", b"application/json"),
    ]
    return [*headers, _CLOSE] if answer.close else headers
