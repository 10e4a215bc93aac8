"""The Secret that replicas share: whoever comes first makes it, and nobody overwrites another."""

import base64
import datetime

import pytest

from cluster.client import ApiError, Conflict
from tests.cluster.fake_store import Request, Store, StoreClient, install
from tests.webhook.identity.verifying import NAME, NOW
from webhook.identity.rotation import Issuer, WebhookIdentity
from webhook.identity.secret import IdentitySecret

ISSUER = Issuer((NAME,))
PATH = "/api/v1/namespaces/mlgate-system/secrets/mlgate-tls"


@pytest.fixture
def store() -> Store:
    one = Store()
    install(one)
    return one


def secret_of(store: Store) -> IdentitySecret:
    return IdentitySecret(StoreClient(store), "mlgate-system", "mlgate-tls")


def obtain(store: Store) -> WebhookIdentity:
    """What a replica does at its start."""
    return secret_of(store).update(lambda found: ISSUER.repair(found, NOW))


def test_what_was_written_is_read_again(store: Store) -> None:
    made = obtain(store)
    assert secret_of(store).read() == made
    assert obtain(store) == made
    assert store.written() == ["/api/v1/namespaces/mlgate-system/secrets"]


def test_d46_two_replicas_that_start_at_once_serve_the_same(store: Store) -> None:
    """The second creates the Secret between the first one's look and its write."""
    others: list[WebhookIdentity] = []
    undisturbed = store.fault

    def interfere(request: Request) -> bool:
        if request.verb == "POST":
            store.fault = undisturbed
            others.append(obtain(store))
        return False

    store.fault = interfere
    mine = obtain(store)
    assert [mine] == others
    assert secret_of(store).read() == mine


def test_d46_a_step_is_taken_anew_on_what_another_wrote(store: Store) -> None:
    first = obtain(store)
    stepped: list[WebhookIdentity | None] = []

    def step(found: WebhookIdentity | None) -> WebhookIdentity:
        stepped.append(found)
        if len(stepped) == 1:
            secret_of(store).update(lambda _found: ISSUER.create(NOW))
        assert found is not None
        return found._replace(outgoing=first.authority.certificate)

    after = secret_of(store).update(step)
    assert stepped[0] == first
    assert stepped[1] is not None
    assert stepped[1].authority != first.authority
    assert after.authority == stepped[1].authority
    assert secret_of(store).read() == after


def test_a_secret_that_others_keep_changing_is_left_to_the_next_look(store: Store) -> None:
    obtain(store)

    def step(_found: WebhookIdentity | None) -> WebhookIdentity:
        secret_of(store).update(lambda _one: ISSUER.create(NOW))
        return ISSUER.create(NOW)

    with pytest.raises(Conflict, match="changes too often"):
        secret_of(store).update(step)


@pytest.mark.parametrize("broken", ["", "no base 64", base64.b64encode(b"\xff").decode()])
def test_a_broken_leaf_is_issued_anew_by_the_same_authority(store: Store, broken: str) -> None:
    made = obtain(store)
    kind = store.kinds["/api/v1/secrets"]
    (item,) = kind.objects.values()
    store.put(
        kind, "mlgate-tls", "mlgate-system", type="Opaque", data={**item["data"], "tls.key": broken}
    )
    mended = obtain(store)
    assert mended.authority == made.authority
    assert mended.leaf != made.leaf
    assert secret_of(store).read() == mended


def test_the_type_and_the_labels_of_a_secret_stay(store: Store) -> None:
    """A Secret may be there beforehand, empty, so that no `create` need be granted."""
    kind = store.kinds["/api/v1/secrets"]
    labels = {"app": "mlgate"}
    store.put(
        kind, "mlgate-tls", "mlgate-system", type="example.com/tls", metadata={"labels": labels}
    )
    obtain(store)
    (item,) = kind.objects.values()
    assert (item["type"], item["metadata"]["labels"]) == ("example.com/tls", labels)


def test_what_the_api_server_refuses_is_told(store: Store) -> None:
    store.kinds["/api/v1/secrets"].status = 403
    with pytest.raises(ApiError, match="403"):
        obtain(store)
    assert datetime.timedelta(0) < ISSUER.lifetimes.leaf_left < ISSUER.lifetimes.leaf
