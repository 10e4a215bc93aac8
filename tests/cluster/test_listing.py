"""Collections read whole, whatever the server does meanwhile."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cluster import listing
from cluster.client import ApiError
from cluster.discovery import Resource
from cluster.listing import Lister, ListTiming
from tests.cluster.fake_api import FakeApi, Kind, running
from tests.cluster.test_discovery import Answer

JOBS = Resource("/apis/batch/v1/jobs", namespaced=True)
FAST = ListTiming(rate=100_000.0)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as one:
        yield one


@pytest.fixture
def jobs(api: FakeApi) -> Kind:
    return api.serve("batch", "v1", "Job", "jobs")


def list_names(api: FakeApi, **query: Any) -> list[str]:
    found = Lister(api.read, FAST).list_objects(JOBS, **query)
    return [one["metadata"]["name"] for one in found]


def test_all_pages_are_read(api: FakeApi, jobs: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    for number in range(8):
        api.put(jobs, f"job-{number}", "research")
    assert list_names(api) == [f"job-{number}" for number in range(8)]
    assert [query.get("limit") for query in api.asked(jobs, watch=False)] == ["3"] * 3


def test_one_namespace_is_asked_for_alone(api: FakeApi, jobs: Kind) -> None:
    api.put(jobs, "a", "research")
    api.put(jobs, "b", "serving")
    assert list_names(api, namespace="serving") == ["b"]
    assert [path for path, _ in api.requests] == ["/apis/batch/v1/namespaces/serving/jobs"]


class Server:
    """Answers in order."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def read(self, path: str, _headers: Mapping[str, str], _patience: float) -> Any:
        self.asked.append(path)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def page(*names: str, following: str = "") -> Answer:
    items = [{"metadata": {"name": name, "uid": name}} for name in names]
    return Answer(200, {"metadata": {"continue": following}, "items": items})


def read_all(server: Server, pauses: list[float] | None = None) -> list[str]:
    sleep = (pauses if pauses is not None else []).append
    found = Lister(server.read, FAST, sleep).list_objects(JOBS)
    return [one["metadata"]["name"] for one in found]


def test_pages_that_expired_are_read_from_the_start_and_nothing_twice() -> None:
    server = Server(
        page("a", "b", following="x"), Answer(410, {}), page("b", "a", following="y"), page("c")
    )
    assert read_all(server) == ["a", "b", "c"]
    assert "continue" not in server.asked[2]


def test_pages_that_never_end_are_asked_for_in_one_piece() -> None:
    expiring = (page("a", following="x"), Answer(410, {}))
    server = Server(*expiring * 3, page("a", "b"))
    assert read_all(server) == ["a", "b"]
    assert "limit" not in server.asked[-1]
    same = Server(page("a", following="x"), page("b", following="x"))
    with pytest.raises(ApiError, match="the same page comes again and again"):
        read_all(same)


def test_objects_without_a_uid_are_told_apart_by_their_names() -> None:
    items = [{"metadata": {"name": name}} for name in ("a", "b")]
    assert read_all(Server(Answer(200, {"items": items}))) == ["a", "b"]


@pytest.mark.parametrize(
    "body", [{"items": "ab"}, {"items": [1]}, {"items": [{"metadata": []}]}, {"metadata": "x"}]
)
def test_what_is_no_list_of_objects_is_told(body: dict[str, Any]) -> None:
    body = {"metadata": {}, **body}
    with pytest.raises(ApiError, match="no list of objects"):
        read_all(Server(Answer(200, body)))


def test_a_busy_server_is_asked_again_after_as_long_as_it_says() -> None:
    pauses: list[float] = []
    busy = Answer(429)
    busy.headers["Retry-After"] = "7"
    server = Server(OSError("refused"), busy, Answer(503), page("a"))
    assert read_all(server, pauses) == ["a"]
    assert max(pauses) >= 7.0


def test_it_is_given_up_in_the_end() -> None:
    server = Server(*[Answer(500)] * 20)
    with pytest.raises(ApiError) as failed:
        read_all(server)
    assert failed.value.status == 500
    assert len(server.asked) == 8


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_final(status: int) -> None:
    server = Server(Answer(status))
    with pytest.raises(ApiError) as failed:
        read_all(server)
    assert (failed.value.status, len(server.asked)) == (status, 1)


def test_requests_keep_to_the_rate() -> None:
    pauses: list[float] = []
    server = Server(page("a", following="x"), page("b", following="y"), page("c"))
    lister = Lister(server.read, ListTiming(rate=0.01), pauses.append)
    assert len(list(lister.list_objects(JOBS))) == 3
    assert [round(pause, -1) for pause in pauses] == [0, 100, 200]
