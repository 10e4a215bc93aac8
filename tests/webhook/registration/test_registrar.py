"""The configurations in the cluster: written when they differ, and no more often than that."""

import base64
import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.client import ApiError, JsonObject
from rules.checks import ALL
from rules.model import Action
from rules.policy import DEFAULT, Policy
from rules.policy.file import read_policy
from tests.cluster.fake_store import APPLY, Failure, Request, Store, StoreClient, install
from tests.webhook.identity.verifying import DAY, NOW
from webhook.identity.authority import make_authority
from webhook.registration.configurations import DISABLED_ANNOTATION, make_configurations
from webhook.registration.options import RegistrationOptions
from webhook.registration.registrar import CONFIGURATION_PATHS, Registrar, remove_configurations

VALIDATING, MUTATING = CONFIGURATION_PATHS
FIRST = make_authority(NOW, 365 * DAY).certificate
SECOND = make_authority(NOW, 365 * DAY).certificate
QUIET = Policy(profile="observe", namespace_labels="ignored")
"""Nothing is denied and nothing mended."""
STRICT = Policy(profile="strict")


class Cluster:
    """A store with the leader's registrar, and hands that meddle."""

    def __init__(self) -> None:
        self.now = 5.0
        self.policy = DEFAULT
        self.place = RegistrationOptions("mlgate-system", bundle=FIRST)
        self.store = Store()
        install(self.store)
        self.client = StoreClient(self.store)
        self.registrar = Registrar(self.client, self.wanted, lambda: self.now)

    def wanted(self) -> tuple[JsonObject, JsonObject]:
        return make_configurations(self.policy, self.place)

    def live(self, kind: str) -> JsonObject:
        found = self.client.get(CONFIGURATION_PATHS[kind])
        assert found is not None
        return found

    def hooks(self, kind: str) -> dict[str, JsonObject]:
        return {hook["name"]: hook for hook in self.live(kind).get("webhooks") or ()}

    def edit(self, kind: str, **fields: Any) -> None:
        """Replace fields of our first webhook, as ``kubectl edit`` does."""
        live = copy.deepcopy(self.live(kind))
        live["webhooks"][0].update(fields)
        self.client.replace(CONFIGURATION_PATHS[kind], live)

    def annotate(self, kind: str, value: str | None) -> None:
        self.client.merge(
            CONFIGURATION_PATHS[kind], {"metadata": {"annotations": {DISABLED_ANNOTATION: value}}}
        )

    def writes(self) -> int:
        """How often the registrar has written."""
        return sum(one.form.startswith("application/apply") for one in self.store.writes)


@pytest.fixture
def cluster() -> Cluster:
    one = Cluster()
    assert one.registrar.reconcile() == [VALIDATING, MUTATING]
    return one


def bundle_of(hook: JsonObject) -> str:
    return base64.b64decode(hook["clientConfig"].get("caBundle") or "").decode()


def test_what_is_not_there_is_made(cluster: Cluster) -> None:
    for wanted in cluster.wanted():
        live = cluster.live(wanted["kind"])
        assert live["webhooks"] == wanted["webhooks"]
        assert live["metadata"]["name"] == wanted["metadata"]["name"]


def test_d48_what_is_as_it_should_be_is_not_written(cluster: Cluster) -> None:
    for _ in range(5):
        assert cluster.registrar.reconcile() == []
    assert cluster.writes() == 2
    fresh = Registrar(cluster.client, cluster.wanted)
    assert fresh.reconcile() == [], "nor by the next leader"


def test_what_the_server_and_others_add_is_left_alone(cluster: Cluster) -> None:
    live = copy.deepcopy(cluster.live(VALIDATING))
    live["metadata"]["labels"]["team"] = "ml"
    live["metadata"]["ownerReferences"] = [{"name": "someone"}]
    live["webhooks"][0]["newField2030"] = {"a": 1}
    cluster.client.replace(CONFIGURATION_PATHS[VALIDATING], live)
    assert cluster.registrar.reconcile() == []
    assert cluster.live(VALIDATING)["metadata"]["labels"]["team"] == "ml"


@pytest.mark.parametrize("kind", [VALIDATING, MUTATING])
def test_d48_a_wiped_bundle_is_mended_by_one_write(cluster: Cluster, kind: str) -> None:
    client = {**cluster.live(kind)["webhooks"][0]["clientConfig"]}
    del client["caBundle"]
    cluster.edit(kind, clientConfig=client)
    assert cluster.registrar.reconcile() == [kind]
    assert cluster.registrar.reconcile() == []
    assert {bundle_of(hook) for hook in cluster.hooks(kind).values()} == {FIRST}


@pytest.mark.parametrize(
    "fields",
    [
        {"failurePolicy": "Fail"},
        {"timeoutSeconds": 30},
        {"rules": []},
        {"matchPolicy": "Exact"},
        {"matchConditions": []},
        {"objectSelector": {"matchLabels": {"never": "there"}}},
        {"namespaceSelector": {}},
        {"namespaceSelector": {"matchLabels": {"never": "there"}}},
        {"sideEffects": "NoneOnDryRun"},
    ],
)
def test_d48_every_field_that_matters_is_put_back(cluster: Cluster, fields: JsonObject) -> None:
    cluster.edit(VALIDATING, **fields)
    assert cluster.registrar.reconcile() == [VALIDATING]
    assert cluster.live(VALIDATING)["webhooks"] == cluster.wanted()[0]["webhooks"]


def test_a_selector_that_others_narrow_is_put_back(cluster: Cluster) -> None:
    wanted = cluster.wanted()[0]["webhooks"][0]["namespaceSelector"]
    cluster.edit(VALIDATING, namespaceSelector={**wanted, "matchLabels": {"never": "there"}})
    assert cluster.registrar.reconcile() == [VALIDATING]
    assert cluster.live(VALIDATING)["webhooks"][0]["namespaceSelector"] == wanted


def test_d48_a_condition_of_others_that_would_switch_a_webhook_off_goes(cluster: Cluster) -> None:
    wanted = cluster.wanted()[0]["webhooks"][0]["matchConditions"]
    never = {"name": "never", "expression": "false"}
    cluster.edit(VALIDATING, matchConditions=[*wanted, never])
    assert cluster.registrar.reconcile() == [VALIDATING]
    assert cluster.live(VALIDATING)["webhooks"][0]["matchConditions"] == wanted
    assert cluster.registrar.reconcile() == []


def test_what_others_applied_first_is_taken_over_whole(cluster: Cluster) -> None:
    """As after ``mlgate webhook-config | kubectl apply``: another owns all the fields too."""
    remove_configurations(cluster.client)
    for wanted in cluster.wanted():
        cluster.client.apply(CONFIGURATION_PATHS[wanted["kind"]], wanted, "kubectl")
    assert cluster.registrar.reconcile() == []
    cluster.policy = QUIET
    assert cluster.registrar.reconcile() == [VALIDATING, MUTATING]
    assert cluster.hooks(VALIDATING).keys() == {"advise.mlgate.dev", "namespaces.mlgate.dev"}
    assert cluster.hooks(MUTATING) == {}
    assert cluster.registrar.reconcile() == []


def test_a_deleted_configuration_comes_back(cluster: Cluster) -> None:
    cluster.client.delete(CONFIGURATION_PATHS[MUTATING])
    assert cluster.registrar.reconcile() == [MUTATING]
    assert cluster.hooks(MUTATING).keys() == {"mutate.mlgate.dev"}


def test_a_changed_policy_is_one_write_of_what_changes(cluster: Cluster) -> None:
    cluster.policy = QUIET
    cluster.registrar.reconcile()
    quiet = cluster.wanted()
    cluster.policy = Policy(profile="standard", namespace_labels="ignored")
    assert [
        one["kind"] for one, before in zip(cluster.wanted(), quiet, strict=True) if one != before
    ]
    assert cluster.registrar.reconcile() == [VALIDATING, MUTATING]
    assert cluster.registrar.reconcile() == []
    cluster.place = cluster.place._replace(failure_policy="Fail")
    assert cluster.registrar.reconcile() == [VALIDATING], "the other does not change"


def test_a_webhook_that_is_not_wanted_any_more_goes(cluster: Cluster) -> None:
    assert "enforce.mlgate.dev" in cluster.hooks(VALIDATING)
    cluster.policy = QUIET
    assert cluster.registrar.reconcile() == [VALIDATING, MUTATING]
    assert cluster.hooks(VALIDATING).keys() == {"advise.mlgate.dev", "namespaces.mlgate.dev"}
    assert cluster.hooks(MUTATING) == {}


def test_a_webhook_may_go_without_another_change(cluster: Cluster) -> None:
    cluster.policy = Policy(
        rules={rule.code: Action.OFF for rule in ALL}, namespace_labels="ignored"
    )
    assert cluster.registrar.reconcile() == [VALIDATING, MUTATING]
    assert cluster.hooks(VALIDATING).keys() == {"namespaces.mlgate.dev"}
    assert cluster.registrar.reconcile() == []


def test_a_configuration_without_webhooks_is_written_once(cluster: Cluster) -> None:
    cluster.policy = QUIET
    cluster.registrar.reconcile()
    for _ in range(3):
        cluster.now += 1000
        assert cluster.registrar.reconcile() == []


def test_webhooks_of_others_in_the_same_configuration_stay(cluster: Cluster) -> None:
    foreign = {"name": "other.example.com", "clientConfig": {"url": "https://other.example.com"}}
    live = copy.deepcopy(cluster.live(VALIDATING))
    live["webhooks"].append(foreign)
    cluster.client.replace(CONFIGURATION_PATHS[VALIDATING], live)
    assert cluster.registrar.reconcile() == []
    assert cluster.registrar.trusts(FIRST), "whom they trust is their affair"
    cluster.policy = QUIET
    cluster.registrar.reconcile()
    assert "enforce.mlgate.dev" not in cluster.hooks(VALIDATING)
    assert "other.example.com" in cluster.hooks(VALIDATING)
    assert cluster.registrar.reconcile() == []


def test_d48_in_a_fight_the_pauses_double_up_to_five_minutes(cluster: Cluster) -> None:
    pauses = []
    for _ in range(18):
        cluster.edit(VALIDATING, timeoutSeconds=30)
        pauses.append(0.0)
        if cluster.registrar.reconcile() == []:
            pauses[-1] = cluster.registrar.pause or -1.0
            cluster.now += pauses[-1] - 0.1
            assert cluster.registrar.reconcile() == []
            cluster.now += 0.2
            assert cluster.registrar.reconcile() == [VALIDATING]
    assert [round(one) for one in pauses] == [
        *[0] * 5,
        *(1, 2, 4, 8, 16, 32, 64, 128, 256),
        *[300] * 4,
    ]


def test_after_ten_quiet_minutes_a_fight_is_forgotten(cluster: Cluster) -> None:
    for _ in range(5):
        cluster.edit(VALIDATING, timeoutSeconds=30)
        assert cluster.registrar.reconcile() == [VALIDATING]
    cluster.edit(VALIDATING, timeoutSeconds=30)
    assert cluster.registrar.reconcile() == []
    cluster.now += 601
    for _ in range(2):
        assert cluster.registrar.reconcile() == [VALIDATING], "at once, and again"
        cluster.edit(VALIDATING, timeoutSeconds=30)


def test_k90_another_address_is_taken_away_before_ours_is_applied(cluster: Cluster) -> None:
    before = cluster.live(VALIDATING)["webhooks"]
    other = {"url": "https://elsewhere.example/validate", "caBundle": "AAAA"}
    cluster.edit(VALIDATING, clientConfig=other)
    assert cluster.registrar.reconcile() == [VALIDATING]
    assert cluster.live(VALIDATING)["webhooks"] == before
    assert cluster.registrar.reconcile() == []


def test_k90_five_times_in_a_minute_tampering_is_mended_at_once(cluster: Cluster) -> None:
    cluster.now += 1000
    for _ in range(3):
        for _ in range(5):
            cluster.now += 10
            cluster.edit(VALIDATING, timeoutSeconds=30)
            assert cluster.registrar.reconcile() == [VALIDATING]
        cluster.now += 20


def test_a_change_of_ones_own_is_not_held_back_by_a_fight(cluster: Cluster) -> None:
    for _ in range(20):
        cluster.edit(VALIDATING, timeoutSeconds=30)
        cluster.registrar.reconcile()
    assert cluster.registrar.reconcile() == []
    cluster.place = cluster.place._replace(bundle=FIRST + SECOND)
    assert cluster.registrar.reconcile() == [VALIDATING, MUTATING]
    assert cluster.registrar.trusts(FIRST + SECOND)


def test_many_changes_of_ones_own_are_no_fight(cluster: Cluster) -> None:
    for seconds in (1, 2, 3, 1, 2, 3):
        cluster.now += 1
        cluster.place = cluster.place._replace(timeout_seconds=seconds)
        assert cluster.registrar.reconcile() == [VALIDATING, MUTATING]
    cluster.edit(VALIDATING, timeoutSeconds=30)
    assert cluster.registrar.reconcile() == [VALIDATING], "mended at once"


def test_e58_the_break_glass_empties_both_and_they_stay_empty(cluster: Cluster) -> None:
    cluster.annotate(VALIDATING, "true")
    assert cluster.registrar.reconcile() == [VALIDATING, MUTATING]
    assert cluster.registrar.disabled
    for _ in range(3):
        cluster.now += 1000
        assert cluster.registrar.reconcile() == []
    assert cluster.hooks(VALIDATING) == cluster.hooks(MUTATING) == {}
    assert Registrar(cluster.client, cluster.wanted).reconcile() == [], "nor by the next leader"
    cluster.policy = STRICT
    assert cluster.registrar.reconcile() == []


def test_e58_without_it_both_come_back_at_once(cluster: Cluster) -> None:
    before = cluster.live(VALIDATING)["webhooks"]
    cluster.annotate(VALIDATING, "true")
    cluster.registrar.reconcile()
    cluster.annotate(VALIDATING, None)
    assert cluster.registrar.reconcile() == [VALIDATING, MUTATING]
    assert not cluster.registrar.disabled
    assert cluster.live(VALIDATING)["webhooks"] == before


def test_e58_only_the_word_true_on_the_validating_configuration_counts(
    cluster: Cluster,
) -> None:
    cluster.annotate(VALIDATING, "false")
    cluster.annotate(MUTATING, "true")
    assert cluster.registrar.reconcile() == []
    assert not cluster.registrar.disabled
    assert cluster.hooks(MUTATING)


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_k127_the_break_glass_takes_any_case_of_true(cluster: Cluster, word: str) -> None:
    cluster.annotate(VALIDATING, word)
    cluster.registrar.reconcile()
    assert cluster.registrar.disabled
    assert cluster.hooks(VALIDATING) == {}


def test_e58_nothing_is_made_only_to_be_emptied(cluster: Cluster) -> None:
    cluster.client.delete(CONFIGURATION_PATHS[MUTATING])
    cluster.annotate(VALIDATING, "true")
    assert cluster.registrar.reconcile() == [VALIDATING]
    assert cluster.client.get(CONFIGURATION_PATHS[MUTATING]) is None


def test_a_bundle_is_trusted_when_every_webhook_of_ours_has_all_of_it(cluster: Cluster) -> None:
    assert cluster.registrar.trusts(FIRST)
    assert not cluster.registrar.trusts(FIRST + SECOND)
    cluster.place = cluster.place._replace(bundle=SECOND + FIRST)
    cluster.registrar.reconcile()
    assert cluster.registrar.trusts(FIRST + SECOND)
    for broken in ("", "bm8=", "%"):
        client = {**cluster.live(MUTATING)["webhooks"][0]["clientConfig"], "caBundle": broken}
        cluster.edit(MUTATING, clientConfig=client)
        assert not cluster.registrar.trusts(FIRST), broken


@given(
    st.lists(st.sampled_from(["well", "away", "lost", "wiped", "deleted", "policy"]), max_size=20)
)
def test_e53_whatever_fails_no_configuration_is_ever_written_empty(turns: list[str]) -> None:
    cluster = Cluster()
    for turn in turns:
        cluster.now += 400
        meddle(cluster, turn)
        with suppress(ApiError):
            cluster.registrar.reconcile()
        cluster.registrar = Registrar(cluster.client, cluster.wanted, lambda: cluster.now)
    applied = [one.body for one in cluster.store.writes if one.form == APPLY]
    assert all(body["webhooks"] for body in applied)
    cluster.store.fault = Store().fault
    cluster.registrar.reconcile()
    assert [cluster.live(kind)["webhooks"] for kind in CONFIGURATION_PATHS] == [
        wanted["webhooks"] for wanted in cluster.wanted()
    ]


def meddle(cluster: Cluster, turn: str) -> None:
    """Something goes wrong before the next look."""
    cluster.store.fault = Store().fault
    if turn == "wiped" and cluster.client.get(CONFIGURATION_PATHS[VALIDATING]):
        cluster.edit(VALIDATING, clientConfig={})
    if turn == "deleted":
        cluster.client.delete(CONFIGURATION_PATHS[MUTATING])
    if turn == "policy":
        cluster.policy = STRICT if cluster.policy is DEFAULT else DEFAULT
    if turn in ("away", "lost"):
        cluster.store.fault = away if turn == "away" else lambda request: request.verb == "PATCH"


def away(_request: Request) -> bool:
    raise Failure(503, "no etcd")


def test_what_is_refused_is_raised_and_tried_again(cluster: Cluster) -> None:
    def refuse(request: Request) -> bool:
        if request.verb == "PATCH":
            raise Failure(403, "no right")
        return False

    cluster.edit(MUTATING, timeoutSeconds=30)
    cluster.store.fault = refuse
    for _ in range(2):
        with pytest.raises(ApiError, match="no right"):
            cluster.registrar.reconcile()
    cluster.store.fault = Store().fault
    assert cluster.registrar.reconcile() == [MUTATING]


def test_removing_takes_both_away_and_is_fine_with_none(cluster: Cluster) -> None:
    def there() -> list[str]:
        return [
            kind
            for kind, path in CONFIGURATION_PATHS.items()
            if cluster.client.get(path) is not None
        ]

    assert there() == [VALIDATING, MUTATING]
    for _ in range(2):
        remove_configurations(cluster.client)
        assert there() == []
    cluster.registrar.reconcile()
    cluster.client.delete(CONFIGURATION_PATHS[VALIDATING])
    remove_configurations(cluster.client)
    assert there() == []


@pytest.fixture
def injected(cluster: Cluster) -> Cluster:
    """One whose authority cert-manager is to inject, under ``Fail``."""
    place = RegistrationOptions("mlgate-system", failure_policy="Fail", inject_from="ml/gate")
    cluster.place = place
    remove_configurations(cluster.client)
    assert cluster.registrar.reconcile() == [VALIDATING, MUTATING]
    return cluster


def inject(cluster: Cluster, bundle: str) -> None:
    """As cert-manager's cainjector does: into every webhook of an annotated configuration."""
    for kind in (VALIDATING, MUTATING):
        live = copy.deepcopy(cluster.live(kind))
        assert live["metadata"]["annotations"]["cert-manager.io/inject-ca-from"] == "ml/gate"
        for hook in live["webhooks"]:
            hook["clientConfig"]["caBundle"] = base64.b64encode(bundle.encode()).decode()
        cluster.client.replace(CONFIGURATION_PATHS[kind], live)


def failing(cluster: Cluster) -> list[str]:
    hooks = cluster.hooks(VALIDATING).items()
    return [name for name, hook in hooks if hook["failurePolicy"] == "Fail"]


def test_d42_nothing_blocks_before_the_api_server_trusts_it(injected: Cluster) -> None:
    assert failing(injected) == []
    assert injected.registrar.reconcile() == [], "nor is it written again"
    inject(injected, FIRST)
    assert injected.registrar.reconcile() == [VALIDATING]
    assert failing(injected) == ["enforce.mlgate.dev", "enforce-cluster.mlgate.dev"]
    assert {bundle_of(hook) for hook in injected.hooks(VALIDATING).values()} == {FIRST}


def test_d48_what_cert_manager_has_injected_is_its_own(injected: Cluster) -> None:
    for bundle in (FIRST, SECOND):
        inject(injected, bundle)
        injected.registrar.reconcile()
        assert injected.registrar.reconcile() == []
        hooks = [hook for kind in (VALIDATING, MUTATING) for hook in injected.hooks(kind).values()]
        assert {bundle_of(hook) for hook in hooks} == {bundle}


def test_d42_an_entry_that_comes_later_waits_alone(injected: Cluster) -> None:
    inject(injected, FIRST)
    injected.registrar.reconcile()
    labelled = read_policy(
        "apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: observe\nnamespaces:\n"
        "- {match: {labels: {matchLabels: {team: vision}}}, profile: strict}\n",
        ALL,
    )
    injected.policy = labelled
    injected.registrar.reconcile()
    blocking = [one for one in injected.wanted()[0]["webhooks"] if one["failurePolicy"] == "Fail"]
    wanted = {one["name"] for one in blocking}
    assert "enforce.mlgate.dev" in failing(injected)
    assert "enforce-2.mlgate.dev" in wanted - set(failing(injected))
    inject(injected, FIRST)
    assert injected.registrar.reconcile() == [VALIDATING]
    assert set(failing(injected)) == wanted
