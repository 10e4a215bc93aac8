"""The objects around one, as rules ask for them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.inventory import Inventory
from rules.kinds import find_neighbour
from rules.kinds.autoscaling import SCALING, unpack_scaling
from rules.kinds.config_maps import LONGEST_SCRIPT
from rules.kinds.facts import ACCESS_MODES
from rules.kinds.lookups import Answer
from rules.manifest import Manifest
from rules.model import ObjectKey
from rules.neighbourhood import Neighbours, place_of
from rules.policy import Policy
from rules.workload import Workload
from tests.rules.test_inventory import claim, send, take_in


def deployment(name: str = "web", **pod: Any) -> dict[str, Any]:
    labels = pod.pop("labels", {"app": "web"})
    spec = {"containers": [{"name": "main", "image": "vllm:1"}], **pod}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"template": template},
    }


def around(kind: str, api_version: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def hpa(scaler: str = "scaler", **target: str) -> dict[str, Any]:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", **target}
    return around(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        scaler,
        scaleTargetRef=reference,
        minReplicas=2,
        maxReplicas=8,
    )


def look(body: dict[str, Any], *others: dict[str, Any], complete: bool = True) -> Workload:
    """The first object as its neighbourhood has it, sent through another process."""
    inventory = send(take_in(body, *others), complete=complete)
    return see(body, inventory)


def see(body: dict[str, Any], inventory: Inventory) -> Workload:
    manifest = Manifest(body)
    kind = find_neighbour(manifest.group, body["kind"])
    assert kind is not None
    return Workload(manifest, kind, inventory, Policy().parameters)


def names(found: Neighbours) -> tuple[Answer, list[str]]:
    answer, neighbours = found
    return answer, [one.key.name for one in neighbours]


def test_autoscalers_of_an_object() -> None:
    keda = around("ScaledObject", "keda.sh/v1alpha1", "queue", scaleTargetRef={"name": "web"})
    others = (hpa(), keda, hpa("other", name="db"), hpa("else", kind="StatefulSet"))
    found = look(deployment(), *others).neighbourhood.find_autoscalers()

    assert names(found) == (Answer.FOUND, ["scaler", "queue"])
    scaling = unpack_scaling(found[1][0].get(SCALING))
    assert scaling is not None
    assert (scaling.path, scaling.least, scaling.most) == (("spec", "scaleTargetRef"), 2, 8)


def test_no_autoscaler_is_found_where_none_is_meant() -> None:
    lonely = look(deployment(), hpa("other", name="db"))
    unsure = look(deployment(), hpa("other", name="db"), complete=False)
    nameless = look(deployment(), hpa("odd", name=""))

    assert names(lonely.neighbourhood.find_autoscalers()) == (Answer.ABSENT, [])
    assert names(unsure.neighbourhood.find_autoscalers()) == (Answer.UNKNOWN, [])
    assert names(nameless.neighbourhood.find_autoscalers()) == (Answer.ABSENT, [])


def test_of_two_of_one_name_nobody_knows_which_is_scaled() -> None:
    found = look(deployment(), deployment(), hpa()).neighbourhood.find_autoscalers()

    assert names(found) == (Answer.UNKNOWN, [])


def test_who_selects_a_pod() -> None:
    workload = look(
        deployment(labels={"app": "web", "tier": "gpu"}),
        around("Service", "v1", "front", selector={"app": "web"}),
        around("Service", "v1", "external", selector=None),
        around("Service", "v1", "other", selector={"app": "db"}),
        around("NetworkPolicy", "networking.k8s.io/v1", "all", podSelector={}),
        around(
            "PodDisruptionBudget",
            "policy/v1",
            "gpu",
            selector={"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
        ),
        around("PodDisruptionBudget", "policy/v1", "none"),
    )
    (pod,) = workload.pods
    near = workload.neighbourhood

    assert names(near.find_services(pod)) == (Answer.FOUND, ["front"])
    assert names(near.find_network_policies(pod)) == (Answer.FOUND, ["all"])
    assert names(near.find_disruption_budgets(pod)) == (Answer.FOUND, ["gpu"])


def test_a_selector_that_cannot_be_read_may_select_anything() -> None:
    odd = around("Service", "v1", "odd", selector={"app": "db"})
    odd["spec"]["selector"] = {"app": "db"}
    broken = around(
        "PodDisruptionBudget", "policy/v1", "b", selector={"matchExpressions": [{"key": "a"}]}
    )
    workload = look(deployment(), odd, broken)
    (pod,) = workload.pods

    assert names(workload.neighbourhood.find_services(pod)) == (Answer.ABSENT, [])
    assert names(workload.neighbourhood.find_disruption_budgets(pod)) == (Answer.UNKNOWN, [])


LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"), max_size=3)
EXPRESSIONS = st.lists(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        st.sampled_from("abc"),
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        st.lists(st.sampled_from("xyz"), max_size=2),
    ),
    max_size=3,
)


def holds(expression: dict[str, Any], labels: dict[str, str]) -> bool:
    value = labels.get(expression["key"])
    return {
        "In": value in expression["values"],
        "NotIn": value not in expression["values"],
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[expression["operator"]]


@given(labels=LABELS, wanted=LABELS, expressions=EXPRESSIONS)
def test_selectors_mean_what_they_mean_to_kubernetes(
    labels: dict[str, str], wanted: dict[str, str], expressions: list[dict[str, Any]]
) -> None:
    selector = {"matchLabels": wanted, "matchExpressions": expressions}
    budget = around("PodDisruptionBudget", "policy/v1", "budget", selector=selector)
    service = around("Service", "v1", "front", selector=wanted)
    workload = look(deployment(labels=labels), budget, service)
    (pod,) = workload.pods
    equal = wanted.items() <= labels.items()
    selected = equal and all(holds(one, labels) for one in expressions)

    budgets, _ = workload.neighbourhood.find_disruption_budgets(pod)
    services, _ = workload.neighbourhood.find_services(pod)
    assert (budgets is Answer.FOUND) is selected
    assert (services is Answer.FOUND) is (equal and bool(wanted))


def test_who_else_mounts_a_claim() -> None:
    volume = {"name": "work", "persistentVolumeClaim": {"claimName": "work"}}
    mine, other = deployment(volumes=[volume]), deployment("other", volumes=[volume])

    both = look(mine, other, claim("ReadWriteOnce")).neighbourhood
    assert names(both.find_claim_users("work")) == (Answer.FOUND, ["other"])
    assert both.ask(both.refer_to_claim("work"), ACCESS_MODES)[1] == ["ReadWriteOnce"]
    assert look(mine).neighbourhood.find_claim_users("work")[1] == ()


def test_where_a_fact_stands_in_another_object() -> None:
    key = ObjectKey("", "PersistentVolumeClaim", "", "work")

    assert place_of(key, ACCESS_MODES) == ("spec", "accessModes")
    assert place_of(key._replace(kind="Engine"), ACCESS_MODES) == ()


def script(mounts: list[dict[str, Any]], source: dict[str, Any], *command: str) -> list[str]:
    """The words of a container that runs ``command``, with a ConfigMap of scripts around."""
    data = {"run.sh": "torchrun train.py", "notes": "no script", "tool": "#!/bin/sh\nsync"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "scripts"}}
    container = {"name": "main", "image": "i", "command": list(command), "volumeMounts": mounts}
    volumes = [{"name": "scripts", "configMap": {"name": "scripts", **source}}]
    workload = look(deployment(containers=[container], volumes=volumes), {**config, "data": data})
    return [word for word, _ in workload.command(workload.pods[0].containers[0]).words]


FOLDER = {"name": "scripts", "mountPath": "/scripts"}


@pytest.mark.parametrize(
    ("mount", "source", "command", "runs"),
    [
        (FOLDER, {}, "/scripts/run.sh", True),
        ({**FOLDER, "mountPath": "/scripts/"}, {}, "/scripts/run.sh", True),
        ({**FOLDER, "mountPath": "/run.sh", "subPath": "run.sh"}, {}, "/run.sh", True),
        ({**FOLDER, "mountPath": "/run.sh", "subPath": "tool"}, {}, "/run.sh", False),
        (FOLDER, {"items": [{"key": "run.sh", "path": "go"}]}, "/scripts/go", True),
        (FOLDER, {"items": [{"key": "run.sh", "path": "go"}]}, "/scripts/run.sh", False),
        (FOLDER, {}, "/scripts/notes", False),
        (FOLDER, {"name": "nowhere"}, "/scripts/run.sh", False),
        (FOLDER, {}, "/elsewhere/run.sh", False),
    ],
)
def test_scripts_of_config_maps_are_read_where_they_are_run(
    mount: dict[str, Any], source: dict[str, Any], command: str, *, runs: bool
) -> None:
    assert ("torchrun" in script([mount], source, "bash", command)) is runs


@pytest.mark.parametrize(("others", "runs"), [(63, True), (64, False)])
def test_of_very_many_mounts_the_first_are_looked_at(others: int, *, runs: bool) -> None:
    before = [{"name": "scripts", "mountPath": f"/other/{at}"} for at in range(others)]
    assert ("torchrun" in script([*before, FOLDER], {}, "bash", "/scripts/run.sh")) is runs


def test_no_more_of_a_config_map_is_kept_than_its_scripts() -> None:
    kind = find_neighbour("", "ConfigMap")
    assert kind is not None
    data = {
        "run.sh": "true",
        "tool": "#!/usr/bin/env python",
        "config.json": "{}",
        "long.sh": "x" * (LONGEST_SCRIPT + 1),
        "odd.sh": 3,
    }
    many = {f"{number}.sh": "true" for number in range(50)}

    def kept(data: Any) -> dict[str, Any]:
        return kind.read_facts(Manifest({"data": data}))

    assert kept(data) == {"scripts": {"run.sh": "true", "tool": "#!/usr/bin/env python"}}
    assert len(kept(many)["scripts"]) == 8
    assert kept({"config.json": "{}"}) == {}
    assert kept(None) == {}
