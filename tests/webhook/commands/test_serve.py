"""The arguments of `mlgate serve`: what fits together, and what is said of what does not."""

import argparse
import io
import socket
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple, cast

import pytest
import yaml

from linter.cli import main
from tests.cluster.fake_api import running
from tests.cluster.fake_store import install
from webhook.commands import client_arguments, cluster_arguments, serve
from webhook.identity.client_token import ClientTokens, derive_token
from webhook.replica import election
from webhook.replica.options import DEFAULT_NAMESPACE, ReplicaOptions
from webhook.server.clients import TokenFile, Trust

if TYPE_CHECKING:
    from webhook.replica.member import Member

HOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


class Answer(NamedTuple):
    code: int
    out: str
    err: str


ANY_PORT = ("--port", "0", "--metrics-port", "0")


def call(*arguments: str) -> Answer:
    """On any ports, where the arguments name none: other processes may have the usual ones."""
    out, err = io.StringIO(), io.StringIO()
    code = main(["serve", *ANY_PORT, *arguments], stdout=out, stderr=err)
    return Answer(code, out.getvalue(), err.getvalue())


FILES = ("--tls-cert", "a.crt", "--tls-key", "a.key")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--no-cluster",), "give --tls-cert and --tls-key, or --dev"),
        (("--tls-cert", "a.crt"), "--tls-cert and --tls-key go together"),
        (("--dev", *FILES), "--dev makes its own certificate"),
        ((*FILES, "--client-name", "a"), "--client-name needs --client-ca"),
        ((*FILES, "--grace", "5"), "--grace (5) must be more than --shutdown-delay (10)"),
        (("--no-register",), "--no-register needs --tls-cert and --tls-key"),
        (("--ca-bundle", "a.crt"), "--ca-bundle goes with --tls-cert"),
        (("--inject-ca-from", "ml/gate"), "--inject-ca-from goes with --tls-cert"),
        ((*FILES, "--inject-ca-from", "gate"), "expected NAMESPACE/NAME, found gate"),
        ((*FILES, "--inject-ca-from", "ml/gate", "--ca-bundle", "a"), "not allowed with argument"),
        ((*FILES, "--no-cluster", "--uninstall"), "--uninstall needs the cluster"),
        (("--webhook-timeout", "10"), "invalid choice: 10"),
        (("--failure-policy", "Maybe"), "invalid choice: 'Maybe'"),
        (("--dev", "--policy", "/none"), "/none: No such file"),
        (("--dev", "--max-body", "0"), "expected a number from 1 on"),
        (("--dev", "--grace", "soon"), "expected seconds"),
        (("--dev", "--uninstall"), "--dev registers nothing"),
        (("--url", "http://a"), "--url is http://a; expected https://"),
    ],
)
def test_what_does_not_go_together_is_told(arguments: tuple[str, ...], complaint: str) -> None:
    answer = call(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert complaint in answer.err


@pytest.mark.parametrize("flag", ["--port", "--metrics-port"])
def test_a_port_that_is_taken_is_named_before_anything_is_printed(flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = call("--dev", flag, str(port))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"mlgate serve: {flag} {port} on 127.0.0.1: Address already in use\n"


def test_files_that_are_not_there_are_named() -> None:
    assert call(*FILES) == call("--no-cluster", *FILES)
    answer = call("--no-cluster", *FILES)
    assert (answer.code, answer.err) == (2, "a.crt: No such file or directory\n")


def test_a_policy_that_cannot_be_used_is_no_beginning(tmp_path: Path) -> None:
    policy = tmp_path / "mlgate.yaml"
    policy.write_text("apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: lenient\n")
    answer = call("--no-cluster", *FILES, "--policy", str(policy))
    assert answer.code == 2
    assert f"{policy}:3:10: " in answer.err


def test_outside_of_a_pod_a_kubeconfig_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    answer = call()
    assert answer.code == 1
    assert answer.err.startswith("mlgate serve: no way to the API server from a pod: ")
    assert answer.err.endswith("; outside of one give --kubeconfig, --no-cluster or --dev\n")


def write_kubeconfig(path: Path, url: str) -> None:
    body = {
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": url}}],
        "users": [{"name": "a", "user": {"token": "t"}}],
    }
    path.write_text(yaml.safe_dump(body))


def test_e56_uninstall_removes_both_configurations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook.replica.member.time.sleep", lambda _seconds: None)
    with running() as api:
        install(api)
        for path in (HOOKS, HOOKS.replace("mutating", "validating")):
            for name in ("mlgate", "zz-mlgate", "another"):
                api.put(api.kinds[path], name)
        write_kubeconfig(tmp_path / "kubeconfig", api.url)
        answer = call("--uninstall", "--kubeconfig", str(tmp_path / "kubeconfig"))
        left = {
            (path.rpartition("/")[2], name)
            for path in (HOOKS, HOOKS.replace("mutating", "validating"))
            for _, name in api.kinds[path].objects
        }
        (lease,) = api.kinds["/apis/coordination.k8s.io/v1/leases"].objects.values()
    assert answer == Answer(
        0, "the webhook configurations are removed; mlgate may be deleted now\n", ""
    )
    assert ("mutatingwebhookconfigurations", "zz-mlgate") not in left
    assert ("validatingwebhookconfigurations", "mlgate") not in left
    assert ("mutatingwebhookconfigurations", "another") in left
    assert election.UNINSTALLED_ANNOTATION in lease["metadata"]["annotations"]


def test_uninstall_tells_why_it_could_not(tmp_path: Path) -> None:
    with running() as api:
        install(api)
        api.kinds["/apis/coordination.k8s.io/v1/leases"].status = 403
        write_kubeconfig(tmp_path / "kubeconfig", api.url)
        answer = call("--uninstall", "--kubeconfig", str(tmp_path / "kubeconfig"))
    assert answer.code == 1
    assert answer.err.startswith("mlgate serve: 403: GET /apis/coordination.k8s.io/v1/")


def read(*arguments: str) -> ReplicaOptions:
    parser = argparse.ArgumentParser()
    cluster_arguments.add_cluster_arguments(parser)
    return cluster_arguments.read_replica_options(parser.parse_args(arguments, SimpleNamespace()))


def test_a_pod_knows_its_name_and_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAME", "mlgate-7d4b")
    monkeypatch.setenv("POD_NAMESPACE", "ml-platform")
    found = read()
    assert found.registration.namespace == "ml-platform"
    assert found.replica.startswith("mlgate-7d4b-")
    assert read("--namespace", "other").registration.namespace == "other"


def test_a_namespace_is_read_from_the_service_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("POD_NAMESPACE", raising=False)
    monkeypatch.setattr(cluster_arguments, "_OWN_NAMESPACE", tmp_path / "namespace")
    assert read().registration.namespace == DEFAULT_NAMESPACE
    (tmp_path / "namespace").write_text("ml-platform\n")
    assert read().registration.namespace == "ml-platform"


def test_a_replica_that_starts_anew_is_another_one() -> None:
    assert read().replica != read().replica


class KnownMember:
    """What is asked of a replica: the source of its own certificate, and its tokens."""

    def __init__(self, source: str | None) -> None:
        self.source = source
        self.tokens = ClientTokens(lambda: [b"key"])


@pytest.mark.parametrize(
    ("arguments", "member", "strangers"),
    [
        ((), KnownMember("own"), [Trust.TERSE, Trust.NONE]),
        (FILES, KnownMember(None), [Trust.TERSE, Trust.TERSE]),
        (("--client-ca", "ca.crt"), KnownMember("own"), [Trust.FULL, Trust.FULL]),
        (("--client-token", "token"), KnownMember("own"), [Trust.NONE, Trust.NONE]),
        (("--dev",), KnownMember(None), [Trust.FULL, Trust.FULL]),
        (("--no-cluster", *FILES), None, [Trust.FULL, Trust.FULL]),
        (("--no-cluster", *FILES, "--client-token", "token"), None, [Trust.NONE, Trust.NONE]),
    ],
)
def test_k99_strangers_are_told_by_how_the_api_server_is_known(
    arguments: tuple[str, ...],
    member: KnownMember | None,
    strangers: list[Trust],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Before the API server has called, and long after."""
    monkeypatch.setattr("webhook.server.clients.TELLING_SECONDS", 0.001)
    (tmp_path / "token").write_text("secret")
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    read = parser.parse_args(arguments, SimpleNamespace())
    token = TokenFile(read.client_token) if read.client_token else None
    check = client_arguments.check_clients(read, cast("Member | None", member), token)
    before = check.weigh("", [])
    known = check.weigh("secret" if token else derive_token(b"key"), [])
    time.sleep(0.01)
    assert [before, check.weigh("", [])] == strangers
    assert known is Trust.FULL
