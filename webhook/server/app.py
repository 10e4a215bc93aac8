"""The ASGI application: POST /validate and POST /mutate, with or without a token behind."""

from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from webhook.review.admission import ENDPOINTS
from webhook.server.handler import HttpAnswer, ReviewHandler


class Application:
    """Reviews are answered here, and everything else by FastAPI.

    FastAPI's middlewares, routing and request objects take as long as a small review.
    """

    def __init__(self, handler: ReviewHandler) -> None:
        self._handler = handler
        self._rest = FastAPI(title="mlgate", docs_url=None, redoc_url=None, openapi_url=None)
        for endpoint in ENDPOINTS:
            self._rest.add_route(f"/{endpoint}", _placeholder, methods=["POST"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        endpoint, _, token = scope.get("path", "")[1:].partition("/")
        if endpoint not in ENDPOINTS or scope.get("method") != "POST":
            await self._rest(scope, receive, send)
            return
        answer = await self._handler.handle(endpoint, scope, receive, token)
        headers = _headers(answer)
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer.content})


async def _placeholder(_request: Request) -> Response:
    """Stands for the two paths, so that FastAPI answers other methods with 405."""
    raise AssertionError("a review is answered before FastAPI is asked")


def _headers(answer: HttpAnswer) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-length", b"%d" % len(answer.content)),
        (b"content-type", b"application/json"),
    ]
    return [*headers, (b"connection", b"close")] if answer.close else headers
