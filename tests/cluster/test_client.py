"""The client against a server that answers well, badly, partly or not at all."""

import datetime
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import Configuration
from kubernetes.config.incluster_config import InClusterConfigLoader

from cluster.client import ApiError, Client, Conflict, connect
from tests.cluster.fake_api import FakeApi, running
from tests.cluster.fake_store import APPLY, Failure, Request, Store, install

SECRETS = "/api/v1/namespaces/ml/secrets"
BODY = {"metadata": {"name": "tls"}, "data": {"a": "YQ=="}}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as one:
        install(one)
        yield one


@pytest.fixture
def client(api: FakeApi) -> Iterator[Client]:
    one = api.client()
    yield one
    one.close()


@contextmanager
def answering(answer: bytes) -> Iterator[Client]:
    """A client of a server that sends ``answer`` to the first request, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_once() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=answer_once)
        thread.start()
        one = Client(Configuration(host=f"http://127.0.0.1:{listener.getsockname()[1]}"))
        try:
            yield one
        finally:
            thread.join()
            one.close()


def test_a_server_that_is_away_is_named_by_its_address() -> None:
    one = Client(Configuration(host="http://127.0.0.1:1"))
    with pytest.raises(ApiError) as error:
        one.get(SECRETS)
    one.close()
    assert str(error.value) == f"GET {SECRETS}: 127.0.0.1:1: Connection refused"


def test_a_context_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text("{apiVersion: v1, kind: Config, contexts: [], current-context: a}")
    with pytest.raises(ApiError, match=r"from .*kubeconfig: there is no context nowhere$"):
        connect(str(file), "nowhere")


def test_an_object_is_made_read_changed_and_deleted(client: Client) -> None:
    path = f"{SECRETS}/tls"
    assert client.get(path) is None
    made = client.create(SECRETS, BODY)
    assert client.get(path) == made
    changed = client.replace(path, {**made, "data": {"b": "Yg=="}})
    assert changed["data"] == {"b": "Yg=="}
    stale = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}}
    with pytest.raises(Conflict, match="modified"):
        client.merge(path, {**stale, "data": None})
    merged = client.merge(path, {"data": {"c": "Yw=="}})
    assert merged["data"] == {"b": "Yg==", "c": "Yw=="}
    assert "data" not in client.remove_field(path, "data")
    client.delete(path)
    assert client.get(path) is None
    client.delete(path)


def test_a_dry_run_gives_its_warnings(api: FakeApi, client: Client) -> None:
    headers = b'Warning: 299 - "a \\"b\\" \\\\ c"\r\nWarning: 299 - "second"\r\n'
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + headers + b"\r\n{}") as one:
        assert one.try_merge("/api/v1/namespaces/a", {}) == ['a "b" \\ c', "second"]
    client.create(SECRETS, BODY)
    assert client.try_merge(f"{SECRETS}/tls", {"data": None}) == []
    assert (api.writes[-1].verb, api.writes[-1].query) == ("PATCH", {"dryRun": "All"})


def test_who_comes_second_gets_a_conflict(client: Client) -> None:
    made = client.create(SECRETS, BODY)
    with pytest.raises(Conflict, match="already exists"):
        client.create(SECRETS, BODY)
    client.replace(f"{SECRETS}/tls", {**made, "data": {"b": "Yg=="}})
    with pytest.raises(Conflict, match="modified"):
        client.replace(f"{SECRETS}/tls", made)


def test_what_is_applied_says_by_whom_and_that_it_takes_the_fields(
    api: FakeApi, client: Client
) -> None:
    path = f"{SECRETS}/tls"
    client.apply(path, {"apiVersion": "v1", "kind": "Secret", **BODY}, "mlgate")
    (request,) = api.writes
    assert (request.verb, request.path, request.form) == ("PATCH", path, APPLY)
    assert request.query == {"fieldManager": "mlgate", "force": "true"}


@pytest.mark.parametrize("status", [400, 401, 403, 422, 429, 500, 503])
def test_a_refusal_carries_its_status_and_message(
    api: FakeApi, client: Client, status: int
) -> None:
    seen: list[str] = []

    def refuse(request: Request) -> bool:
        seen.append(request.verb)
        raise Failure(status, "no, not today")

    api.fault = refuse
    path = f"{SECRETS}/tls"
    calls: tuple[Callable[[], object], ...] = (
        lambda: client.get(path),
        lambda: client.create(SECRETS, BODY),
        lambda: client.replace(path, BODY),
        lambda: client.apply(path, BODY, "mlgate"),
        lambda: client.delete(path),
    )
    for call in calls:
        with pytest.raises(ApiError, match=r"no, not today") as refused:
            call()
        assert refused.value.status == status
        assert not isinstance(refused.value, Conflict)
    assert seen == ["GET", "POST", "PUT", "PATCH", "DELETE"], "nothing is tried twice"


def test_a_deletion_that_is_refused_for_another_reason_than_absence_is_raised(
    api: FakeApi, client: Client
) -> None:
    client.create(SECRETS, BODY)

    def forbid(_request: Request) -> bool:
        raise Failure(403, "no right")

    api.fault = forbid
    with pytest.raises(ApiError, match=r"403: DELETE /api/v1/.*: no right"):
        client.delete(f"{SECRETS}/tls")


def test_a_server_that_is_not_there_has_status_zero() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ApiError) as error:
        Client(Configuration(host=f"http://127.0.0.1:{port}")).get("/api")
    assert error.value.status == 0
    assert str(error.value).startswith("GET /api: ")


def test_an_answer_that_does_not_come_has_status_zero(api: FakeApi, client: Client) -> None:
    api.fault = lambda _request: True
    with pytest.raises(ApiError) as error:
        client.create(SECRETS, BODY)
    assert error.value.status == 0
    api.fault = Store().fault
    assert client.get(f"{SECRETS}/tls") is not None, "the work was done"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a"', 0),
        (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a"', 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", 200),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>", 502),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n[]", 502),
        (b"HTTP/1.1 503 Gone\r\nContent-Length: 100\r\n\r\n{", 0),
        (b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n", 409),
        (b"no HTTP\r\n\r\n", 0),
        (b"", 0),
    ],
)
def test_whatever_is_no_whole_answer_is_an_api_error(answer: bytes, status: int) -> None:
    with answering(answer) as client, pytest.raises(ApiError) as error:
        client.get("/api/v1/namespaces/ml/secrets/tls")
    assert error.value.status == status


def test_a_watch_tells_what_happens_until_its_time_is_up(api: FakeApi, client: Client) -> None:
    client.create(SECRETS, BODY)
    client.create(SECRETS, {**BODY, "metadata": {"name": "other"}})
    client.create("/api/v1/namespaces/elsewhere/secrets", BODY)
    client.delete(f"{SECRETS}/tls")
    events = list(client.watch(SECRETS, 1, {"fieldSelector": "metadata.name=tls"}))
    assert [(one["type"], one["object"]["metadata"]["namespace"]) for one in events] == [
        ("ADDED", "ml"),
        ("DELETED", "ml"),
    ]
    (query,) = [query for path, query in api.requests if path == SECRETS and "watch" in query]
    assert query["timeoutSeconds"] == "1"


def test_a_watch_that_is_cut_or_refused_is_an_api_error(api: FakeApi, client: Client) -> None:
    cut = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"a": 1}\n\r\n9\r\n{'
    with answering(cut) as other:
        events = other.watch(SECRETS, 1, {})
        assert next(events) == {"a": 1}
        with pytest.raises(ApiError) as error:
            next(events)
    assert error.value.status == 0
    api.kinds["/api/v1/secrets"].status = 403
    with pytest.raises(ApiError) as error:
        next(client.watch(SECRETS, 1, {}))
    assert error.value.status == 403


def test_several_threads_share_a_client(client: Client) -> None:
    found: list[str] = []

    def work(number: int) -> None:
        for turn in range(5):
            name = f"tls-{number}-{turn}"
            client.create(SECRETS, {**BODY, "metadata": {"name": name}})
            got = client.get(f"{SECRETS}/{name}")
            found.append(str(got and got["metadata"]["name"]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"tls-{a}-{b}" for a in range(6) for b in range(5))


class Pod:
    """A pod's ServiceAccount: its token in a file, and a client that is configured by it."""

    def __init__(self, api: FakeApi, folder: Path) -> None:
        self.token = folder / "token"
        self.token.write_text("first")
        authority = folder / "ca.crt"
        authority.write_text("not read over HTTP")
        environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}
        make: Any = InClusterConfigLoader
        loader = make(str(self.token), str(authority), environ=environment)
        loader._token_refresh_period = datetime.timedelta(0)
        loader._load_config()
        loader.host, loader.ssl_ca_cert = api.url, None
        self.configuration = Configuration()
        loader._set_config(self.configuration)
        self.client = Client(self.configuration)


@pytest.fixture
def pod(api: FakeApi, tmp_path: Path) -> Pod:
    return Pod(api, tmp_path)


def test_a_rotated_token_is_read_again(api: FakeApi, pod: Pod) -> None:
    pod.client.get(SECRETS)
    pod.token.write_text("second")
    pod.client.get(SECRETS)
    pod.client.read(SECRETS, {}, 5.0).close()
    assert api.authorizations == ["bearer first", "bearer second", "bearer second"]


def test_a_token_that_cannot_be_read_just_now_is_an_api_error(api: FakeApi, pod: Pod) -> None:
    pod.token.write_text("")
    with pytest.raises(ApiError, match="empty"):
        pod.client.get(SECRETS)
    pod.token.unlink()
    with pytest.raises(ApiError, match="No such file"):
        pod.client.get(SECRETS)
    pod.token.write_text("third")
    pod.client.get(SECRETS)
    assert api.authorizations == ["bearer third"]


def test_a_kubeconfig_says_where_and_as_whom(api: FakeApi, tmp_path: Path) -> None:
    body: dict[str, Any] = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": api.url}}],
        "users": [{"name": "me", "user": {"token": "mine"}}],
    }
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(body))
    connect(str(file)).get(SECRETS)
    assert api.authorizations == ["Bearer mine"]


def test_without_a_way_to_the_api_server_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ApiError, match="no way to the API server from a pod") as error:
        connect()
    assert error.value.status == 0
    with pytest.raises(ApiError, match=r"from .*nowhere"):
        connect(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: [", "no YAML: while parsing a flow node"),
        ("[]", "it has not the shape of a kubeconfig"),
        ("just words", "it has not the shape of a kubeconfig"),
        ("clusters: []", "Expected key current-context"),
    ],
)
def test_what_is_no_kubeconfig_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    with pytest.raises(ApiError, match=complaint) as error:
        connect(str(file))
    assert "\n" not in str(error.value)


def test_of_several_kubeconfigs_those_that_are_there_count(tmp_path: Path) -> None:
    both = f"{tmp_path / 'nowhere'}:{tmp_path / 'empty'}"
    with pytest.raises(ApiError, match="there is no such file"):
        connect(both)
    (tmp_path / "empty").write_text("clusters: []")
    with pytest.raises(ApiError, match="Expected key current-context"):
        connect(both)
