"""Whatever anybody sends to the port of the reviews, there is an answer, and no bug comes of it."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.in_process import InProcessServer

SERVER = InProcessServer()
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X")
PATHS = ("/", "/validate", "/mutate", "/validate/", "/mutate/token", "/validate/a/b", "//validate")
HEADERS = (b"content-type", b"content-length", b"authorization", b"expect", b"x-any")
VALUES = (b"application/json", b"application/json; charset=utf-8", b"-1", b"9" * 30, b"Bearer x")
QUERIES = (b"timeout=1s", b"timeout=-1s", b"timeout=99999h", b"timeout=0.0001ms&timeout=", b"%zz")
ANSWERS = {400, 401, 404, 405, 408, 413, 415, 503}


async def send(scope: dict[str, Any], chunks: list[bytes]) -> list[dict[str, Any]]:
    """What is answered to a request whose body comes in pieces; after these the client is gone."""
    sent: list[dict[str, Any]] = []
    left = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, start=1)
    ]

    async def receive() -> dict[str, Any]:
        return left.pop(0) if left else {"type": "http.disconnect"}

    async def answer(message: Any) -> None:
        sent.append(message)

    await SERVER.app(scope, receive, answer)
    return sent


@given(
    method=st.sampled_from(METHODS),
    path=st.sampled_from(PATHS) | st.text(max_size=9).map("/{}".format),
    query=st.sampled_from(QUERIES) | st.binary(max_size=20),
    headers=st.lists(
        st.tuples(st.sampled_from(HEADERS), st.sampled_from(VALUES) | st.binary(max_size=9)),
        max_size=4,
    ),
    client=st.sampled_from([None, ("127.0.0.1", 1), ("fe80::1%eth0", 2)]),
    chunks=st.lists(st.binary(max_size=30), min_size=1, max_size=3),
)
def test_no_request_is_an_error_of_the_server(
    method: str,
    path: str,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    client: tuple[str, int] | None,
    chunks: list[bytes],
) -> None:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "https",
        "query_string": query,
        "headers": headers,
        "client": client,
    }
    start, *rest = asyncio.run(send(scope, chunks))
    assert start["status"] in ANSWERS
    length = sum(len(one.get("body", b"")) for one in rest)
    shown = dict(start["headers"]).get(b"content-length")
    assert method == "HEAD" or int(shown or 0) == length
    assert SERVER.handler.limit.in_flight == 0
    assert not [line for line in SERVER.lines() if line["event"] == "crash"]
