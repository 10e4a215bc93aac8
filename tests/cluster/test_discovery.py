"""Aggregated discovery, as an API server answers it."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from cluster.client import ApiError
from cluster.discovery import Discovery, Resource

WATCHED = ["create", "delete", "get", "list", "watch"]


class Answer:
    """As much of a urllib3 response as discovery reads."""

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        self.status = status
        self.headers = headers
        self.data = json.dumps(body).encode() if body is not None else b"too busy"
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Page(Answer):
    """What a proxy shows in the API server's place."""

    def __init__(self, body: bytes) -> None:
        super().__init__(200, **{"Content-Type": "text/html"})
        self.data = body


class Asked(NamedTuple):
    path: str
    headers: Mapping[str, str]


class Server:
    """Answers by path, and remembers what it was asked."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.asked: list[Asked] = []

    def read(self, path: str, headers: Mapping[str, str], _patience: float) -> Answer:
        self.asked.append(Asked(path, headers))
        return self.answers[path.strip("/")]


def groups(*items: Any) -> dict[str, Any]:
    return {"kind": "APIGroupDiscoveryList", "items": list(items)}


def group(name: str, **versions: list[Any]) -> dict[str, Any]:
    found = [{"version": version, "resources": list(made)} for version, made in versions.items()]
    return {"metadata": {"name": name} if name else {}, "versions": found}


def resource(kind: str, name: str, scope: str = "Namespaced", verbs: Any = WATCHED) -> Any:
    return {
        "resource": name,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": scope,
        "verbs": verbs,
        "subresources": [{"subresource": "status", "responseKind": {"kind": kind}}],
    }


CORE = groups(
    group("", v1=[resource("Pod", "pods"), resource("Namespace", "namespaces", "Cluster")])
)
RAY = group("ray.io", v1=[resource("RayJob", "rayjobs")], v1alpha1=[resource("RayJob", "rayjobs")])


def test_a_kind_is_found_in_the_version_that_the_server_prefers() -> None:
    server = Server(api=Answer(200, CORE), apis=Answer(200, groups(RAY)))
    assert Discovery(server.read).refresh() == {
        ("", "Pod"): Resource("/api/v1/pods", namespaced=True),
        ("", "Namespace"): Resource("/api/v1/namespaces", namespaced=False),
        ("ray.io", "RayJob"): Resource("/apis/ray.io/v1/rayjobs", namespaced=True),
    }
    assert server.answers["api"].closed
    assert server.answers["apis"].closed


def test_a_kind_that_only_an_older_version_has_is_found_there() -> None:
    old = group("ray.io", v1=[], v1alpha1=[resource("RayCluster", "rayclusters")])
    server = Server(api=Answer(200, groups()), apis=Answer(200, groups(old)))
    assert Discovery(server.read).refresh() == {
        ("ray.io", "RayCluster"): Resource("/apis/ray.io/v1alpha1/rayclusters", namespaced=True)
    }


def test_what_cannot_be_listed_and_watched_is_not_there() -> None:
    made = [
        resource("Binding", "bindings", verbs=["create"]),
        resource("Review", "reviews", verbs=["create", "list"]),
        {"resource": "odd", "scope": "Cluster", "verbs": WATCHED},
    ]
    server = Server(api=Answer(200, groups(group("", v1=made))), apis=Answer(200, groups()))
    assert Discovery(server.read).refresh() == {}


def test_an_answer_that_has_not_changed_is_taken_from_the_last_look() -> None:
    server = Server(api=Answer(200, CORE, ETag='"1"'), apis=Answer(200, groups(RAY), ETag='"2"'))
    discovery = Discovery(server.read)
    first = discovery.refresh()
    server.answers = {"api": Answer(304), "apis": Answer(200, groups(), ETag='"3"')}
    second = discovery.refresh()
    assert first.keys() - second.keys() == {("ray.io", "RayJob")}
    assert second[("", "Pod")] == first[("", "Pod")]
    discovery.refresh()
    tags = [(one.path, one.headers.get("If-None-Match")) for one in server.asked]
    assert tags == [
        ("/api", None),
        ("/apis", None),
        ("/api", '"1"'),
        ("/apis", '"2"'),
        ("/api", '"1"'),
        ("/apis", '"3"'),
    ]


def test_an_answer_without_a_tag_is_asked_for_whole() -> None:
    server = Server(api=Answer(200, CORE), apis=Answer(200, groups()))
    discovery = Discovery(server.read)
    discovery.refresh()
    discovery.refresh()
    assert all("If-None-Match" not in one.headers for one in server.asked)


def test_a_server_that_is_too_old_for_it_is_no_empty_cluster() -> None:
    legacy = {"kind": "APIGroupList", "groups": []}
    server = Server(api=Answer(200, CORE), apis=Answer(200, legacy))
    with pytest.raises(ApiError, match="lists a APIGroupList; expected v2"):
        Discovery(server.read).refresh()


@pytest.mark.parametrize("item", [1, {}, {"metadata": {"name": "batch"}, "versions": "v1"}])
def test_groups_that_are_none_are_told(item: Any) -> None:
    server = Server(api=Answer(200, groups(item)))
    with pytest.raises(ApiError, match="/api answers with a list of groups that is none"):
        Discovery(server.read).refresh()


def test_a_refusal_says_how_long_to_wait() -> None:
    server = Server(api=Answer(429, **{"Retry-After": "7"}))
    with pytest.raises(ApiError, match="429: too busy") as refused:
        Discovery(server.read).refresh()
    assert (refused.value.status, refused.value.retry_after) == (429, 7.0)
    server.answers["api"] = Answer(503, **{"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})
    with pytest.raises(ApiError) as refused:
        Discovery(server.read).refresh()
    assert refused.value.retry_after == 0.0


def test_a_look_that_fails_half_way_leaves_the_next_one_right() -> None:
    server = Server(api=Answer(200, CORE, ETag='"1"'), apis=Answer(503))
    discovery = Discovery(server.read)
    with pytest.raises(ApiError):
        discovery.refresh()
    server.answers = {"api": Answer(304), "apis": Answer(200, groups(RAY))}
    assert discovery.refresh().keys() == {("", "Pod"), ("", "Namespace"), ("ray.io", "RayJob")}


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"[1]", b"null", b""])
def test_what_is_no_object_in_json_is_told(body: bytes) -> None:
    server = Server(api=Page(body))
    with pytest.raises(ApiError, match=r"^200: expected an object in JSON, found text/html$"):
        Discovery(server.read).refresh()
