"""The memory of a review is known before its body is read."""

import asyncio
import gc
import json
import tracemalloc
from typing import Any

import orjson
import pytest

from tests.webhook.bodies import admitted, cron_job, deployment, job, pytorch_job, review
from tests.webhook.in_process import InProcessServer
from webhook.review.decoding import decode_body, measure_tree
from webhook.review.finding_cache import FindingCache
from webhook.server.request_limits import DEFAULT_MAX_BODY, MAX_TREE

MIB = 2**20
ITEMS = (
    *("{}", "[]", '{"":0}', '{"a":{}}', '{"a":{"b":0}}', "[0]", "[[0]]", "[[],[]]", '{"ab":999}'),
    *(
        "999",
        "0.1",
        "1e9",
        "9999999999999",
        "-1",
        "null",
        '""',
        '"ab"',
        '"aé"',
        '"😀"',
        '"\\u20ac"',
    ),
    *('{"a":0,"b":0,"c":0,"d":0,"e":0}', '{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0}', '"\\"\\""'),
)


def allocated(body: bytes) -> int:
    """The bytes that the tree of ``body`` takes."""
    tracemalloc.start()
    try:
        tree = orjson.loads(body)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tree is not None
    return size


@pytest.mark.parametrize("item", ITEMS)
def test_k95_no_value_takes_more_than_is_reckoned(item: str) -> None:
    body = f"[{','.join([item] * 20_000)}]".encode()
    assert allocated(body) <= measure_tree(body)


@pytest.mark.parametrize(
    "body",
    [
        "{" + ",".join(f'"{number:x}":0' for number in range(100_000)) + "}",
        "[" * 100 + ",".join(['{"name":"a","value":"b"}'] * 20_000) + "]" * 100,
        '"' + "a" * 500_000 + '😀"',
        '"' + "a" * 500_000 + '\\ud83d\\ude00"',
    ],
)
def test_k95_no_shape_takes_more_than_is_reckoned(body: str) -> None:
    assert allocated(body.encode()) <= measure_tree(body.encode())


def test_k95_what_would_not_fit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    server = InProcessServer()
    monkeypatch.setattr("webhook.server.handler.decode_body", None)
    body = b'{"a":[' + b",".join([b"{}"] * (7 * MIB // 3)) + b"]}"
    assert len(body) < DEFAULT_MAX_BODY
    assert server.post(body).status == 413
    assert server.handler.limit.held_bytes == 0


def test_k95_the_most_that_the_api_server_stores_twice_fits() -> None:
    """1.5 MiB of empty texts, two bytes each in protobuf, and of empty mappings, three in JSON."""
    texts = b",".join([b'""'] * (3 * MIB // 2))
    mappings = b",".join([b"{}"] * MIB)
    assert measure_tree(texts) < MAX_TREE
    assert measure_tree(mappings) < MAX_TREE


@pytest.mark.parametrize("endpoint", ["validate", "mutate"])
@pytest.mark.parametrize("body", [admitted(job()), cron_job(), pytorch_job(), deployment()])
def test_k95_a_review_leaves_nothing_to_the_collector(body: dict[str, Any], endpoint: str) -> None:
    """It comes rarely, and what large reviews left would take the memory limit before."""
    server = InProcessServer()
    content = json.dumps(review(body)).encode()
    server.post(content, endpoint)  # what is made once is made now
    gc.disable()
    try:
        server.handler._cache = FindingCache(orjson.dumps)
        asyncio.run(send_again(server, content, endpoint))
    finally:
        gc.enable()


def test_k95_an_update_that_is_denied_leaves_nothing_to_the_collector() -> None:
    server = InProcessServer()
    old, new = cron_job(concurrencyPolicy="Forbid"), cron_job(concurrencyPolicy="Allow")
    content = json.dumps(review(new, operation="UPDATE", old=old)).encode()
    assert json.loads(server.post(content).body)["response"]["allowed"] is False
    gc.disable()
    try:
        server.handler._cache = FindingCache(orjson.dumps)
        asyncio.run(send_again(server, content, "validate"))
    finally:
        gc.enable()


async def send_again(server: InProcessServer, content: bytes, endpoint: str) -> None:
    gc.collect()
    for _ in range(3):
        assert (await server.ask(content, endpoint)).status == 200
    assert gc.collect() < 10


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'"\ud800"', "\ufffd"),
        (rb'"\\ud800"', "\\ud800"),
        (rb'"\\\ud800\u0041"', "\\\ufffdA"),
        (rb'"\ud83d\ude00\ude00"', "😀\ufffd"),
        (b'"\xff\xc3\xa9"', "\ufffdé"),
        (b'"' + b"a" * 65_534 + b'\xf0\x9f\x98\x80\xff"', "a" * 65_534 + "😀\ufffd"),
    ],
)
def test_what_is_no_text_is_replaced_and_nothing_else(text: bytes, value: str) -> None:
    assert decode_body(b'{"a":' + text + b"}") == {"a": value}
