"""A reflector against an API server that misbehaves in each of the ways that are known."""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from cluster.client import ApiError
from cluster.discovery import Resource
from cluster.reflector import Backoff, Reflector, WatchTiming
from rules.kinds.core import KINDS
from rules.kinds.kept_pods import PODS, unpack_pods
from tests.cluster.fake_api import FakeApi, Kind, running
from tests.cluster.waiting import until
from webhook.knowledge.object_cache import ObjectCache, WatchedKind, watched_kinds

TIMING = WatchTiming(watch=(20, 20), first=0.05, longest=0.2, stale=0.5)
DEPLOYMENT = next(one for one in watched_kinds(KINDS) if one.kind == "Deployment")


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as one:
        yield one


@pytest.fixture
def pods(api: FakeApi) -> Kind:
    return api.serve("", "v1", "Pod", "pods")


@pytest.fixture
def reflector(api: FakeApi, pods: Kind) -> Iterator[Reflector[ObjectCache]]:
    one = make(api, pods)
    yield one
    one.stop()
    one.join(5.0)
    assert not one._thread.is_alive()


def make(
    api: FakeApi, kind: Kind, wanted: WatchedKind | None = None, timing: WatchTiming = TIMING
) -> Reflector[ObjectCache]:
    wanted = wanted or WatchedKind(kind.group, kind.kind)
    resource = Resource(kind.path, namespaced=True)
    store = partial(ObjectCache, wanted.read_facts)
    return Reflector(api.read, resource, store, timing, lambda _error: None, whole=wanted.whole)


def test_it_holds_what_was_listed_and_what_was_watched(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    listed = api.put(pods, "a", "ml")
    assert not reflector.synced()
    reflector.start()
    until(reflector.synced)
    assert reflector.store.has(listed)
    watched = api.put(pods, "b", "ml")
    until(lambda: reflector.store.has(watched))
    assert len(reflector.store) == 2
    assert len(api.asked(pods, watch=False)) == 1


def test_it_forgets_what_is_deleted(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    uid = api.put(pods, "a", "ml")
    reflector.start()
    until(lambda: reflector.store.has(uid))
    api.delete(pods, "a", "ml")
    until(lambda: not reflector.store.has(uid))
    assert reflector.synced()


def test_an_object_made_anew_under_its_name_has_another_uid(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    old = api.put(pods, "a", "ml")
    reflector.start()
    until(lambda: reflector.store.has(old))
    api.delete(pods, "a", "ml")
    new = api.put(pods, "a", "ml")
    until(lambda: reflector.store.has(new))
    assert not reflector.store.has(old)


def test_long_lists_come_in_pages(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    uids = [api.put(pods, f"pod-{number}", "ml") for number in range(1201)]
    reflector.start()
    until(reflector.synced)
    assert all(map(reflector.store.has, uids))
    pages = api.asked(pods, watch=False)
    assert [page.get("continue") for page in pages] == [None, "500", "1000"]
    assert {page["limit"] for page in pages} == {"500"}


def test_a_watch_goes_on_from_where_the_last_one_ended(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    reflector.start()
    until(lambda: bool(api.asked(pods, watch=True)))
    first = api.put(pods, "a", "ml")
    until(lambda: reflector.store.has(first))
    api.end_watches()
    between = api.put(pods, "b", "ml")
    until(lambda: reflector.store.has(between))
    assert len(api.asked(pods, watch=False)) == 1


def test_a_watch_that_is_too_old_means_a_new_list(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    kept, lost = api.put(pods, "kept", "ml"), api.put(pods, "lost", "ml")
    reflector.start()
    until(lambda: bool(api.asked(pods, watch=True)))
    api.delete(pods, "lost", "ml", quietly=True)
    api.compact(pods)
    until(lambda: not reflector.store.has(lost))
    assert reflector.store.has(kept)
    assert len(api.asked(pods, watch=False)) == 2


def test_a_watch_refused_as_too_old_means_a_new_list(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    reflector.start()
    until(lambda: bool(api.asked(pods, watch=True)))
    pods.status = 500
    api.end_watches()
    api.compact(pods)
    uid = api.put(pods, "a", "ml")
    pods.status = 200
    until(lambda: reflector.store.has(uid))
    assert len(api.asked(pods, watch=False)) == 2


def test_bookmarks_move_the_place_to_go_on_from(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    api.bookmarks = True
    reflector.start()
    until(lambda: bool(api.asked(pods, watch=True)))
    with api.changed:
        api.version += 50
    until(lambda: reflector._version == str(api.version))
    pods.compacted = api.version
    api.end_watches()
    until(lambda: len(api.asked(pods, watch=True)) >= 2)
    assert len(api.asked(pods, watch=False)) == 1


def test_a_list_that_ends_half_way_changes_nothing(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    uid = api.put(pods, "a", "ml")
    reflector.start()
    until(lambda: reflector.store.has(uid))
    pods.list_status = 500
    api.compact(pods)
    until(lambda: len(api.asked(pods, watch=False)) >= 3)
    assert reflector.store.has(uid)
    pods.list_status = 200
    until(lambda: reflector._failing_since is None)
    assert reflector.store.has(uid)


def test_what_cannot_be_refreshed_is_not_synced_any_more(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    uid = api.put(pods, "a", "ml")
    reflector.start()
    until(reflector.synced)
    pods.status = 500
    api.end_watches()
    until(lambda: not reflector.synced())
    assert reflector.store.has(uid), "what was found stays found"
    pods.status = 200
    until(reflector.synced)


def test_a_forbidden_kind_is_never_synced(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    pods.status = 403
    reflector.start()
    until(lambda: len(api.asked(pods, watch=False)) >= 3)
    assert not reflector.synced()


def test_watches_that_end_at_once_are_not_opened_in_a_rush(api: FakeApi, pods: Kind) -> None:
    hasty = make(api, pods, timing=TIMING._replace(watch=(0, 0), first=0.2))
    began = time.monotonic()
    hasty.start()
    until(lambda: len(api.asked(pods, watch=True)) >= 4)
    assert time.monotonic() - began >= 0.3, "three pauses, of 0.1 s at least"
    hasty.stop()
    hasty.join(5.0)


def test_stopping_does_not_wait_for_a_slow_list(
    api: FakeApi, pods: Kind, reflector: Reflector[ObjectCache]
) -> None:
    pods.lists.clear()
    reflector.start()
    until(lambda: bool(api.asked(pods, watch=False)))
    reflector.stop()  # returns, although no list is answered
    pods.lists.set()
    reflector.join(5.0)
    assert not reflector.synced(), "what comes after the stop is not taken in"


def test_facts_are_kept_and_follow_the_object(api: FakeApi) -> None:
    deployments = api.serve("apps", "v1", "Deployment", "deployments")
    api.put(deployments, "web", "ml", **limits("nvidia.com/gpu"))
    one = make(api, deployments, DEPLOYMENT)
    one.start()
    until(one.synced)
    assert limits_of(one, "web") == {"nvidia.com/gpu": "1"}
    assert one.store.find("other", "web") is None
    api.put(deployments, "web", "ml", **limits("cpu", "memory"))
    until(lambda: limits_of(one, "web") == {"cpu": "1", "memory": "1"})
    api.delete(deployments, "web", "ml")
    until(lambda: one.store.find("ml", "web") is None)
    one.stop()
    one.join(5.0)


def limits_of(reflector: Reflector[ObjectCache], name: str) -> Mapping[str, Any]:
    (pod,) = unpack_pods((reflector.store.find("ml", name) or {})[PODS])
    return pod.containers[0].limits


def limits(*names: str) -> dict[str, object]:
    container = {"name": "main", "resources": {"limits": dict.fromkeys(names, "1")}}
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


def test_only_what_has_facts_is_asked_for_whole(api: FakeApi, pods: Kind) -> None:
    seen = []
    whole = make(api, pods, DEPLOYMENT)
    bare = make(api, pods)
    for one in (whole, bare):
        one._read = lambda _path, headers, _patience: seen.append(headers["Accept"])
        with pytest.raises(AttributeError):
            one._list()
    assert seen[0] == "application/json"
    assert "as=PartialObjectMetadataList;" in seen[1]


def test_nobody_waits_for_years() -> None:
    backoff = Backoff(WatchTiming(first=1.0, longest=8.0))
    assert backoff.after(ApiError(429, "slow down", float("inf"))) == 300.0


def test_pauses_double_up_to_a_bound_and_heed_the_server() -> None:
    backoff = Backoff(WatchTiming(first=1.0, longest=8.0))
    pauses = [backoff.after(OSError()) for _ in range(40)]
    for pause, middle in zip(pauses, [1.0, 2.0, 4.0, *[8.0] * 37], strict=True):
        assert middle / 2 <= pause <= middle * 1.5
    assert backoff.after(ApiError(429, "slow down", retry_after=60.0)) == 60.0
    backoff.reset()
    assert backoff.after(OSError()) <= 1.5
