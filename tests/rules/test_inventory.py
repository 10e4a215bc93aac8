"""The objects at hand: what is found of them, and what is not known."""

import marshal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.inventory import FactReading, Inventory, Row
from rules.kinds import find_kind, find_neighbour
from rules.kinds.facts import ACCESS_MODES
from rules.kinds.kept_pods import PODS, unpack_pods
from rules.kinds.lookups import Answer, Reference
from rules.kinds.schema import Kind
from rules.manifest import Manifest

CLAIM = Reference("", ("PersistentVolumeClaim",), None, "work")
SERVER = Reference("apps", ("Deployment",), "ml", "web")


def claim(*modes: str, **metadata: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "work", **metadata},
        "spec": {"accessModes": list(modes), "resources": {"requests": {"storage": "1Gi"}}},
    }


def server(**container: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "ml"},
        "spec": {"replicas": 2, "template": template},
    }


def take_in(*bodies: dict[str, Any], **known: Any) -> Inventory:
    inventory = Inventory(**known)
    for number, body in enumerate(bodies):
        manifest = Manifest(body)
        kind = find_neighbour(manifest.group, body["kind"])
        assert kind is not None
        inventory.add(manifest, kind, ("all.yaml", number, ()))
    return inventory


def send(inventory: Inventory, **known: Any) -> Inventory:
    """The same in another process."""
    rows: list[Row] = marshal.loads(marshal.dumps(inventory.rows()))  # noqa: S302 - our own
    other = Inventory(**known)
    other.merge(rows)
    return other


def test_another_process_is_told_the_same() -> None:
    here = take_in(
        claim("ReadWriteOnce"),
        server(name="main", image="vllm:1", resources={"limits": {"nvidia.com/gpu": 2}}),
    )
    there = send(here)

    for inventory in (here, there):
        assert inventory.ask(CLAIM, ACCESS_MODES) == (Answer.FOUND, ["ReadWriteOnce"])
        answer, kept = inventory.ask(SERVER, PODS)
        (pod,) = unpack_pods(kept)
        assert answer is Answer.FOUND
        assert (pod.path, pod.replicas, pod.labels) == (("spec", "template"), 2, {"app": "web"})
        (container,) = pod.containers
        assert (container.name, container.image, container.use) == ("main", "vllm:1", "main")
        assert container.limits == {"nvidia.com/gpu": 2}
    assert there.rows() == here.rows()
    assert [one.source for one in there.find(SERVER.key)] == [("all.yaml", 1, ())]


def test_facts_are_read_when_somebody_asks() -> None:
    read: list[str] = []

    def count(manifest: Manifest) -> str:
        read.append(str(manifest.identity.name))
        return "fact"

    inventory = Inventory()
    inventory.add(Manifest(server()), Kind("apps", "Deployment", facts={"counted": count}))

    assert read == []
    assert [inventory.ask(SERVER, "counted")[1] for _ in range(2)] == ["fact", "fact"]
    assert read == ["web"]


def test_two_of_one_identity_that_differ_are_unknown() -> None:
    once, many = claim("ReadWriteOnce"), claim("ReadWriteMany")

    assert take_in(once, many).ask(CLAIM, ACCESS_MODES) == (Answer.UNKNOWN, None)
    assert send(take_in(once, many)).ask(CLAIM, ACCESS_MODES) == (Answer.UNKNOWN, None)
    assert take_in(once, once).ask(CLAIM, ACCESS_MODES) == (Answer.FOUND, ["ReadWriteOnce"])


def test_copies_of_an_object_are_read_once_for_who_asks() -> None:
    inventory = take_in(*[server(name="main", image="vllm:1")] * 50)
    read: list[Any] = []

    def note(kept: Any) -> str:
        read.append(kept)
        return unpack_pods(kept)[0].containers[0].image

    answers = [inventory.ask(SERVER, PODS, note) for _ in range(10)]
    assert answers == [(Answer.FOUND, "vllm:1")] * 10
    assert len(read) == 10


def test_copies_around_one_that_differs_are_unknown() -> None:
    one, other = claim("ReadWriteOnce"), claim("ReadWriteMany")
    inventory = take_in(one, one, other, one)
    assert inventory.ask(CLAIM, ACCESS_MODES)[0] is Answer.UNKNOWN
    assert inventory.select((("", "PersistentVolumeClaim"),), None, ACCESS_MODES, bool) == (
        Answer.UNKNOWN,
        (),
    )


def test_a_search_leaves_out_those_that_differ() -> None:
    kind = find_neighbour("", "PersistentVolumeClaim")
    assert kind is not None
    once, many = claim("ReadWriteOnce"), claim("ReadWriteMany")
    other = claim("ReadWriteOnce", name="other")

    def search(inventory: Inventory) -> tuple[Answer, list[str]]:
        answer, found = inventory.select(
            [(kind.group, kind.name)], None, ACCESS_MODES, lambda modes: modes == ["ReadWriteOnce"]
        )
        return answer, [one.key.name for one in found]

    assert search(take_in(other, once, complete=True)) == (Answer.FOUND, ["other", "work"])
    assert search(take_in(other, once, many, complete=True)) == (Answer.FOUND, ["other"])
    assert search(take_in(once, many, complete=True)) == (Answer.UNKNOWN, [])
    assert search(take_in(many, complete=True)) == (Answer.ABSENT, [])
    assert search(take_in(many)) == (Answer.UNKNOWN, [])


CLAIMS_ALONE = (("", "PersistentVolumeClaim"),)
CLAIMS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from([{}, {"namespace": "ml"}]),
        st.sampled_from(["ReadWriteOnce", "ReadWriteMany"]),
    ),
    max_size=5,
)


@given(CLAIMS, st.sampled_from([None, "ml"]))
def test_a_search_by_key_finds_what_one_without_finds(
    claims: list[tuple[str, dict[str, str], str]], asked: str | None
) -> None:
    for complete in (True, False):
        inventory = take_in(
            *(claim(mode, name=name, **place) for name, place, mode in claims), complete=complete
        )
        known = asked, ACCESS_MODES, lambda mode: mode == "ReadWriteOnce"
        by_key = FactReading(first_mode, str), ["ReadWriteOnce"]
        assert inventory.select(CLAIMS_ALONE, *known, *by_key) == inventory.select(
            CLAIMS_ALONE, *known, FactReading(first_mode)
        )


def test_a_search_by_key_looks_at_few() -> None:
    names = [f"claim-{number}" for number in range(5)]
    inventory = take_in(*(claim(name, name=name) for name in names), complete=True)
    looked: list[str] = []

    def accepts(mode: str) -> bool:
        looked.append(mode)
        return False

    for wanted in ("claim-3", "claim-9"):
        reading = FactReading(first_mode, str)
        inventory.select(CLAIMS_ALONE, None, ACCESS_MODES, accepts, reading, [wanted])
    assert looked == ["claim-3"] * 2, "among those of a namespace, and among those that say none"


def first_mode(modes: list[str]) -> str:
    return modes[0]


def test_a_namespace_that_is_not_written_is_none_or_the_one_that_is_said() -> None:
    named = claim("ReadWriteOnce", namespace="ml")

    assert take_in(named).ask(CLAIM, ACCESS_MODES)[0] is Answer.UNKNOWN
    assert take_in(named, namespace="ml").ask(CLAIM, ACCESS_MODES)[0] is Answer.FOUND
    assert take_in(named).at("ml").ask(CLAIM, ACCESS_MODES)[0] is Answer.FOUND
    assert take_in(claim()).ask(CLAIM._replace(namespace="ml"), ACCESS_MODES)[1] is None


@pytest.mark.parametrize(
    ("asked", "held", "known", "answer"),
    [
        (None, "ml", "", Answer.UNKNOWN),
        ("ml", "", "", Answer.UNKNOWN),
        ("ml", "other", "", Answer.ABSENT),
        (None, "other", "ml", Answer.ABSENT),
        (None, "", "", Answer.FOUND),
    ],
)
def test_an_object_may_be_in_the_namespace_that_nobody_says(
    asked: str | None, held: str, known: str, answer: Answer
) -> None:
    """Whoever applies the files says it, and nobody else knows."""
    kind = find_neighbour("", "PersistentVolumeClaim")
    assert kind is not None
    one = claim("ReadWriteOnce", **({"namespace": held} if held else {}))
    inventory = take_in(one, namespace=known, complete=True)

    assert inventory.ask(CLAIM._replace(namespace=asked), ACCESS_MODES)[0] is answer
    found = inventory.select(
        [(kind.group, kind.name)], asked, ACCESS_MODES, lambda modes: modes is not None
    )
    assert found[0] is answer


@pytest.mark.parametrize(
    ("group", "kind", "expected"),
    [
        ("", "PersistentVolumeClaim", Answer.ABSENT),
        ("batch", "Job", Answer.ABSENT),
        ("trainer.kubeflow.org", "ClusterTrainingRuntime", Answer.UNKNOWN),
        ("example.com", "Engine", Answer.UNKNOWN),
    ],
    ids=["looked up", "judged", "of no namespace", "not understood"],
)
def test_what_is_not_in_a_complete_input_does_not_exist(
    group: str, kind: str, expected: Answer
) -> None:
    reference = Reference(group, (kind,), None, "nowhere")

    assert Inventory(complete=True).ask(reference, PODS)[0] is expected
    assert Inventory(complete=True).at("ml").ask(reference, PODS)[0] is expected
    assert Inventory().ask(reference, PODS)[0] is Answer.UNKNOWN


def test_of_pods_no_more_is_kept_than_others_ask() -> None:
    kind = find_kind("apps", "Deployment")
    assert kind is not None
    body = server(
        name="main",
        image="x" * 5000,
        env=[{"name": "HF_TOKEN", "value": "planted-secret"}],
        args=["--token=planted-secret"],
        resources={"limits": {"cpu": 1, "odd": ["planted-secret"]}},
    )
    body["spec"]["template"]["metadata"]["annotations"] = {"note": "planted-secret"}
    kept = str(kind.read_facts(Manifest(body)))

    assert "planted-secret" not in kept
    assert len(kept) < 1000
