"""Who is told what."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.webhook.bodies import UID, admitted, job, pytorch_job, review
from tests.webhook.in_process import JSON, InProcessServer
from webhook.identity.client_token import ClientTokens, derive_token
from webhook.server.clients import ClientCheck, TokenFile, Trust

TOKEN = derive_token(b"key")
HEADERS = [(b"host", b"mlgate")]
DENIED = json.dumps(review(admitted(job()))).encode()


def bearer(text: str) -> list[tuple[bytes, bytes]]:
    return [*HEADERS, (b"authorization", text.encode())]


def server_with(check: ClientCheck) -> InProcessServer:
    server = InProcessServer()
    server.handler.clients = check
    return server


def send(server: InProcessServer, body: bytes = DENIED, endpoint: str = "validate") -> Any:
    answer = server.post(body, endpoint)
    assert answer.status == 200
    return json.loads(answer.body)["response"]


def test_k99_who_is_not_known_is_told_the_decision_and_no_more() -> None:
    server = server_with(ClientCheck(lambda token: token == TOKEN, None))
    status = {
        "code": 403,
        "reason": "Forbidden",
        "message": "refused by policy; mlgate lint says why",
    }
    assert send(server) == {"uid": UID, "allowed": False, "status": status}
    known = send(server, endpoint=f"validate/{TOKEN}")
    assert "TRN002" in known["status"]["message"]
    assert known["auditAnnotations"]["profile"] == "standard"
    assert [line.get("client") for line in server.lines()] == ["unknown", None]


def test_k99_a_patch_is_told_without_its_reasons() -> None:
    server = server_with(ClientCheck(lambda _: False, None))
    patched = send(server, json.dumps(review(pytorch_job())).encode(), "mutate")
    assert patched.keys() == {"uid", "allowed", "patch", "patchType"}


def test_k99_once_the_api_server_was_told_strangers_are_refused_unread() -> None:
    clock = [1000.0]
    server = server_with(ClientCheck(lambda token: token == TOKEN, 60.0, lambda: clock[0]))
    assert send(server)["allowed"] is False
    clock[0] += 1000
    assert send(server)["allowed"] is False
    assert send(server, endpoint=f"validate/{TOKEN}")["allowed"] is False
    clock[0] += 59
    assert send(server)["allowed"] is False
    read = server.chunks_read
    clock[0] += 1
    for path in ("validate", "mutate", "validate/", f"validate/{TOKEN[:-1]}", f"mutate/{TOKEN}x"):
        answer = server.post(DENIED, path)
        assert (answer.status, answer.headers["connection"]) == (401, "close")
        assert b"TRN" not in answer.body
    assert server.chunks_read == read
    assert send(server, endpoint=f"validate/{TOKEN}")["allowed"] is False


def test_k99_where_a_token_is_asked_for_nobody_comes_in_without() -> None:
    check = ClientCheck(lambda token: token == TOKEN, 0)
    assert check.weigh("", HEADERS) is Trust.NONE
    assert check.weigh("", bearer(f"Basic {TOKEN}")) is Trust.NONE
    assert check.weigh("", bearer("Bearer")) is Trust.NONE
    assert check.weigh("", bearer(f"Bearer {TOKEN}")) is Trust.FULL
    assert check.weigh(TOKEN, HEADERS) is Trust.FULL
    server = server_with(check)
    assert server.post(DENIED, headers={**JSON, "authorization": f"Bearer {TOKEN}"}).status == 200
    assert server.post(DENIED).status == 401


def test_tokens_follow_the_keys_and_the_last_ones_are_still_known() -> None:
    keys = [b"first"]
    tokens = ClientTokens(lambda: keys)
    first = tokens.current
    assert first == derive_token(b"first") != derive_token(b"second")
    keys.append(b"second")
    assert tokens.current == first
    assert tokens.knows(derive_token(b"second"))
    keys.pop(0)
    assert tokens.current == derive_token(b"second")
    assert tokens.knows(first)
    for number in range(20):
        keys[0] = b"%d" % number
        assert tokens.knows(tokens.current)
    assert not tokens.knows(first)
    assert not tokens.knows("")
    assert not tokens.knows("é")


def test_a_token_in_a_file_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    for text in (None, " \n"):
        if text is not None:
            file.write_text(text)
        with pytest.raises(ValueError, match="token"):
            TokenFile(file)
    file.write_text("one\n")
    token = TokenFile(file)
    file.write_text("two\n")
    token.refresh()
    assert [token.knows(one) for one in ("one", "two", "")] == [True, True, False]
    file.unlink()
    with pytest.raises(ValueError, match="No such file"):
        token.refresh()
    assert token.knows("two")
