"""What ``mlgate serve --dev`` needs: a certificate for this machine, and how to try it."""

import base64
import datetime
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from rules.kinds import BUILT_IN
from webhook.identity.authority import issue_leaf, make_authority

_HOST = "localhost"
_NAMES = (_HOST, "127.0.0.1", "::1")
_LIFETIME = datetime.timedelta(days=30)
_NAME = "mlgate-dev"
_LABEL = "mlgate.dev/try"


class DevFiles(NamedTuple):
    """A certificate, its key, and the authority that signed it."""

    certificate: Path
    key: Path
    authority: Path


def make_dev_files(life: datetime.timedelta = _LIFETIME) -> DevFiles:
    """A throw-away pair for localhost in a new folder that only its owner may read."""
    now = datetime.datetime.now(datetime.UTC)
    authority = make_authority(now, life)
    leaf = issue_leaf(authority, _NAMES, now, life)
    folder = Path(tempfile.mkdtemp(prefix="mlgate-dev-"))
    files = DevFiles(folder / "tls.crt", folder / "tls.key", folder / "ca.crt")
    for file, text in zip(files, (*leaf, authority.certificate), strict=True):
        file.write_text(text)
    return files


def registration_steps(port: int, authority: bytes) -> str:
    """The shell commands that register this server with a cluster whose API server runs on this
    machine, for namespaces with a label of its own."""
    configurations = [
        _configuration("Validating", "validate", port, authority),
        _configuration("Mutating", "mutate", port, authority),
    ]
    manifests = yaml.safe_dump_all(configurations, sort_keys=False)
    return (
        f"# Try it in a namespace of its own; the API server must reach https://{_HOST}:{port}.\n"
        f"kubectl create namespace {_NAME}\n"
        f"kubectl label namespace {_NAME} {_LABEL}=true\n"
        f"kubectl apply -f - <<'END'\n{manifests}END\n"
        f"# and when done:\n"
        f"# kubectl delete validatingwebhookconfiguration,mutatingwebhookconfiguration {_NAME}\n"
        f"# kubectl delete namespace {_NAME}\n"
    )


def _configuration(prefix: str, endpoint: str, port: int, authority: bytes) -> dict[str, Any]:
    groups = sorted({kind.group for kind in BUILT_IN} - {""})
    operations = ["CREATE", "UPDATE"] if endpoint == "validate" else ["CREATE"]
    webhook = {
        "name": f"{endpoint}.{_NAME}.mlgate.dev",
        "clientConfig": {
            "url": f"https://{_HOST}:{port}/{endpoint}",
            "caBundle": base64.b64encode(authority).decode(),
        },
        "namespaceSelector": {"matchLabels": {_LABEL: "true"}},
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
        "metadata": {"name": _NAME},
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
