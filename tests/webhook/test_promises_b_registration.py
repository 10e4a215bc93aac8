"""Group B, on the configurations that the leader applies; one test or more a promise."""

import argparse
import base64
import datetime
import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rules.annotations import PROFILE_LABEL
from rules.checks import ALL
from rules.kinds import BUILT_IN
from rules.kinds.schema import Kind
from rules.model import Action
from rules.policy import DEFAULT, Policy, is_exempt
from rules.policy.decisions import weigh
from rules.policy.entries import CustomKind, NamespaceEntry
from rules.policy.exemption import EXEMPT
from rules.policy.values import IGNORES, PROFILES
from rules.selectors import Requirement, Selector
from tests.manifests import find, read_cases
from tests.webhook.conditions import Missing, holds
from tests.webhook.identity.verifying import DAY
from webhook.commands import webhook_config
from webhook.identity.authority import make_authority
from webhook.registration.configurations import make_configurations, plural_of
from webhook.registration.options import RegistrationOptions
from webhook.registration.scope import checked_kinds

PLACE = RegistrationOptions("mlgate-system")
READERS = [rule for rule in ALL if rule.check is not None and rule.reads]
"""The rules for which a kind is registered; the others go along."""
EVERY_KIND = {("", "namespaces"): "namespaces.mlgate.dev"}
"""What is registered whatever the policy."""

ACTION = st.sampled_from([Action.OFF, Action.AUDIT, Action.WARN, Action.DENY])
RULES = st.dictionaries(st.sampled_from([rule.code for rule in ALL]), ACTION, max_size=6)
PROFILE = st.none() | st.sampled_from(PROFILES)
NAME = st.none() | st.sampled_from(["*", "research-*", "research", "kube-system", "istio-a"])
TEAM = Selector((Requirement("team", "In", ("ml",)),))
ENTRY = st.builds(
    NamespaceEntry,
    name=NAME,
    labels=st.none() | st.just(TEAM),
    profile=PROFILE,
    rules=RULES,
    ignores=st.none() | st.sampled_from(IGNORES),
    values=st.just({}),
)
POLICY = st.builds(
    Policy,
    profile=PROFILE,
    rules=RULES,
    namespace_labels=st.sampled_from(["trusted", "ignored"]),
    namespaces=st.lists(ENTRY, max_size=3).map(tuple),
)


def only(code: str, **stated: Any) -> Policy:
    """A policy in which one rule alone is on, as its profile has it."""
    off = {rule.code: Action.OFF for rule in ALL if rule.code != code}
    return Policy(rules=off, namespace_labels="ignored", **stated)


OFF = only("none")


def hooks_of(
    policy: Policy = DEFAULT, place: RegistrationOptions = PLACE
) -> dict[str, dict[str, Any]]:
    """All webhooks of both configurations, by name."""
    made = make_configurations(policy, place)
    return {hook["name"]: hook for one in made for hook in one["webhooks"]}


def rules_of(hook: dict[str, Any]) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """(group, resource, scope, operations) of a webhook."""
    for rule in hook["rules"]:
        (group,) = rule["apiGroups"]
        for resource in rule["resources"]:
            yield group, resource, rule["scope"], tuple(rule["operations"])


def resources_of(hooks: dict[str, dict[str, Any]], *names: str) -> set[tuple[str, str]]:
    """(group, resource) of the webhooks that are called ``NAME.mlgate.dev``."""
    wanted = [hooks[f"{name}.mlgate.dev"] for name in names if f"{name}.mlgate.dev" in hooks]
    return {rule[:2] for hook in wanted for rule in rules_of(hook)}


def resource_of(kind: Kind) -> tuple[str, str]:
    return kind.group, plural_of(kind)


def test_b20_mutating_and_validating_are_two_configurations_that_end_elsewhere() -> None:
    validating, mutating = make_configurations(DEFAULT, PLACE)
    assert validating["kind"] == "ValidatingWebhookConfiguration"
    assert mutating["kind"] == "MutatingWebhookConfiguration"
    for one, path in ((validating, "/validate"), (mutating, "/mutate")):
        assert one["apiVersion"] == "admissionregistration.k8s.io/v1"
        assert {hook["clientConfig"]["service"]["path"] for hook in one["webhooks"]} == {path}


@given(POLICY, st.sampled_from(["Ignore", "Fail"]))
def test_b20_mutating_fails_open_and_what_it_made_is_validated(policy: Policy, fail: str) -> None:
    hooks = hooks_of(policy, PLACE._replace(failure_policy=fail))
    mutate = hooks.get("mutate.mlgate.dev", {"rules": [], "failurePolicy": "Ignore"})
    assert mutate["failurePolicy"] == "Ignore"
    judged = {
        rule[:2]
        for name, hook in hooks.items()
        if name.startswith(("enforce", "observe", "advise"))
        for rule in rules_of(hook)
        if "CREATE" in rule[3]
    }
    assert {rule[:2] for rule in rules_of(mutate)} <= judged


def test_b21_what_may_be_denied_is_apart_from_what_is_only_told() -> None:
    policy = only("HPA001", profile="strict")
    hooks = hooks_of(policy, PLACE._replace(failure_policy="Fail"))
    assert resources_of(hooks, "enforce") >= {("autoscaling", "horizontalpodautoscalers")}
    told = Policy(
        rules={**OFF.rules, "HPA001": Action.DENY, "TRN002": Action.WARN},
        namespace_labels="ignored",
    )
    hooks = hooks_of(told, PLACE._replace(failure_policy="Fail"))
    assert ("autoscaling", "horizontalpodautoscalers") in resources_of(hooks, "enforce")
    assert ("batch", "jobs") in resources_of(hooks, "advise")
    assert ("batch", "jobs") not in resources_of(hooks, "enforce")
    assert {name: hook["failurePolicy"] for name, hook in hooks.items()} == {
        "enforce.mlgate.dev": "Fail",
        "enforce-cluster.mlgate.dev": "Fail",
        "advise.mlgate.dev": "Ignore",
        "namespaces.mlgate.dev": "Ignore",
        "mutate.mlgate.dev": "Ignore",
    }


@given(POLICY)
def test_b21_each_kind_is_in_one_of_the_two(policy: Policy) -> None:
    hooks = hooks_of(policy)
    assert resources_of(hooks, "enforce").isdisjoint(resources_of(hooks, "advise"))


LABELS = st.fixed_dictionaries(
    {}, optional={"team": st.just("ml"), PROFILE_LABEL: st.sampled_from([*PROFILES, "other"])}
)


@given(POLICY, st.sampled_from(["research", "research-a", "other"]), LABELS)
def test_b21_whatever_some_namespace_denies_is_in_the_enforcing_one(
    policy: Policy, namespace: str, labels: dict[str, str]
) -> None:
    checked = {one.kind[:2]: one for one in checked_kinds(policy)}
    for rule in READERS:
        actions = {
            weigh(policy, rule, form, namespace=namespace, namespace_labels=labels).action
            for form in rule.forms
        }
        readers = [kind for kind in BUILT_IN if has_part(kind, rule.reads)]
        assert readers
        for kind in readers:
            assert (kind[:2] in checked) or actions == {Action.OFF}
            assert Action.DENY not in actions or checked[kind[:2]].may_deny


def has_part(kind: Kind, parts: tuple[str, ...]) -> bool:
    return any(kind.has(part) for part in parts)


@pytest.mark.parametrize("seconds", [1, 2, 3])
def test_b22_timeouts_are_short_even_all_together(seconds: int) -> None:
    hooks = hooks_of(place=PLACE._replace(timeout_seconds=seconds))
    assert {hook["timeoutSeconds"] for hook in hooks.values()} == {seconds}
    assert sum(hook["timeoutSeconds"] for hook in hooks.values()) <= 12
    assert 1 <= PLACE.timeout_seconds <= 3


@given(POLICY)
def test_b23_no_side_effects_one_version_and_no_way_round_by_another_version(
    policy: Policy,
) -> None:
    for hook in hooks_of(policy).values():
        assert hook["sideEffects"] == "None"
        assert hook["admissionReviewVersions"] == ["v1"]
        assert hook["matchPolicy"] == "Equivalent"
        assert all(rule["apiVersions"] == ["*"] for rule in hook["rules"])


def test_b24_what_others_change_after_us_is_seen_again() -> None:
    """It may be, since mutating twice is mutating once: ``test_c32_for_any_job``."""
    hooks = hooks_of()
    assert hooks["mutate.mlgate.dev"]["reinvocationPolicy"] == "IfNeeded"
    assert all("reinvocationPolicy" not in hooks[name] for name in hooks if "mutate" not in name)


NEVER = {
    "nodes", "leases", "certificatesigningrequests", "events", "tokenreviews",
    "subjectaccessreviews", "secrets", "configmaps", "endpointslices", "bindings",
    "validatingwebhookconfigurations", "mutatingwebhookconfigurations",
}  # fmt: skip


@given(POLICY)
def test_b25_the_clusters_own_namespaces_and_ours_are_never_asked_about(policy: Policy) -> None:
    place = PLACE._replace(namespace="ml-policy")
    for hook in hooks_of(policy, place).values():
        (expression,) = hook["namespaceSelector"]["matchExpressions"]
        assert expression == {
            "key": "kubernetes.io/metadata.name",
            "operator": "NotIn",
            "values": ["kube-node-lease", "kube-public", "kube-system", "ml-policy"],
        }


@given(POLICY)
def test_b25_nothing_that_keeps_the_cluster_alive_is_asked_about(policy: Policy) -> None:
    for hook in hooks_of(policy).values():
        assert NEVER.isdisjoint(resource for _, resource, _, _ in rules_of(hook))


def test_b25_objects_of_the_cluster_are_templates_alone() -> None:
    rules = {
        rule for hook in hooks_of(Policy(profile="strict")).values() for rule in rules_of(hook)
    }
    assert {rule[:2] for rule in rules if rule[2] != "Namespaced"} == {
        ("", "namespaces"),
        ("argoproj.io", "clusteranalysistemplates"),
        ("argoproj.io", "clusterworkflowtemplates"),
        ("inference.llmaz.io", "backendruntimes"),
        ("kubeflow.org", "clustertrainingruntimes"),
        ("kubeflow.org", "workspacekinds"),
        ("ome.io", "clusterservingruntimes"),
        ("serving.kserve.io", "clusterservingruntimes"),
        ("trainer.kubeflow.org", "clustertrainingruntimes"),
    }
    cluster = {resource_of(kind) for kind in BUILT_IN if not kind.namespaced}
    assert cluster == {rule[:2] for rule in rules if rule[2] == "Cluster"} - EVERY_KIND.keys()


def conditions_of(policy: Policy = DEFAULT, name: str = "enforce") -> dict[str, str]:
    hook = hooks_of(policy)[f"{name}.mlgate.dev"]
    return {one["name"]: one["expression"] for one in hook["matchConditions"]}


def request_of(**changed: Any) -> dict[str, Any]:
    """A Pod that a user creates; ``None`` takes a field away."""
    request = {
        "namespace": "research",
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "userInfo": {"username": "alice", "groups": ["system:authenticated"]},
        **changed,
    }
    return {key: value for key, value in request.items() if value is not None}


POD: dict[str, Any] = {"metadata": {"name": "train"}, "spec": {}}


def is_asked(
    request: dict[str, Any],
    body: dict[str, Any] | None,
    policy: Policy = DEFAULT,
    old: dict[str, Any] | None = None,
) -> bool:
    """Whether the API server would call us."""
    conditions = conditions_of(policy).values()
    return all(holds(text, request=request, object=body, oldObject=old) for text in conditions)


def test_b26_a_users_pod_is_asked_about() -> None:
    assert is_asked(request_of(), POD)
    assert is_asked(request_of(userInfo={}), {"metadata": {}})


def test_b26_what_nodes_write_is_not_asked_about() -> None:
    groups = ["system:nodes", "system:authenticated"]
    node = request_of(userInfo={"username": "system:node:a", "groups": groups})
    assert not is_asked(node, POD)


def test_b26_what_we_write_is_not_asked_about() -> None:
    ours = "system:serviceaccount:mlgate-system:mlgate"
    assert not is_asked(request_of(userInfo={"username": ours}), POD)
    assert is_asked(request_of(userInfo={"username": f"{ours}2"}), POD)
    assert is_asked(request_of(userInfo={"username": "mlgate"}), POD)


def test_b26_what_is_being_deleted_is_not_asked_about() -> None:
    body = {"metadata": {"deletionTimestamp": "2026-03-01T12:00:00Z"}}
    assert not is_asked(request_of(), body)


def test_b26_mirror_pods_are_not_asked_about_but_nobody_else_gets_out_so() -> None:
    mirror = {"metadata": {"annotations": {"kubernetes.io/config.mirror": "abc"}}}
    assert not is_asked(request_of(), mirror)
    job = request_of(resource={"group": "batch", "version": "v1", "resource": "jobs"})
    assert is_asked(job, mirror)
    other = request_of(resource={"group": "example.com", "version": "v1", "resource": "pods"})
    assert is_asked(other, mirror)


@given(POLICY)
def test_b26_conditions_are_few_and_have_names(policy: Policy) -> None:
    for hook in hooks_of(policy).values():
        names = [one["name"] for one in hook["matchConditions"]]
        assert 0 < len(names) <= 64
        assert len(set(names)) == len(names)


OPTIONAL = st.fixed_dictionaries(
    {
        "resource": st.sampled_from(
            [{"group": "", "resource": "pods"}, {"group": "batch", "resource": "jobs"}]
        )
    },
    optional={
        "namespace": st.sampled_from(["research", "kube-system", ""]),
        "name": st.just("x"),
        "operation": st.sampled_from(["CREATE", "UPDATE"]),
    },
)
USER = st.fixed_dictionaries(
    {},
    optional={
        "username": st.sampled_from(["", "alice"]),
        "groups": st.lists(st.sampled_from(["system:nodes", "a"])),
        "uid": st.just("1"),
    },
)
MAP = st.dictionaries(
    st.sampled_from([PROFILE_LABEL, "kubernetes.io/config.mirror", "a"]), st.sampled_from(["", "b"])
)
METADATA = st.fixed_dictionaries(
    {"name": st.just("x")},
    optional={
        "annotations": MAP,
        "labels": MAP,
        "deletionTimestamp": st.just("2026"),
        "ownerReferences": st.lists(
            st.fixed_dictionaries({"uid": st.just("1")}, optional={"controller": st.booleans()}),
            max_size=2,
        ),
    },
)
BODY: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"metadata": METADATA}, optional={"spec": st.just({})}
)


@given(POLICY, OPTIONAL, USER, BODY, st.none() | BODY)
def test_b26_no_condition_can_fail(
    policy: Policy, request: Any, user: Any, body: Any, old: Any
) -> None:
    """An error in a condition with ``failurePolicy: Fail`` would reject the request."""
    asked = {**request, "userInfo": user}
    for hook in hooks_of(policy).values():
        for one in hook["matchConditions"]:
            holds(one["expression"], request=asked, object=body, oldObject=old)


@given(POLICY, OPTIONAL, USER)
def test_b26_no_condition_of_a_review_can_fail_without_an_object(
    policy: Policy, request: Any, user: Any
) -> None:
    hooks = hooks_of(policy)
    for name in hooks.keys() - {"namespaces.mlgate.dev"}:  # that one is called with one always
        for one in hooks[name]["matchConditions"]:
            asked = {**request, "userInfo": user}
            holds(one["expression"], request=asked, object=None, oldObject=None)


def test_a_condition_that_can_fail_is_told() -> None:
    with pytest.raises(Missing):
        holds("request.namespace != 'a'", request={})
    with pytest.raises(Missing):
        holds("!has(request.userInfo.groups)", request={})
    assert not holds("has(request.a) && request.a == null", request={})


LETTERS = st.text("abz019-", min_size=1, max_size=12)
NAMESPACE = (
    st.sampled_from(["kube-system", "kube-", "kube", "gpu-operator", "gpu-operators", "system"])
    | st.sampled_from(["-system", "istio-system", "x-istio-system", "istio-a", "knative-x"])
    | st.builds(str.__add__, st.sampled_from(["kube-", "istio-", "knative-", ""]), LETTERS)
    | LETTERS.map(lambda name: f"{name}-system")
)


@given(NAMESPACE, st.lists(NAMESPACE | st.sampled_from([*EXEMPT, "kube-?ystem", None]), max_size=3))
def test_b26_the_namespaces_that_are_let_alone_are_those_of_the_policy(
    namespace: str, named: list[str | None]
) -> None:
    policy = Policy(namespaces=tuple(NamespaceEntry(name) for name in named))
    expression = conditions_of(policy)["not-exempt"]
    asked = holds(expression, request={"namespace": namespace})
    assert asked is not is_exempt(policy, namespace)


def test_b26_objects_of_the_cluster_are_in_no_namespace() -> None:
    assert holds(conditions_of()["not-exempt"], request={})


def test_b26_only_a_new_profile_on_a_namespace_is_asked_about() -> None:
    expression = conditions_of(name="namespaces")["labels-a-profile"]

    def told(
        new: dict[str, str] | None, old: dict[str, str] | None, *, created: bool = False
    ) -> bool:
        before = None if created else {"metadata": {"labels": old} if old is not None else {}}
        after = {"metadata": {"labels": new} if new is not None else {}}
        return holds(expression, object=after, oldObject=before)

    assert told({PROFILE_LABEL: "strict"}, None, created=True)
    assert told({PROFILE_LABEL: "strict"}, None)
    assert told({PROFILE_LABEL: "strict"}, {"a": "b"})
    assert told({PROFILE_LABEL: "strict"}, {PROFILE_LABEL: "observe"})
    assert not told({PROFILE_LABEL: "strict"}, {PROFILE_LABEL: "strict"})
    assert not told({"a": "b"}, {PROFILE_LABEL: "strict"})
    assert not told(None, None, created=True)


@given(POLICY)
def test_b27_resources_are_named_exactly_and_scopes_are_the_kinds(policy: Policy) -> None:
    scopes = {
        resource_of(kind): "Namespaced" if kind.namespaced else "Cluster" for kind in BUILT_IN
    }
    for hook in hooks_of(policy).values():
        for group, resource, scope, _ in rules_of(hook):
            assert "*" not in group + resource
            assert scope == scopes.get((group, resource.partition("/")[0]), "Cluster")
            assert resource.partition("/")[2] in ("", "ephemeralcontainers")


@pytest.mark.parametrize(("action", "name"), [(Action.DENY, "enforce"), (Action.WARN, "advise")])
def test_b27_ephemeral_containers_are_seen_where_pods_are(action: Action, name: str) -> None:
    rules = {**OFF.rules, "GPU001": action}
    hooks = hooks_of(Policy(rules=rules, namespace_labels="ignored"))
    rules_there = set(rules_of(hooks[f"{name}.mlgate.dev"]))
    assert ("", "pods/ephemeralcontainers", "Namespaced", ("UPDATE",)) in rules_there
    assert ("", "pods", "Namespaced", ("CREATE", "UPDATE")) in rules_there
    assert ("", "pods/ephemeralcontainers") not in resources_of(hooks, "mutate")


def test_b27_a_kind_of_the_policys_own_is_named_as_kubebuilder_does() -> None:
    kinds = ("Trainer", "FineTuningPolicy", "ModelAlias")
    entries = tuple(CustomKind("ml.example.com", kind, (("spec", "template"),)) for kind in kinds)
    registered = resources_of(hooks_of(Policy(kinds=entries)), "enforce", "advise")
    assert {name for group, name in registered if group == "ml.example.com"} == {
        "trainers",
        "finetuningpolicies",
        "modelaliases",
    }


def test_b27_every_kind_of_ours_that_is_asked_about_states_its_resource() -> None:
    checked = [one.kind for one in checked_kinds(Policy(profile="strict"))]
    assert len(checked) > 40
    assert [kind.name for kind in checked if not kind.plural] == []


@given(POLICY)
def test_b28_only_what_is_made_or_changed_is_asked_about(policy: Policy) -> None:
    for name, hook in hooks_of(policy).items():
        for group, resource, _, operations in rules_of(hook):
            assert set(operations) <= {"CREATE", "UPDATE"}
            if name == "mutate.mlgate.dev":
                assert operations == ("CREATE",)
            elif (group, resource) == ("batch", "jobs"):
                assert operations == ("CREATE", "UPDATE")


def test_b29_without_rules_there_is_nothing_to_ask_about() -> None:
    validating, mutating = make_configurations(OFF, PLACE)
    assert [hook["name"] for hook in validating["webhooks"]] == ["namespaces.mlgate.dev"]
    assert mutating["webhooks"] == []


def test_b29_kinds_that_no_rule_reads_are_left_out() -> None:
    schedules = resources_of(hooks_of(only("CRN001")), "enforce", "advise")
    assert ("batch", "cronjobs") in schedules
    assert {("batch", "jobs"), ("", "pods"), ("apps", "deployments")}.isdisjoint(schedules)
    scalers = resources_of(hooks_of(only("HPA001")), "enforce", "advise")
    assert ("autoscaling", "horizontalpodautoscalers") in scalers
    assert ("batch", "cronjobs") not in scalers


def test_b29_a_rule_that_is_on_in_one_namespace_alone_registers_its_kinds() -> None:
    entry = NamespaceEntry("research", rules={"CRN001": Action.DENY})
    policy = Policy(rules=OFF.rules, namespace_labels="ignored", namespaces=(entry,))
    hooks = hooks_of(policy)
    assert ("batch", "cronjobs") in resources_of(hooks, "enforce")
    assert ("batch", "cronjobs") in resources_of(hooks, "mutate")
    labelled = Policy(profile="observe", namespace_labels="trusted")
    assert ("batch", "cronjobs") in resources_of(hooks_of(labelled), "enforce")


def test_b29_what_may_not_be_mended_is_not_mutated() -> None:
    for code, action in (("CRN001", Action.AUDIT), ("TRN003", Action.DENY)):
        policy = Policy(rules={**OFF.rules, code: action}, namespace_labels="ignored")
        assert "mutate.mlgate.dev" not in hooks_of(policy), code


@pytest.mark.parametrize("rule", READERS, ids=lambda rule: str(rule.code))
@pytest.mark.parametrize("profile", ["standard", "strict"])
def test_b29_whatever_a_rule_finds_is_of_a_kind_that_it_registers(rule: Any, profile: str) -> None:
    seen = set()
    # Those in which it finds something: all of them for each rule would take minutes.
    own = [one for one in read_cases() if any(code[:6] == rule.code for _, code in one.expected)]
    for case in own:
        stated = {"values": case.policy.values, "shared": case.policy.shared}
        policy = only(rule.code, profile=profile, kinds=case.policy.kinds, **stated)
        checked = {(one.kind.group, one.kind.name): one for one in checked_kinds(policy)}
        for found in find(case.text, policy, complete=case.complete):
            if found.finding.rule != rule.code:
                continue
            group, _, _ = found.document.value["apiVersion"].rpartition("/")
            kind = checked[group, found.document.value["kind"]]
            seen.add(kind.kind.name)
            fix = found.finding.fix
            told = found.finding.action in (Action.DENY, Action.WARN)
            assert kind.may_deny or found.finding.action is not Action.DENY
            assert kind.may_patch or not (fix is not None and fix.safe and told)
    assert seen


def test_b29_the_command_prints_what_the_leader_would_apply(tmp_path: Path) -> None:
    bundle, policy = tmp_path / "ca.crt", tmp_path / "mlgate.yaml"
    bundle.write_text(make_authority(datetime.datetime.now(datetime.UTC), DAY).certificate)
    policy.write_text("apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: strict\n")
    out, err = io.StringIO(), io.StringIO()
    line = [
        "--namespace",
        "ml",
        "--service",
        "gate",
        "--policy",
        str(policy),
        "--ca-bundle",
        str(bundle),
    ]
    assert webhook_config.run(arguments_of(*line), out, err) == 0
    place = RegistrationOptions("ml", "gate", bundle=bundle.read_text())
    assert tuple(yaml.safe_load_all(out.getvalue())) == make_configurations(
        Policy(profile="strict"), place
    )
    assert err.getvalue() == ""


def test_b29_without_a_bundle_the_command_leaves_the_field_to_others() -> None:
    out = io.StringIO()
    assert webhook_config.run(arguments_of(), out, io.StringIO()) == 0
    assert tuple(yaml.safe_load_all(out.getvalue())) == make_configurations(DEFAULT, PLACE)
    assert "caBundle" not in out.getvalue()
    bundle = hooks_of(place=PLACE._replace(bundle="a"))["enforce.mlgate.dev"]["clientConfig"]
    assert base64.b64decode(bundle["caBundle"]) == b"a"


def test_b29_the_command_asks_cert_manager_to_inject_where_it_is_told_to() -> None:
    out = io.StringIO()
    line = ("--inject-ca-from", "ml/gate")
    assert webhook_config.run(arguments_of(*line), out, io.StringIO()) == 0
    for one in yaml.safe_load_all(out.getvalue()):
        assert one["metadata"]["annotations"]["cert-manager.io/inject-ca-from"] == "ml/gate"
    assert "caBundle" not in out.getvalue()


def test_b29_the_command_says_which_file_cannot_be_used(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: stricter\n")
    for flag, file, said in (
        ("--policy", bad, "bad.yaml:3:"),
        ("--ca-bundle", tmp_path / "no", "no"),
    ):
        out, err = io.StringIO(), io.StringIO()
        assert webhook_config.run(arguments_of(flag, str(file)), out, err) == 2
        assert said in err.getvalue()
        assert out.getvalue() == ""


def arguments_of(*line: str) -> SimpleNamespace:
    parser = argparse.ArgumentParser()
    webhook_config.add_arguments(parser)
    return parser.parse_args(line, SimpleNamespace())


def test_b30_rules_name_kinds_that_may_be_installed_later() -> None:
    """No cluster is asked; that their objects are found then: ``test_caches.py``."""
    registered = resources_of(hooks_of(), "enforce", "advise")
    assert {
        ("ray.io", "rayjobs"),
        ("jobset.x-k8s.io", "jobsets"),
        ("kubeflow.org", "pytorchjobs"),
    } <= registered


def test_b31_we_are_called_after_the_mutators_whose_objects_we_fill_in() -> None:
    _, mutating = make_configurations(DEFAULT, PLACE)
    others = [
        "istio-sidecar-injector",
        "kueue-mutating-webhook-configuration",
        "pod-identity-webhook",
        "vpa-webhook-config",
    ]
    assert max(others) < mutating["metadata"]["name"]


def test_the_server_may_be_named_by_an_address_of_its_own() -> None:
    place = PLACE._replace(url="https://gate.example.com:8443/", bundle="a")
    clients = {name: hook["clientConfig"] for name, hook in hooks_of(place=place).items()}
    assert clients["mutate.mlgate.dev"]["url"] == "https://gate.example.com:8443/mutate"
    assert clients["enforce.mlgate.dev"]["url"] == "https://gate.example.com:8443/validate"
    assert all("service" not in client for client in clients.values())
