"""What is kept of objects, and which kinds are asked for how."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.kinds import BUILT_IN
from rules.kinds.config_maps import SCRIPTS
from rules.kinds.kept_pods import PODS
from rules.kinds.neighbours import NEIGHBOURS
from webhook.knowledge.object_cache import ObjectCache, WatchedKind, watched_kinds

WANTED = {(one.group, one.kind): one for one in watched_kinds(BUILT_IN)}


def item(name: str, uid: str, namespace: str = "ml", **body: Any) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name, "uid": uid, **place}, **body}


def spec_of(body: dict[str, Any]) -> dict[str, Any]:
    return {"replicas": body.get("spec", {}).get("replicas")}


def test_uids_are_kept_and_forgotten() -> None:
    objects = ObjectCache(None)
    objects.put(item("a", "1"))
    objects.put(item("a", "1"))
    objects.put(item("b", "2"))
    assert objects.has("1")
    assert (objects.place("1"), objects.place("9")) == (("ml", "a"), None)
    assert len(objects) == 2
    objects.drop(item("a", "1"))
    objects.drop(item("never", "9"))
    assert not objects.has("1")
    assert len(objects) == 1
    assert objects.find("ml", "b") is None, "nothing was asked of it"


def test_facts_are_found_by_namespace_and_name_and_follow_the_object() -> None:
    objects = ObjectCache(spec_of)
    objects.put(item("a", "1", spec={"replicas": 1}))
    objects.put(item("a", "2", "other", spec={"replicas": 2}))
    objects.put(item("c", "3", "", spec={"replicas": 3}))
    assert objects.find("ml", "a") == {"replicas": 1}
    assert objects.find("other", "a") == {"replicas": 2}
    assert objects.find("", "c") == {"replicas": 3}
    assert objects.find("ml", "c") is None
    objects.put(item("a", "1", spec={"replicas": 5}))
    assert objects.find("ml", "a") == {"replicas": 5}
    objects.drop(item("a", "1"))
    assert objects.find("ml", "a") is None


def test_an_object_made_anew_is_the_one_that_is_found() -> None:
    objects = ObjectCache(spec_of)
    objects.put(item("a", "1", spec={"replicas": 1}))
    objects.drop(item("a", "1"))
    objects.put(item("a", "2", spec={"replicas": 2}))
    assert objects.find("ml", "a") == {"replicas": 2}
    assert not objects.has("1")


def test_nothing_of_an_object_is_kept_but_its_facts() -> None:
    objects = ObjectCache(WANTED["apps", "Deployment"].read_facts)
    secret = {"name": "PASSWORD", "value": "hunter2"}
    pod = {"containers": [{"name": "main", "env": [secret]}]}
    objects.put(item("a", "1", spec={"template": {"spec": pod}}))
    assert (objects.find("ml", "a") or {}).keys() == {PODS}
    assert "hunter2" not in repr((objects._facts, objects._uids))


def test_of_a_config_map_its_scripts_are_kept_alone() -> None:
    objects = ObjectCache(WANTED["", "ConfigMap"].read_facts)
    objects.put(item("a", "1", data={"app.conf": "password=hunter2", "run.sh": "exec train"}))
    objects.put(item("b", "2", data={"app.conf": "password=hunter2"}))
    assert objects.find("ml", "a") == {SCRIPTS: {"run.sh": "exec train"}}
    assert objects.find("ml", "b") == {}
    assert "hunter2" not in repr((objects._facts, objects._uids))


def test_all_objects_of_a_namespace_are_told() -> None:
    objects = ObjectCache(spec_of)
    objects.put(item("a", "1", spec={"replicas": 1}))
    objects.put(item("b", "2", spec={"replicas": 2}))
    objects.put(item("a", "3", "other", spec={"replicas": 3}))
    assert dict(objects.find_all("ml")) == {"a": {"replicas": 1}, "b": {"replicas": 2}}
    objects.drop(item("a", "1"))
    assert dict(objects.find_all("ml")) == {"b": {"replicas": 2}}
    assert dict(objects.find_all("nowhere")) == {}


def test_namespaces_are_wanted_for_their_labels_alone() -> None:
    wanted = WANTED["", "Namespace"]
    assert not wanted.whole
    assert wanted.read_facts is not None
    assert wanted.read_facts(item("ml", "1", "")) == {"labels": {}}
    bare = {"metadata": {"name": "ml", "uid": "1", "labels": None}}
    assert wanted.read_facts(bare) == {"labels": {}}


def test_every_kind_is_wanted_and_whole_only_where_it_has_facts() -> None:
    known = ((one.group, one.name) for one in (*BUILT_IN, *NEIGHBOURS))
    assert WANTED.keys() == {("", "Namespace"), *known}
    assert ("", "Secret") not in WANTED
    assert WANTED["", "Pod"] == WatchedKind("", "Pod")
    assert WANTED["ray.io", "RayJob"] == WatchedKind("ray.io", "RayJob")
    for wanted in WANTED.values():
        assert wanted.whole == (wanted.read_facts is not None and wanted.kind != "Namespace")
    assert WANTED["apps", "StatefulSet"].whole


LEAF = st.none() | st.booleans() | st.integers(-1, 9) | st.sampled_from(["", "1", "x"])
KEY = st.sampled_from(
    "spec template containers initContainers resources limits requests name kind templates "
    "leaderWorkerTemplate workerTemplate replicatedJobs workloadRef scaleTargetRef mlPolicy".split()
)
TREE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=4),
    max_leaves=20,
)


@given(TREE, st.sampled_from([one for one in WANTED.values() if one.read_facts]))
def test_whatever_an_object_holds_its_facts_can_be_read(spec: Any, wanted: WatchedKind) -> None:
    """One object that could not be read would keep its whole kind from being known."""
    objects = ObjectCache(wanted.read_facts)
    objects.put(item("odd", "1", spec=spec))
    assert isinstance(objects.find("ml", "odd"), dict)
