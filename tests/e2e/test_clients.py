"""How the API server is known: by the path that it was told, a token, or its certificate."""

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cluster import Cluster, find_programs, until
from tests.e2e.installation import CONFIGURATIONS, Installation, Replica
from tests.e2e.network import LOOPBACK
from tests.e2e.workloads import bad_job, refuses
from tests.webhook.bodies import admitted, review
from tests.webhook.in_process import JSON
from tests.webhook.processes import Pairs

TOKEN = "a-token-of-the-test"  # noqa: S105 - it guards nothing
NAME = "kube-apiserver"
ENDS = ("--shutdown-delay", "1", "--grace", "5")


def ask(replica: Replica, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    """What a stranger is answered who asks a replica of a bad Job."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(replica.host, replica.port, context=context)
    body = json.dumps(review(admitted(bad_job())))
    with closing(connection):
        connection.request("POST", path, body, {**JSON, **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_k99_the_api_server_is_told_a_path_that_nobody_else_knows(
    installation: Installation,
) -> None:
    cluster = installation.cluster
    until(lambda: refuses(cluster, "default"))
    (replica,) = installation.replicas
    paths = {
        hook["clientConfig"]["service"]["path"]
        for one in CONFIGURATIONS
        for hook in cluster.get(one)["webhooks"]
    }
    assert len({path.rpartition("/")[2] for path in paths}) == 1
    (path,) = (path for path in paths if path.startswith("/validate/"))
    assert "TRN001" in ask(replica, path)[1]["response"]["status"]["message"]
    status, told = ask(replica, "/validate")
    if status == 200:  # not yet refused: it was told less than a minute ago
        assert told["response"].keys() == {"uid", "allowed", "status"}
        assert "TRN001" not in json.dumps(told)
    else:
        assert status == 401


@pytest.fixture(scope="module")
def configured(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, Path]]:
    """An API server that was told by its configuration, as docs/install.md has it, and the
    authority of its certificate."""
    programs = find_programs()
    assert isinstance(programs, Path)
    if cluster.host == LOOPBACK:
        pytest.skip("no right to make a network namespace, and EndpointSlices refuse loopback")
    work = tmp_path_factory.mktemp("configured")
    clients = Pairs(work, "clients")
    clients.write(clients.issue_client(NAME))
    arguments = write_configuration(work, clients)
    one = Cluster(programs, work, cluster.host, *arguments)
    try:
        one.start()
        installed = Installation(one)
        yield installed, clients.authority
        installed.stop()
    finally:
        one.stop()


def write_configuration(work: Path, clients: Pairs) -> tuple[str, ...]:
    """What docs/install.md says that an API server needs; the names of files are ours."""
    page = (Path(__file__).parents[2] / "docs/install.md").read_text()
    (admission,) = (one for one in page.split("```yaml\n") if "kind: AdmissionConfiguration" in one)
    (kubeconfig,) = (one for one in page.split("```yaml\n") if one.startswith("# webhooks.kube"))
    files = {
        "/etc/kubernetes/webhooks.kubeconfig": str(work / "webhooks.kubeconfig"),
        "/etc/kubernetes/mlgate/client.crt": str(clients.certificate),
        "/etc/kubernetes/mlgate/client.key": str(clients.key),
        "TOKEN": TOKEN,
    }
    for name, text in (("admission.yaml", admission), ("webhooks.kubeconfig", kubeconfig)):
        body = text.partition("```")[0]
        for written, ours in files.items():
            body = body.replace(written, ours)
        assert yaml.safe_load(body)
        (work / name).write_text(body)
    return (f"--admission-control-config-file={work}/admission.yaml",)


def test_k100_an_api_server_shows_the_token_that_it_was_given(
    configured: tuple[Installation, Path], tmp_path: Path
) -> None:
    installed, _ = configured
    file = tmp_path / "token"
    file.write_text(TOKEN)
    replica = installed.add(*ENDS, "--client-token", str(file))
    until(installed.registered)
    until(lambda: refuses(installed.cluster, "default"))
    assert ask(replica, "/validate")[0] == 401
    assert ask(replica, "/validate", authorization=f"Bearer {TOKEN}x")[0] == 401
    (hook, *_) = installed.cluster.get(CONFIGURATIONS[0])["webhooks"]
    assert hook["clientConfig"]["service"]["path"] == "/validate"
    installed.remove(replica)


def test_k100_an_api_server_shows_the_certificate_that_it_was_given(
    configured: tuple[Installation, Path],
) -> None:
    installed, authority = configured
    replica = installed.add(*ENDS, "--client-ca", str(authority), "--client-name", NAME)
    until(installed.registered)
    until(lambda: refuses(installed.cluster, "default"))
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(replica, "/validate")
    installed.remove(replica)
