"""What a cluster held, kept to be judged again."""

import pickle
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from cluster.client import ApiError
from cluster.discovery import Resource
from cluster.listing import Lister
from linter.scanning.snapshot import Snapshot

JOBS = Resource("/apis/batch/v1/jobs", namespaced=True)


class Listed(Lister):
    """Gives numbered objects, counts how often it is asked, and fails after some of them."""

    def __init__(self, number: int, fails_after: int | None = None) -> None:
        self.asked = 0
        self._number = number
        self._fails_after = fails_after

    def list_objects(
        self, resource: Resource, namespace: str | None = None, selector: str = ""
    ) -> Iterator[dict[str, Any]]:
        self.asked += 1
        for at in range(self._number):
            if at == self._fails_after:
                raise ApiError(403, "forbidden")
            yield {"metadata": {"name": f"{resource.path}-{namespace}-{at}{selector}"}}


def test_a_collection_is_listed_once() -> None:
    lister = Listed(200)
    snapshot = Snapshot(lister, 100_000)
    first = list(snapshot.list_objects(JOBS, "a"))
    assert list(snapshot.list_objects(JOBS, "a")) == first
    assert (len(first), lister.asked) == (200, 1)
    assert 0 < snapshot.size < 20_000


def test_namespaces_and_selectors_are_told_apart() -> None:
    snapshot = Snapshot(Listed(1), 100_000)
    asked = [(JOBS, "a", ""), (JOBS, "b", ""), (JOBS, "a", "x=y"), (JOBS, None, "")]
    found = [list(snapshot.list_objects(*one)) for one in asked]
    assert [list(snapshot.list_objects(*one)) for one in asked] == found
    assert len({str(one) for one in found}) == 4


def test_an_error_comes_again_after_what_came_before_it() -> None:
    lister = Listed(200, fails_after=100)
    snapshot = Snapshot(lister, 100_000)
    for _ in range(2):
        objects = snapshot.list_objects(JOBS)
        assert len(list(islice(objects, 100))) == 100
        with pytest.raises(ApiError, match="403"):
            next(objects)
    assert lister.asked == 1
    assert [one.status for one in snapshot.errors.values()] == [403]


def test_what_was_not_read_to_its_end_is_not_kept() -> None:
    lister = Listed(200)
    snapshot = Snapshot(lister, 100_000)
    part = iter(snapshot.list_objects(JOBS))
    next(part)
    del part
    assert len(list(snapshot.list_objects(JOBS))) == 200
    assert lister.asked == 2


def test_another_process_has_it_without_the_cluster() -> None:
    lister = Listed(200, fails_after=100)
    snapshot = Snapshot(lister, 100_000)
    with pytest.raises(ApiError):
        list(snapshot.list_objects(JOBS))
    there = pickle.loads(pickle.dumps(snapshot.without_cluster()))  # noqa: S301 - made here
    objects = there.list_objects(JOBS)
    assert len(list(islice(objects, 100))) == 100
    with pytest.raises(ApiError, match="403: forbidden") as raised:
        next(objects)
    assert raised.value.status == 403
    with pytest.raises(ApiError, match="was not kept"):
        next(there.list_objects(JOBS, "another"))
    assert there.find_object(JOBS, "a", "b") is None
    assert lister.asked == 1


def test_what_is_too_large_is_not_kept() -> None:
    lister = Listed(2000)
    snapshot = Snapshot(lister, 1000)
    for _ in range(2):
        assert len(list(snapshot.list_objects(JOBS))) == 2000
    assert (lister.asked, snapshot.whole, snapshot.size) == (2, False, 0)
