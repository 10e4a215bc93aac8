"""What stands before every page and every answer: who may ask, for what, how much; and the headers
that keep a browser from doing more with it than showing it."""

from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linter.dashboard.gate import Gate, RequestRefusal

OPEN_PATHS = frozenset({"/healthz"})
"""Answered to everybody, and they say nothing."""
SIMULATIONS = "/api/v1/simulations"
MAX_BODY = 16 * 1024

_CONTENT = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _CONTENT),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_CHALLENGE = (b"www-authenticate", b'Basic realm="mlgate", charset="UTF-8"')


class Shield:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return
        guarded = _add_headers(send)
        refusal = self._refuse(scope)
        if refusal is not None:
            await _answer_refusal(refusal, guarded)
            return
        body = await _read_body(scope, receive)
        if body is None:
            await _answer_refusal(RequestRefusal(413, f"more than {MAX_BODY} bytes"), guarded)
            return
        await self._app(scope, _give(body, receive), guarded)

    def _refuse(self, scope: Scope) -> RequestRefusal | None:
        headers = read_headers(scope["headers"])
        method, path = scope["method"], scope["path"]
        if path in OPEN_PATHS and method in ("GET", "HEAD"):
            return None
        refusal = self._gate.check((scope.get("client") or ("", 0))[0], headers)
        if refusal is not None:
            return refusal
        if method in ("GET", "HEAD"):
            return None
        if method != "POST" or path != SIMULATIONS:
            return RequestRefusal(405, "only simulations are posted; all else is read")
        return _refuse_foreign(headers)


def read_headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name. One that comes twice is as good as none: a proxy may see the first, and the
    server the second."""
    found: dict[str, str] = {}
    double = set()
    for key, value in pairs:
        name = key.decode("latin-1").lower()
        if name in found:
            double.add(name)
        found[name] = value.decode("latin-1")
    return {name: value for name, value in found.items() if name not in double}


def _refuse_foreign(headers: dict[str, str]) -> RequestRefusal | None:
    """A page of another site can make a browser post a form, which is no JSON."""
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return RequestRefusal(415, "expected application/json")
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return RequestRefusal(403, "asked by another site")
    return None


async def _read_body(scope: Scope, receive: Receive) -> bytes | None:
    """The body of a POST; None where it is too large."""
    if scope["method"] != "POST":
        return b""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body"):
            return body


def _give(body: bytes, receive: Receive) -> Receive:
    given = False

    async def give() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


def _add_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await send(message)

    return guarded


async def _answer_refusal(refusal: RequestRefusal, send: Send) -> None:
    body = f"{refusal.reason}\n".encode()
    headers: list[Any] = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    if refusal.ask:
        headers.append(_CHALLENGE)
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
