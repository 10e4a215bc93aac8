"""`mlgate webhook-check`: what it sees of mlgate through the API server, and what it says of it."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from cluster import kubeconfig
from cluster.client import ApiError, JsonObject
from linter.cli import main
from rules.policy import DEFAULT
from webhook.commands import webhook_check
from webhook.registration.configurations import make_configurations
from webhook.registration.options import RegistrationOptions

ANSWER = "mlgate.dev/profile is 'webhook-check'; expected observe, standard, strict: observe holds"
DISABLED = {"metadata": {"annotations": {"mlgate.dev/disabled": "true"}}}
UNASKED = make_configurations(DEFAULT, RegistrationOptions("default"))[0]
"""Of an mlgate whose own Namespace is the one that is asked about."""
UNTRUSTED, REGISTERED = (
    make_configurations(DEFAULT, RegistrationOptions("mlgate-system", bundle=bundle))[0]
    for bundle in (None, "one")
)
SLICES = (
    "/apis/discovery.k8s.io/v1/namespaces/mlgate-system/endpointslices"
    "?labelSelector=kubernetes.io/service-name%3Dmlgate"
)


class Seen(NamedTuple):
    """What the API server answers: warnings of the dry run, the configuration, and of each endpoint
    whether it is ready."""

    warnings: tuple[str, ...] | ApiError = ()
    live: JsonObject | None = None
    ready: tuple[bool, ...] | ApiError = ()


class Answering:
    """A client of an API server that answers one thing after the other, the last for ever."""

    def __init__(self, *seen: Seen) -> None:
        self._seen = list(seen)
        self.asked: list[tuple[str, JsonObject]] = []

    def try_merge(self, path: str, patch: JsonObject) -> list[str]:
        self.asked.append((path, patch))
        warnings = self._now.warnings
        if isinstance(warnings, ApiError):
            raise warnings
        return [*warnings]

    def get(self, path: str) -> JsonObject | None:
        if path == SLICES:
            ready = self._now.ready
            if isinstance(ready, ApiError):
                raise ready
            return {"items": [{"endpoints": [{"conditions": {"ready": one}} for one in ready]}]}
        assert path.endswith("/validatingwebhookconfigurations/mlgate")
        return self._now.live

    @property
    def _now(self) -> Seen:
        return self._seen[min(len(self.asked), len(self._seen)) - 1]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    watch = SimpleNamespace(monotonic=one, sleep=one.sleep)
    monkeypatch.setattr("webhook.commands.webhook_check.time", watch)
    return one


def check(monkeypatch: pytest.MonkeyPatch, client: Any, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(webhook_check, "connect_as_kubectl", lambda _: client)
    out, err = io.StringIO(), io.StringIO()
    code = main(["webhook-check", *arguments], stdout=out, stderr=err)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("seen", "code", "said"),
    [
        (
            Seen(("something else", ANSWER)),
            0,
            f"the API server asks mlgate, which answers: {ANSWER}",
        ),
        (Seen(live=DISABLED), 0, "mlgate is switched off: the annotation mlgate.dev/disabled"),
        (Seen(("something else",), live=None), 1, "mlgate is not registered"),
        (Seen(live={"metadata": {}}), 1, "mlgate is registered, and the API server has no answer"),
        (
            Seen(ApiError(403, "no right to patch")),
            1,
            "mlgate webhook-check: 403: no right to patch",
        ),
        (Seen(live=UNASKED), 1, "mlgate is never asked about the Namespace default: give another"),
        (Seen(live=UNTRUSTED), 1, "mlgate is registered without a caBundle, so that the API"),
        *(
            (Seen(live=REGISTERED, ready=ready), 1, "the Service mlgate in mlgate-system has no")
            for ready in ((), (False, False))
        ),
        (
            Seen(live=REGISTERED, ready=(True, False, True)),
            *(1, "no answer of it, though 2 of its endpoints are ready: the network between"),
        ),
        (
            Seen(live=REGISTERED, ready=ApiError(403, "no right to list")),
            *(1, "no answer of it: no replica is ready, the network between them is shut"),
        ),
        (Seen(live=REGISTERED, ready=ApiError(500, "away")), 1, "webhook-check: 500: away"),
    ],
)
def test_what_is_seen_is_told(
    monkeypatch: pytest.MonkeyPatch, seen: Seen, code: int, said: str
) -> None:
    ended, out, err = check(monkeypatch, Answering(seen))
    assert ended == code
    told, silent = (err, out) if code else (out, err)
    assert said in told
    assert silent == ""


def test_the_namespace_gets_a_profile_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Answering(Seen((ANSWER,)))
    check(monkeypatch, client, "--namespace", "research")
    labels = {"mlgate.dev/profile": "webhook-check"}
    assert client.asked == [("/api/v1/namespaces/research", {"metadata": {"labels": labels}})]


def test_it_waits_for_the_first_answer(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    failed = (Seen(ApiError(0, "away")), Seen(ApiError(429, "too many requests")))
    client = Answering(*failed, Seen(), Seen(live={"metadata": {}}), Seen((ANSWER,)))
    assert check(monkeypatch, client, "--wait", "60")[0] == 0
    assert (len(client.asked), clock.now) == (5, 4.0)


def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    code, _, err = check(monkeypatch, Answering(Seen()), "--wait", "5")
    assert (code, clock.now) == (1, 5.0)
    assert err.startswith("mlgate is not registered")


def test_what_no_wait_changes_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    for seen in (Seen(ApiError(403, "no")), Seen(live=DISABLED), Seen(live=UNASKED)):
        check(monkeypatch, Answering(seen), "--wait", "5")
    assert clock.now == 0.0


def test_no_way_to_a_cluster_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert main(["webhook-check", "--kubeconfig", "/none"], stdout=out, stderr=err) == 2
    assert "mlgate webhook-check: no way to the API server from /none" in err.getvalue()


def test_a_context_is_one_of_a_kubeconfig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    out, err = io.StringIO(), io.StringIO()
    assert main(["webhook-check", "--context", "prod"], stdout=out, stderr=err) == 2
    assert err.getvalue() == (
        "mlgate webhook-check: --context needs a kubeconfig, and there is none\n"
    )


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ModuleNotFoundError(name="kubernetes.client")

    monkeypatch.setattr(kubeconfig, "find_kubeconfig", fail)
    out, err = io.StringIO(), io.StringIO()
    assert main(["webhook-check"], stdout=out, stderr=err) == 2
    assert "kubernetes.client is missing: install mlgate's extra `webhook`" in err.getvalue()
