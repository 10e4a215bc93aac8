"""The server's parts without a process: a handler, and its application called directly."""

import asyncio
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rules.inventory import Inventory
from rules.kinds import lookups
from webhook.knowledge.cluster_facts import NoCluster
from webhook.observability.logs import Log
from webhook.server.app import Application
from webhook.server.handler import ReviewHandler
from webhook.server.policy_reloader import PolicyReloader
from webhook.server.request_limits import RequestLimits

POLICY = "apiVersion: mlgate.dev/v1\nkind: Policy\n"
JSON = {"content-type": "application/json"}


class Cluster(NoCluster):
    """A cluster of which everything is known that the test says."""

    def __init__(
        self,
        labels: Mapping[str, str] | None = None,
        owners: tuple[str, ...] = (),
        waiting: str | None = None,
    ) -> None:
        self.inventory = Inventory(complete=True)
        self._labels = labels
        self._owners = owners
        self._waiting = waiting

    def namespace_labels(self, _namespace: str) -> Mapping[str, str] | None:  # type: ignore[override]
        return self._labels

    def owner(self, uid: str) -> lookups.Answer:
        return lookups.Answer.FOUND if uid in self._owners else lookups.Answer.ABSENT

    def not_ready(self) -> str | None:  # type: ignore[override]
        return self._waiting


class Reply(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


class InProcessServer:
    """A handler with its log, and a way to send it reviews."""

    def __init__(
        self,
        policies: PolicyReloader | None = None,
        cluster: NoCluster | None = None,
        limits: RequestLimits | None = None,
    ) -> None:
        self.stream = io.StringIO()
        self.handler = ReviewHandler(
            policies=policies or PolicyReloader(),
            cluster=cluster or NoCluster(),
            log=Log(self.stream),
            limits=limits,
        )
        self.app = Application(self.handler)
        self.chunks_read = 0
        """Of all bodies so far."""

    def post(
        self,
        body: bytes,
        endpoint: str = "validate",
        query: str = "",
        headers: Mapping[str, str] = JSON,
    ) -> Reply:
        """The answer to whatever is sent."""
        return asyncio.run(self.ask(body, endpoint, query, headers))

    def send(self, review: Any, endpoint: str = "validate", query: str = "") -> dict[str, Any]:
        """The response of a review that must be answered."""
        answer = self.post(json.dumps(review).encode(), endpoint, query)
        assert answer.status == 200, answer.body
        response: dict[str, Any] = json.loads(answer.body)["response"]
        return response

    async def ask(
        self,
        body: bytes,
        endpoint: str = "validate",
        query: str = "",
        headers: Mapping[str, str] = JSON,
        client: tuple[str, int] = ("127.0.0.1", 5000),
    ) -> Reply:
        """The answer to whatever a client sends."""
        sent: list[Any] = []
        chunks = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]

        async def receive() -> dict[str, Any]:
            chunk = chunks.pop(0)
            self.chunks_read += 1
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": f"/{endpoint}",
            "query_string": query.encode(),
            "client": client,
            "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
        }
        await self.app(scope, receive, send)
        start, *rest = sent
        shown = {key.decode(): value.decode() for key, value in start["headers"]}
        return Reply(start["status"], shown, b"".join(one.get("body", b"") for one in rest))

    def lines(self) -> list[dict[str, Any]]:
        """The log so far."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def sample(self, name: str, **labels: str) -> float:
        """The value of a metric, 0 where it was never counted."""
        return self.handler.metrics.registry.get_sample_value(name, labels) or 0.0


def policies_of(folder: Path, text: str) -> PolicyReloader:
    """The policies of a file with the policy ``text``."""
    file = folder / "mlgate.yaml"
    file.write_text(POLICY + text)
    return PolicyReloader(file)
