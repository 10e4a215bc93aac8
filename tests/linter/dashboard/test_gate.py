"""Who may look at the dashboard, and what a browser may do with it."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from linter.dashboard.gate import Gate, ProxyTrust, TokenOnDisk
from linter.dashboard.pages import FRAMES
from linter.dashboard.shield import MAX_BODY
from linter.errors import UserError
from tests.linter.dashboard.in_process import LOCAL, ask, post, show

SHOWN = "a-token-of-enough-characters"
PATHS = (
    *("/", "/report", "/namespaces", "/teams", "/rules", "/rules/TRN001", "/simulator"),
    *("/assets/report.js", "/assets/icon.svg", "/openapi.json", "/metrics", "/nowhere"),
    *("/api/v1/status", "/api/v1/history", "/api/v1/groups/team", "/api/v1/findings"),
    *("/api/v1/rules", "/api/v1/rules/TRN001", "/api/v1/simulations/1"),
)


@pytest.fixture
def token(tmp_path: Path) -> TokenOnDisk:
    (tmp_path / "token").write_text(f"{SHOWN}\n")
    return TokenOnDisk(str(tmp_path / "token"))


def basic(password: str) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'any:{password}'.encode()).decode()}"}


WRONG: list[dict[str, str]] = [
    {},
    {"authorization": "Bearer"},
    {"authorization": f"Bearer {SHOWN}x"},
    {"authorization": f"Bearer {SHOWN[:-1]}"},
    {"authorization": f"Token {SHOWN}"},
    {"authorization": "Basic !!!"},
    {"authorization": f"Bearer {'x' * 10_000}"},
    {"cookie": f"token={SHOWN}"},
    {"x-forwarded-user": "admin", "x-forwarded-for": "127.0.0.1"},
    basic(""),
    basic(f"{SHOWN}:"),
]


@pytest.mark.parametrize("headers", WRONG, ids=str)
def test_nothing_is_shown_to_who_has_no_token(token: TokenOnDisk, headers: dict[str, str]) -> None:
    app = show(gate=Gate(token, hosts=None))
    for path in PATHS:
        reply = ask(app, path, headers=headers)
        assert (reply.status, reply.body) == (401, b"the token is wanted\n"), path
        assert reply.headers["www-authenticate"].startswith("Basic realm")
    assert post(app, {"profile": "strict"}, **headers).status == 401


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def list_routes(routes: Iterable[Any]) -> Iterator[str]:
    """The paths of all that is answered, whatever is asked for in them."""
    for one in routes:
        router = getattr(one, "original_router", None)
        if router is None:
            yield re.sub(r"\{\w+\}", "1", one.path)
        else:
            yield from list_routes(router.routes)


def test_no_route_is_open_but_the_probes(token: TokenOnDisk) -> None:
    shield: Any = show(gate=Gate(token, hosts=None))
    paths = [*list_routes(shield._app.routes), *FRAMES]
    assert len(set(paths)) > 15
    opened = {
        (method, path)
        for path in paths
        for method in METHODS
        if ask(shield, path, method=method).status != 401
    }
    assert opened == {("GET", "/healthz"), ("HEAD", "/healthz")}


def test_the_token_opens_it_as_a_bearers_and_as_a_password(token: TokenOnDisk) -> None:
    app = show(gate=Gate(token, hosts=None))
    for headers in ({"authorization": f"Bearer {SHOWN}"}, basic(SHOWN)):
        assert ask(app, "/api/v1/status", headers=headers).status == 200


def test_a_token_that_is_written_anew_counts_at_once(token: TokenOnDisk, tmp_path: Path) -> None:
    app = show(gate=Gate(token, hosts=None))
    (tmp_path / "token").write_text("another-token-of-sixteen")
    assert ask(app, "/", headers={"authorization": f"Bearer {SHOWN}"}).status == 401
    assert ask(app, "/", headers=basic("another-token-of-sixteen")).status == 200
    (tmp_path / "token").unlink()
    assert ask(app, "/", headers=basic("another-token-of-sixteen")).status == 401


@pytest.mark.parametrize("text", ["", "short", " " * 40, "x" * 5000])
def test_a_token_that_anybody_could_guess_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)
    with pytest.raises(UserError, match="characters; expected 16 to 4096"):
        TokenOnDisk(str(tmp_path / "token")).read()


PROXY = ProxyTrust("x-forwarded-user", (ip_network("10.1.0.0/16"), ip_network("fd00::/8")))


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("10.1.2.3", {"x-forwarded-user": "alice"}, 200),
        ("::ffff:10.1.2.3", {"x-forwarded-user": "alice"}, 200),
        ("fd00::7", {"X-Forwarded-User": "alice"}, 200),
        ("10.1.2.3", {}, 403),
        ("10.1.2.3", {"x-forwarded-user": " "}, 403),
        ("10.2.2.3", {"x-forwarded-user": "alice"}, 403),
        ("127.0.0.1", {"x-forwarded-user": "alice", "x-forwarded-for": "10.1.2.3"}, 403),
        ("", {"x-forwarded-user": "alice"}, 403),
    ],
)
def test_a_proxy_is_believed_by_its_address(
    peer: str, headers: dict[str, str], status: int
) -> None:
    app = show(gate=Gate(None, PROXY, hosts=None))
    assert ask(app, "/api/v1/status", headers=headers, peer=peer).status == status


def test_a_name_that_a_client_adds_to_the_proxys_is_no_name() -> None:
    class Doubled(dict[str, str]):
        def items(self) -> Any:
            return [("x-forwarded-user", "mallory"), ("x-forwarded-user", "alice")]

    app = show(gate=Gate(None, PROXY, hosts=None))
    assert ask(app, "/", headers=Doubled(), peer="10.1.2.3").status == 403


def test_with_a_token_and_a_proxy_either_will_do(token: TokenOnDisk) -> None:
    app = show(gate=Gate(token, PROXY, hosts=None))
    assert ask(app, "/", headers=basic(SHOWN)).status == 200
    assert ask(app, "/", headers={"x-forwarded-user": "a"}, peer="10.1.0.1").status == 200
    assert ask(app, "/", headers={"x-forwarded-user": "a"}).status == 401


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8090", "127.0.0.1:1", "[::1]:8090"])
def test_localhost_is_asked_for_by_its_name(host: str) -> None:
    assert ask(show(), "/", headers={"host": host}).status == 200


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "127.0.0.2:80"])
def test_another_name_that_leads_here_is_refused(host: str) -> None:
    """As a page of another site does that has its own name lead to localhost."""
    reply = ask(show(), "/api/v1/findings", headers={"host": host} if host else {})
    assert (reply.status, b"--host-name" in reply.body) == (421, True)


def test_the_probe_is_answered_to_everybody_and_says_nothing(token: TokenOnDisk) -> None:
    reply = ask(show(gate=Gate(token)), "/healthz", headers={"host": "10.0.0.7:8443"})
    assert (reply.status, reply.body) == (200, b"ok\n")


@pytest.mark.parametrize("path", [*PATHS, "/healthz", "/api/v1/findings?limit=0"])
def test_every_answer_is_shut_in(path: str) -> None:
    reply = ask(show(), path)
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "no-store"
    assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_all_but_simulations_is_read(method: str) -> None:
    for path in ("/", "/api/v1/status", "/api/v1/simulations/1", "/healthz"):
        assert ask(show(), path, method=method).status == 405


def test_a_simulation_is_json_of_this_site() -> None:
    app = show()
    assert post(app, {}, **{"content-type": "text/plain"}).status == 415
    assert post(app, {}, **{"content-type": "application/x-www-form-urlencoded"}).status == 415
    assert post(app, {}, **{"sec-fetch-site": "cross-site"}).status == 403
    assert post(app, {}, **{"sec-fetch-site": "same-site"}).status == 403
    assert post(app, {"profile": "strict"}, **{"sec-fetch-site": "same-origin"}).status == 503


def test_a_body_is_read_no_further_than_it_may_be() -> None:
    assert post(show(), {"profile": "x" * MAX_BODY}).status == 413


def test_no_answer_quotes_the_token(token: TokenOnDisk) -> None:
    app = show(gate=Gate(token, hosts=None))
    for path in PATHS:
        reply = ask(app, path, headers={**LOCAL, "authorization": f"Bearer {SHOWN}"})
        assert SHOWN not in reply.body.decode() + json.dumps(reply.headers)
