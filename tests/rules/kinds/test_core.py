"""The API server's own kinds, in the groups in which they stood and stand."""

from rules.kinds import facts, find_kind
from rules.kinds.roles import Role
from tests.rules.kinds.test_facts import make_workload

POD = {"containers": [{"name": "main", "image": "vllm/vllm-openai:v0.9.1"}]}


def test_a_pod_template_has_no_spec() -> None:
    body = {"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": POD}}
    (pod,) = make_workload(body).pods

    assert (pod.path, pod.spec_path) == (("template",), ("template", "spec"))
    assert (pod.replicas, pod.restart) == (None, None)


def test_an_old_deployment_rolls_out_in_another_way() -> None:
    spec = {"replicas": 2, "template": {"spec": POD}}
    old = make_workload({"apiVersion": "extensions/v1beta1", "kind": "Deployment", "spec": spec})
    new = make_workload({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec})

    surges = [workload.at(facts.MAX_SURGE) for workload in (old, new)]
    assert [surge and surge.value for surge in surges] == [1, "25%"]
    assert old.role is new.role is Role.SERVING
    assert [pod.replicas for pod in old.pods] == [2]


def test_an_old_daemon_set_waits_until_its_pods_are_deleted() -> None:
    kind = find_kind("extensions", "DaemonSet")
    body = {"apiVersion": "extensions/v1beta1", "kind": "DaemonSet", "spec": {"template": {}}}
    strategy = make_workload(body).at(facts.UPDATE_STRATEGY)

    assert strategy is not None
    assert strategy.value == "OnDelete"
    assert kind is not None
    assert kind.built_in
    assert not kind.has(facts.MAX_SURGE)
