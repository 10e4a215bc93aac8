"""The Secret that holds the identity: any replica may write it, all read it."""

import base64
from collections.abc import Callable

from cluster.client import Client, Conflict, JsonObject
from webhook.identity.rotation import WebhookIdentity, decode_identity, encode_identity

_MAX_TRIES = 10


class IdentitySecret:
    """One Secret in the API server."""

    def __init__(self, client: Client, namespace: str, name: str) -> None:
        self._client = client
        self._collection = f"/api/v1/namespaces/{namespace}/secrets"
        self.path = f"{self._collection}/{name}"
        self.name = name
        self.title = f"secret {namespace}/{name}"

    def read(self) -> WebhookIdentity | None:
        """The identity in the Secret, None where there is none that can be used. Raises
        ApiError."""
        return _decode(self._client.get(self.path))

    def update(self, step: Callable[[WebhookIdentity | None], WebhookIdentity]) -> WebhookIdentity:
        """Write what ``step`` makes of the identity in the Secret, if it differs; returns the one
        that is there afterwards. Raises ApiError."""
        # Optimistic locking: where another replica was first, its identity is read, and the step
        # taken from there. So all replicas start with one and the same authority.
        for _ in range(_MAX_TRIES):
            secret = self._client.get(self.path)
            found = _decode(secret)
            wanted = step(found)
            if wanted == found:
                return wanted
            try:
                self._write(secret, wanted)
            except Conflict:
                continue
            return wanted
        raise Conflict(409, f"{self.title} changes too often")

    def _write(self, secret: JsonObject | None, identity: WebhookIdentity) -> None:
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": (secret or {}).get("type") or "Opaque",
            "metadata": (secret or {}).get("metadata") or {"name": self.name},
            "data": {
                key: base64.b64encode(text.encode()).decode()
                for key, text in encode_identity(identity).items()
            },
        }
        if secret is None:
            self._client.create(self._collection, body)
            return
        self._client.replace(self.path, body)


def _decode(secret: JsonObject | None) -> WebhookIdentity | None:
    texts = {}
    for key, value in ((secret or {}).get("data") or {}).items():
        try:
            texts[key] = base64.b64decode(value).decode()
        except ValueError:
            continue
    return decode_identity(texts)
