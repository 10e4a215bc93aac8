"""Events on mlgate's Deployment that tell of a policy file that cannot be used.

Whoever edits a mounted ConfigMap gets no answer: ``kubectl describe deployment`` is where to look.
"""

import datetime
import time
from collections.abc import Callable
from urllib.parse import urlencode

from cluster.client import Client, JsonObject
from rules.kinds.core import DEPLOYMENT
from webhook.replica.options import ReplicaOptions

RETELL_SECONDS = 1800.0
"""The API server forgets an Event after an hour (``--event-ttl``)."""
_MAX_MESSAGE = 1024
"""Characters (``pkg/apis/core/validation/events.go``)."""
_BASE = f"/apis/{DEPLOYMENT.group}/v1"
_STAYS = "the policy in force stays: "


class PolicyEvents:
    """Writes an Event for each fault, and again while it lasts."""

    def __init__(
        self, client: Client, options: ReplicaOptions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._options = options
        self._clock = clock
        self._last: str | None = None
        self._at = 0.0

    def tell(self, fault: str | None) -> None:
        """Tell of a fault, None where there is none. Raises ApiError."""
        now = self._clock()
        if fault is None:
            self._last = None
        elif fault != self._last or now - self._at >= RETELL_SECONDS:
            self._write(f"{_STAYS}{fault}")
            self._last, self._at = fault, now

    def _write(self, message: str) -> None:
        namespace = self._options.registration.namespace
        deployment = self._find()
        if deployment is not None:
            event = self._make(deployment, message[:_MAX_MESSAGE])
            self._client.create(f"/api/v1/namespaces/{namespace}/events", event)

    def _find(self) -> JsonObject | None:
        """The Deployment of mlgate; None where it runs as something else."""
        # By a list in the whole cluster, which the caches may do too, and by no permission more.
        # ``kubectl describe`` asks for Events by the UID.
        registration = self._options.registration
        query = f"metadata.name={self._options.deployment}"
        query += f",metadata.namespace={registration.namespace}"
        path = f"{_BASE}/{DEPLOYMENT.plural}?{urlencode({'fieldSelector': query})}"
        items: list[JsonObject] = (self._client.get(path) or {}).get("items") or []
        return next(iter(items), None)

    def _make(self, deployment: JsonObject, message: str) -> JsonObject:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = deployment["metadata"]
        # As client-go names them (tools/record/event.go).
        name = f"{about['name']}.{time.time_ns():x}"
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": about["namespace"]},
            "involvedObject": {
                "apiVersion": f"{DEPLOYMENT.group}/v1",
                "kind": DEPLOYMENT.name,
                "namespace": about["namespace"],
                "name": about["name"],
                "uid": about["uid"],
            },
            "type": "Warning",
            "reason": "PolicyUnusable",
            "message": message,
            "source": {"component": "mlgate", "host": self._options.replica},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
