"""What ``mlgate serve --dev`` needs: a certificate for this machine, and how to try it."""

import base64
import datetime
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from rules.kinds import BUILT_IN
from webhook.identity.authority import issue_leaf, make_authority

HOST = "localhost"
NAMES = (HOST, "127.0.0.1", "::1")
LIFE = datetime.timedelta(days=30)
NAME = "mlgate-dev"
LABEL = "mlgate.dev/try"


class Files(NamedTuple):
    """A certificate, its key, and the authority that signed it."""

    certificate: Path
    key: Path
    authority: Path


def make_files(life: datetime.timedelta = LIFE) -> Files:
    """A throw-away pair for localhost in a new folder that only its owner reads."""
    now = datetime.datetime.now(datetime.UTC)
    authority = make_authority(now, life)
    leaf = issue_leaf(authority, NAMES, now, life)
    folder = Path(tempfile.mkdtemp(prefix="mlgate-dev-"))
    files = Files(folder / "tls.crt", folder / "tls.key", folder / "ca.crt")
    for file, text in zip(files, (*leaf, authority.certificate), strict=True):
        file.write_text(text)
    return files


def explain(port: int, authority: bytes) -> str:
    """The lines that register this server with a cluster whose API server runs on this machine,
    for namespaces that ask for it."""
    configurations = [
        _configuration("Validating", "validate", port, authority),
        _configuration("Mutating", "mutate", port, authority),
    ]
    manifests = yaml.safe_dump_all(configurations, sort_keys=False)
    return (
        f"# Try it in a namespace of its own; the API server must reach https://{HOST}:{port}.\n"
        f"kubectl create namespace {NAME}\n"
        f"kubectl label namespace {NAME} {LABEL}=true\n"
        f"kubectl apply -f - <<'END'\n{manifests}END\n"
        f"# and when done:\n"
        f"# kubectl delete validatingwebhookconfiguration,mutatingwebhookconfiguration {NAME}\n"
        f"# kubectl delete namespace {NAME}\n"
    )


def _configuration(prefix: str, endpoint: str, port: int, authority: bytes) -> dict[str, Any]:
    groups = sorted({kind.group for kind in BUILT_IN} - {""})
    operations = ["CREATE", "UPDATE"] if endpoint == "validate" else ["CREATE"]
    webhook = {
        "name": f"{endpoint}.{NAME}.mlgate.dev",
        "clientConfig": {
            "url": f"https://{HOST}:{port}/{endpoint}",
            "caBundle": base64.b64encode(authority).decode(),
        },
        "namespaceSelector": {"matchLabels": {LABEL: "true"}},
        "rules": [
            _rule([""], ["pods"], operations),
            _rule(groups, ["*"], operations),
        ],
        "failurePolicy": "Ignore",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 3,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{prefix}WebhookConfiguration",
        "metadata": {"name": NAME},
        "webhooks": [webhook],
    }


def _rule(groups: list[str], resources: list[str], operations: list[str]) -> dict[str, Any]:
    return {
        "apiGroups": groups,
        "apiVersions": ["*"],
        "resources": resources,
        "operations": [*operations],
        "scope": "Namespaced",
    }
