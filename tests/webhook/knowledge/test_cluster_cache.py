"""What is known of a cluster: found, absent or unknown, in each state of its caches."""

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.reflector import WatchTiming
from rules.kinds import BUILT_IN
from rules.kinds.facts import SELECTOR
from rules.kinds.kept_pods import PODS, unpack_pods
from rules.kinds.lookups import Answer, Reference
from rules.kinds.neighbours import SERVICE
from rules.kinds.schema import Kind
from rules.policy import Policy
from rules.policy.entries import CustomKind
from rules.policy.kinds import custom_kinds
from tests.cluster import fake_api
from tests.cluster.fake_api import FakeApi, running
from tests.cluster.waiting import until
from webhook.knowledge.cluster_cache import CacheState, CacheTiming, ClusterCache
from webhook.observability.logs import Log
from webhook.review.context import OwnerRecord, OwnerReference
from webhook.review.template_digest import digest_pods, digest_template

TIMING = CacheTiming(
    WatchTiming(watch=(20, 20), first=0.05, longest=0.2, stale=1.5), discovery=0.05, readiness=30.0
)
UNHEARD = "00000000-0000-0000-0000-000000000000"


class Cluster:
    """An API server with Namespaces, Deployments and Jobs, and the caches of it."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.namespaces = api.serve("", "v1", "Namespace", "namespaces")
        self.deployments = api.serve("apps", "v1", "Deployment", "deployments")
        self.jobs = api.serve("batch", "v1", "Job", "jobs")
        self.kinds: tuple[Kind, ...] = BUILT_IN
        self.log = io.StringIO()
        self.caches = self.make(TIMING)

    def make(self, timing: CacheTiming) -> ClusterCache:
        self.caches = ClusterCache(self.api.read, lambda: self.kinds, Log(self.log), timing)
        return self.caches

    def start(self) -> None:
        """Start, and wait until all is known."""
        self.caches.start()
        until(lambda: self.caches.not_ready() is None)

    def ray_jobs(self) -> fake_api.Kind:
        return self.api.serve("ray.io", "v1", "RayJob", "rayjobs")

    def state(self, kind: str) -> CacheState:
        return next(one for one in self.caches.states() if one.kind == kind)

    def ask(self, name: str, kind: str = "Deployment") -> Answer:
        """What the rules hear of an object in the namespace ``ml``."""
        reference = Reference("apps", (kind,), None, name)
        return self.caches.inventory.at("ml").ask(reference, PODS)[0]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running() as api:
        one = Cluster(api)
        yield one
        if one.caches._thread.ident is not None:
            one.caches.stop()


def container(*limits: str) -> dict[str, Any]:
    main = {"name": "main", "resources": {"limits": dict.fromkeys(limits, "1")}}
    return {"template": {"spec": {"containers": [main]}}}


def test_before_the_first_list_nothing_is_known(cluster: Cluster) -> None:
    caches = cluster.caches
    assert caches.owner(UNHEARD) is Answer.UNKNOWN
    assert caches.namespace_labels("ml") is None
    assert cluster.ask("web") is Answer.UNKNOWN
    assert str(caches.not_ready()).startswith("not listed yet: Namespace, Pod")
    assert not any(one.synced for one in caches.states())


@pytest.mark.parametrize(
    ("kind", "plural", "owner", "root"),
    [
        ("ReplicaSet", "replicasets", "Deployment", ("spec",)),
        ("ControllerRevision", "controllerrevisions", "StatefulSet", ("data", "spec")),
    ],
)
def test_k134_k137_what_ran_before_is_known_of_each_owner(
    cluster: Cluster, kind: str, plural: str, owner: str, root: tuple[str, ...]
) -> None:
    kept = cluster.api.serve("apps", "v1", kind, plural)
    reference = {"apiVersion": "apps/v1", "kind": owner, "name": "web", "uid": "u1"}
    metadata = {"ownerReferences": [{**reference, "controller": True}]}
    labels = {"app": "web", "pod-template-hash": "5f"}
    template = {"metadata": {"labels": labels}, **container("nvidia.com/gpu")["template"]}
    body: dict[str, Any] = {"template": template}
    for key in reversed(root):
        body = {key: body}
    cluster.api.put(kept, "web-1", "ml", metadata=metadata, **body)
    cluster.start()
    pods = digest_pods({**template, "metadata": {"labels": {"app": "web"}}})
    assert cluster.caches.ran_before("ml", "u1", pods)
    assert not cluster.caches.ran_before("ml", "u2", pods)
    assert not cluster.caches.ran_before("other", "u1", pods)
    assert not cluster.caches.ran_before("ml", "u1", digest_pods({}))
    other = digest_pods({**template, "metadata": {"labels": {"app": "chat"}}})
    assert not cluster.caches.ran_before("ml", "u1", other)
    cluster.api.delete(kept, "web-1", "ml")
    until(lambda: not cluster.caches.ran_before("ml", "u1", pods))


def test_k136_an_owner_is_fetched_as_the_api_server_has_it(cluster: Cluster) -> None:
    schedules = cluster.api.serve("batch", "v1", "CronJob", "cronjobs")
    cluster.start()
    spec = {"jobTemplate": {"spec": {"parallelism": 3}}}
    uid = cluster.api.put(schedules, "nightly", "ml", spec=spec)
    cluster.api.put(schedules, "nightly", "other", spec=spec)
    sought = OwnerReference("batch", "CronJob", "ml", "nightly", uid)
    template = digest_template({"spec": spec}, ("spec", "jobTemplate", "spec"))
    found = OwnerRecord("batch", "CronJob", "ml", "nightly", template)
    fetch = cluster.caches.fetch_owner
    assert fetch(sought, 5.0) == found
    assert fetch(sought._replace(uid=UNHEARD), 5.0) is None
    assert fetch(sought._replace(namespace="other"), 5.0) is None
    assert fetch(sought._replace(kind="Workflow", group="argoproj.io"), 5.0) is None
    before = len(cluster.api.requests)
    assert fetch(sought._replace(name="x,metadata.namespace!=y"), 5.0) is None
    assert len(cluster.api.requests) == before, "what is no name asks for nothing"
    schedules.status = 500
    assert fetch(sought, 5.0) is None


def test_an_owner_is_found_by_its_uid_whatever_its_kind(cluster: Cluster) -> None:
    job = cluster.api.put(cluster.jobs, "train", "ml")
    deployment = cluster.api.put(cluster.deployments, "web", "ml")
    cluster.start()
    assert cluster.caches.owner(job) is Answer.FOUND
    assert cluster.caches.owner(deployment) is Answer.FOUND
    until(lambda: cluster.caches.owner(UNHEARD) is Answer.ABSENT)
    cluster.api.delete(cluster.jobs, "train", "ml")
    until(lambda: cluster.caches.owner(job) is Answer.ABSENT)


def test_labels_of_a_namespace_follow_it(cluster: Cluster) -> None:
    cluster.api.put(cluster.namespaces, "ml", metadata={"labels": {"mlgate.dev/profile": "strict"}})
    cluster.api.put(cluster.namespaces, "plain")
    cluster.start()
    assert cluster.caches.namespace_labels("ml") == {"mlgate.dev/profile": "strict"}
    assert cluster.caches.namespace_labels("plain") == {}
    assert cluster.caches.namespace_labels("nowhere") is None
    cluster.api.put(cluster.namespaces, "ml", metadata={"labels": {}})
    until(lambda: cluster.caches.namespace_labels("ml") == {})
    cluster.api.delete(cluster.namespaces, "ml")
    until(lambda: cluster.caches.namespace_labels("ml") is None)


def test_rules_hear_the_facts_of_other_objects(cluster: Cluster) -> None:
    cluster.api.put(cluster.deployments, "web", "ml", spec=container("nvidia.com/gpu"))
    cluster.start()
    web = Reference("apps", ("Deployment",), None, "web")
    inventory = cluster.caches.inventory
    answer, kept = inventory.at("ml").ask(web, PODS)
    assert answer is Answer.FOUND
    assert [dict(one.limits) for pod in unpack_pods(kept) for one in pod.containers] == [
        {"nvidia.com/gpu": "1"}
    ]
    assert inventory.at("other").ask(web, PODS) == (Answer.ABSENT, None)
    assert inventory.ask(web._replace(namespace="ml"), PODS)[0] is Answer.FOUND


def test_rules_hear_of_all_objects_of_a_kind(cluster: Cluster) -> None:
    services = cluster.api.serve("", "v1", "Service", "services")
    cluster.api.put(services, "front", "ml", spec={"selector": {"app": "web"}})
    cluster.api.put(services, "back", "ml", spec={"selector": {"app": "db"}})
    cluster.api.put(services, "front", "other", spec={"selector": {"app": "web"}})
    cluster.start()
    inventory = cluster.caches.inventory.at("ml")

    def search(label: str) -> tuple[Answer, list[tuple[str, str]]]:
        wanted = {"matchLabels": {"app": label}}
        answer, found = inventory.select(
            [(SERVICE.group, SERVICE.name)], None, SELECTOR, lambda selector: selector == wanted
        )
        return answer, [(one.key.namespace, one.key.name) for one in found]

    assert search("web") == (Answer.FOUND, [("ml", "front")])
    until(lambda: search("nobody") == (Answer.ABSENT, []))
    cluster.api.delete(services, "front", "ml")
    until(lambda: search("web") == (Answer.ABSENT, []))
    assert cluster.ask("web", kind="NoSuchKind") is Answer.UNKNOWN


def test_b30_a_kind_that_the_cluster_does_not_have_is_waited_for_by_nobody(
    cluster: Cluster,
) -> None:
    cluster.start()
    empty = CacheState("ray.io", "RayJob", synced=True, objects=0)
    until(lambda: cluster.state("RayJob") == empty)
    until(lambda: cluster.caches.owner(UNHEARD) is Answer.ABSENT)


def test_b30_a_kind_that_is_installed_later_is_watched_without_a_restart(cluster: Cluster) -> None:
    cluster.start()
    rays = cluster.ray_jobs()
    uid = cluster.api.put(rays, "tune", "ml")
    until(lambda: cluster.caches.owner(uid) is Answer.FOUND)
    assert cluster.state("RayJob") == CacheState("ray.io", "RayJob", synced=True, objects=1)


def test_a_kind_that_is_uninstalled_is_forgotten(cluster: Cluster) -> None:
    rays = cluster.ray_jobs()
    uid = cluster.api.put(rays, "tune", "ml")
    cluster.start()
    assert cluster.caches.owner(uid) is Answer.FOUND
    cluster.api.withdraw(rays)
    until(lambda: cluster.caches.owner(uid) is Answer.ABSENT)
    again = cluster.ray_jobs()
    other = cluster.api.put(again, "tune", "ml")
    until(lambda: cluster.caches.owner(other) is Answer.FOUND)


def test_a_kind_that_one_look_misses_is_not_absent(cluster: Cluster) -> None:
    rays = cluster.ray_jobs()
    uid = cluster.api.put(rays, "tune", "ml")
    cluster.start()
    until(lambda: cluster.caches.owner(uid) is Answer.FOUND)
    cluster.caches._stop.set()
    cluster.caches._thread.join()
    cluster.caches._stop.clear()
    rays.hidden = True
    cluster.caches._update()
    assert cluster.caches.owner(uid) is Answer.FOUND
    rays.hidden = False
    cluster.caches._update()
    rays.hidden = True
    cluster.caches._update()
    assert cluster.caches.owner(uid) is Answer.FOUND, "the two were not in a row"
    cluster.caches._update()
    assert cluster.caches.owner(uid) is Answer.ABSENT
    assert len(cluster.api.asked(rays, watch=False)) == 1


def test_a_kind_that_moves_to_another_version_is_listed_there(cluster: Cluster) -> None:
    rays = cluster.ray_jobs()
    cluster.start()
    cluster.api.withdraw(rays)
    moved = cluster.api.serve("ray.io", "v2", "RayJob", "rayjobs")
    uid = cluster.api.put(moved, "tune", "ml")
    until(lambda: cluster.caches.owner(uid) is Answer.FOUND)
    assert cluster.api.asked(moved, watch=False)


def test_what_is_not_listed_yet_is_unknown_and_not_absent(cluster: Cluster) -> None:
    job = cluster.api.put(cluster.jobs, "train", "ml")
    cluster.deployments.list_status = 500
    cluster.caches.start()
    until(lambda: cluster.caches.owner(job) is Answer.FOUND)
    assert cluster.caches.owner(UNHEARD) is Answer.UNKNOWN
    assert cluster.ask("web") is Answer.UNKNOWN
    until(lambda: cluster.caches.not_ready() == "not listed yet: Deployment.apps")
    cluster.deployments.list_status = 200
    until(lambda: cluster.caches.owner(UNHEARD) is Answer.ABSENT)
    assert cluster.ask("web") is Answer.ABSENT
    assert cluster.caches.not_ready() is None


def test_readiness_waits_for_a_list_only_so_long(cluster: Cluster) -> None:
    cluster.jobs.status = 403
    caches = cluster.make(TIMING._replace(readiness=0.5))
    caches.start()
    until(lambda: caches.not_ready() == "not listed yet: Job.batch")
    until(lambda: caches.not_ready() is None)
    assert not cluster.state("Job").synced
    assert caches.owner(UNHEARD) is Answer.UNKNOWN


def test_a_kind_that_is_forbidden_takes_no_other_with_it(cluster: Cluster) -> None:
    cluster.jobs.status = 403
    deployment = cluster.api.put(cluster.deployments, "web", "ml", spec=container("nvidia.com/gpu"))
    cluster.make(TIMING._replace(readiness=0.1))
    cluster.start()
    until(lambda: cluster.state("Deployment").synced)
    assert cluster.caches.owner(deployment) is Answer.FOUND
    assert cluster.ask("web") is Answer.FOUND
    assert cluster.ask("other") is Answer.ABSENT
    cluster.jobs.status = 200
    job = cluster.api.put(cluster.jobs, "train", "ml")
    until(lambda: cluster.caches.owner(job) is Answer.FOUND)


def test_once_ready_a_replica_stays_ready(cluster: Cluster) -> None:
    cluster.start()
    for kind in (cluster.jobs, cluster.deployments):
        kind.status = 500
    cluster.api.end_watches()
    until(lambda: not cluster.state("Job").synced)
    assert cluster.caches.not_ready() is None


def test_what_was_found_stays_found_while_the_api_server_is_away(cluster: Cluster) -> None:
    job = cluster.api.put(cluster.jobs, "train", "ml")
    cluster.api.put(cluster.namespaces, "ml", metadata={"labels": {"a": "b"}})
    cluster.start()
    for kind in (cluster.jobs, cluster.namespaces, cluster.deployments):
        kind.status = 500

    def is_unsynced() -> bool:
        cluster.api.end_watches()  # each time: a watch may just have been opened
        return not cluster.state("Namespace").synced

    until(is_unsynced)
    assert cluster.caches.owner(job) is Answer.FOUND
    assert cluster.caches.owner(UNHEARD) is Answer.UNKNOWN
    assert cluster.caches.namespace_labels("ml") == {"a": "b"}


def test_without_discovery_a_kind_that_was_absent_is_unknown_after_a_while(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.start()

    def broken() -> None:
        raise OSError("no route")

    monkeypatch.setattr(cluster.caches._discovery, "refresh", broken)
    until(lambda: not cluster.state("RayJob").synced)
    assert cluster.state("Job").synced, "what is watched needs no discovery"
    assert cluster.caches.owner(UNHEARD) is Answer.UNKNOWN
    assert '"event":"discovery-failed"' in cluster.log.getvalue()
    monkeypatch.undo()
    until(lambda: cluster.caches.owner(UNHEARD) is Answer.ABSENT)


def test_the_kinds_of_a_changed_policy_are_watched(cluster: Cluster) -> None:
    trainers = cluster.api.serve("ml.example.com", "v1", "Trainer", "trainers")
    uid = cluster.api.put(trainers, "nightly", "ml")
    cluster.start()
    until(lambda: cluster.caches.owner(uid) is Answer.ABSENT)
    entry = CustomKind("ml.example.com", "Trainer", (("spec", "template"),))
    cluster.kinds = (*BUILT_IN, *custom_kinds(Policy(kinds=(entry,))))
    until(lambda: cluster.caches.owner(uid) is Answer.FOUND)
    cluster.kinds = BUILT_IN
    until(lambda: cluster.caches.owner(uid) is Answer.ABSENT)
    assert all(one.kind != "Trainer" for one in cluster.caches.states())


def test_only_what_is_wanted_and_served_is_asked_for(cluster: Cluster) -> None:
    secrets = cluster.api.serve("", "v1", "Secret", "secrets")
    cluster.start()
    assert cluster.api.asked(secrets, watch=False) == []
    asked = {path for path, _ in cluster.api.requests}
    assert asked == {"/api", "/apis", *(one.path for one in cluster.api.kinds.values())} - {
        secrets.path
    }


def test_stopping_ends_every_thread(cluster: Cluster) -> None:
    cluster.start()
    until(lambda: len(cluster.api.asked(cluster.jobs, watch=True)) > 0)
    cluster.caches.stop()
    names = {"discovery", *(f"watch {one.path}" for one in cluster.api.kinds.values())}
    until(lambda: names.isdisjoint(one.name for one in threading.enumerate()))


def test_stopping_in_the_middle_of_a_first_list_waits_for_none(cluster: Cluster) -> None:
    cluster.jobs.lists.clear()
    cluster.caches.start()
    until(lambda: len(cluster.api.asked(cluster.jobs, watch=False)) > 0)
    cluster.caches.stop()  # returns, although no list is answered
    assert not cluster.state("Job").synced
    cluster.jobs.lists.set()
    listing = f"watch {cluster.jobs.path}"
    until(lambda: listing not in {one.name for one in threading.enumerate()})
