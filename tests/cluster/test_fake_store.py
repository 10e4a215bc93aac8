"""The store that other tests stand on does what the API server's documentation says."""

from typing import Any

import pytest

from cluster.client import ApiError, Conflict
from tests.cluster.fake_store import Store, StoreClient, install

LEASES = "/apis/coordination.k8s.io/v1/namespaces/ml/leases"
HOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


@pytest.fixture
def store() -> Store:
    one = Store()
    install(one)
    return one


@pytest.fixture
def client(store: Store) -> StoreClient:
    return StoreClient(store)


def lease(holder: str, **metadata: str) -> dict[str, Any]:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15}
    return {"metadata": {"name": "mlgate", **metadata}, "spec": spec}


def hooks(**fields: Any) -> dict[str, Any]:
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
    return {**kind, "metadata": {"name": "one"}, "webhooks": [{"name": "a", **fields}]}


def test_what_exists_is_not_created_again(client: StoreClient) -> None:
    made = client.create(LEASES, lease("a"))
    assert made["metadata"]["namespace"] == "ml"
    with pytest.raises(Conflict, match="already exists"):
        client.create(LEASES, lease("b"))
    assert client.get(f"{LEASES}/mlgate") == made


def test_a_replace_needs_the_version_that_is_there(client: StoreClient) -> None:
    made = client.create(LEASES, lease("a"))
    version = made["metadata"]["resourceVersion"]
    client.replace(f"{LEASES}/mlgate", lease("b", resourceVersion=version))
    with pytest.raises(Conflict, match="modified"):
        client.replace(f"{LEASES}/mlgate", lease("c", resourceVersion=version))
    with pytest.raises(ApiError, match="must be specified"):
        client.replace(f"{LEASES}/mlgate", lease("c"))
    with pytest.raises(ApiError, match="not found"):
        client.replace(f"{LEASES}/other", lease("c", resourceVersion=version))


def test_applying_the_same_again_changes_no_version(store: Store, client: StoreClient) -> None:
    first = client.apply(f"{HOOKS}/one", hooks(timeoutSeconds=2), "me")
    assert client.apply(f"{HOOKS}/one", hooks(timeoutSeconds=2), "me") == first
    assert store.written() == [f"{HOOKS}/one"]


def test_what_is_applied_no_more_goes_and_what_others_wrote_stays(client: StoreClient) -> None:
    client.apply(f"{HOOKS}/one", hooks(timeoutSeconds=2, sideEffects="None"), "me")
    client.apply(f"{HOOKS}/one", hooks(failurePolicy="Fail"), "other")
    done = client.apply(f"{HOOKS}/one", hooks(timeoutSeconds=2), "me")
    assert done["webhooks"] == [{"name": "a", "timeoutSeconds": 2, "failurePolicy": "Fail"}]


def test_a_selector_has_one_owner(client: StoreClient) -> None:
    client.apply(f"{HOOKS}/one", hooks(objectSelector={"matchLabels": {"a": "b"}}), "other")
    done = client.apply(f"{HOOKS}/one", hooks(objectSelector={}), "me")
    assert done["webhooks"] == [{"name": "a", "objectSelector": {}}]


def test_a_list_of_webhooks_that_is_empty_is_none(client: StoreClient) -> None:
    client.apply(f"{HOOKS}/one", hooks(timeoutSeconds=2), "me")
    emptied = client.remove_field(f"{HOOKS}/one", "webhooks")
    assert "webhooks" not in emptied
    assert "webhooks" not in client.apply(f"{HOOKS}/one", {**hooks(), "webhooks": []}, "me")
