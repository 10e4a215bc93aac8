"""What cert-manager does, for a cluster without it: its kinds, as far as mlgate's objects fill them
in, the Secret that its controller writes, and the ``caBundle`` that its cainjector does."""

import base64
import datetime
from typing import Any

from tests.e2e.cluster import Cluster
from tests.e2e.installation import CONFIGURATIONS
from webhook.identity.authority import KeyPair, issue_leaf, make_authority

GROUP = "cert-manager.io"
INJECTION = f"{GROUP}/inject-ca-from"
_DAY = datetime.timedelta(days=1)
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_ISSUER_REFERENCE = {"name": _TEXT, "kind": _TEXT, "group": _TEXT}

Body = dict[str, Any]


def _structure(required: list[str], **properties: Body) -> Body:
    return {"type": "object", "required": required, "properties": properties}


_SPECS = {
    "Certificate": _structure(
        ["secretName", "issuerRef"],
        secretName=_TEXT,
        issuerRef=_structure(["name"], **_ISSUER_REFERENCE),
        dnsNames=_TEXTS,
        commonName=_TEXT,
        isCA={"type": "boolean"},
        duration=_TEXT,
        renewBefore=_TEXT,
        usages=_TEXTS,
        privateKey=_structure([], algorithm=_TEXT, size={"type": "integer"}, rotationPolicy=_TEXT),
    ),
    "Issuer": _structure(
        [], selfSigned=_structure([]), ca=_structure(["secretName"], secretName=_TEXT)
    ),
}
"""The fields that mlgate's objects have, of ``cert-manager.io/v1``: any other is refused."""


def define_kinds(cluster: Cluster) -> None:
    """Make both kinds; returns when they are served."""
    bodies = [_define(kind, spec) for kind, spec in _SPECS.items()]
    cluster.kubectl("apply", "-f", "-", stdin=bodies)
    wait_until_served(cluster, bodies)


def wait_until_served(cluster: Cluster, definitions: list[Body]) -> None:
    """Wait for CustomResourceDefinitions that have been made."""
    for body in definitions:
        name = f"customresourcedefinition/{body['metadata']['name']}"
        cluster.kubectl("wait", "--for=condition=Established", name, "--timeout=30s")


def _define(kind: str, spec: Body) -> Body:
    plural = f"{kind.lower()}s"
    version = {"name": "v1", "served": True, "storage": True}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [{**version, "schema": schema}],
        },
    }


class CertManager:
    """Its controller and its cainjector, by hand."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.authority = _make_authority()

    def issue(self, namespace: str, name: str) -> str:
        """Write the Secret that a Certificate asks for; returns the leaf."""
        spec = self._cluster.get(f"certificate.{GROUP}/{name}", "-n", namespace)["spec"]
        leaf = issue_leaf(self.authority, spec["dnsNames"], _now(), 90 * _DAY)
        data = {
            "ca.crt": self.authority.certificate,
            "tls.crt": leaf.certificate,
            "tls.key": leaf.key,
        }
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": spec["secretName"], "namespace": namespace},
            "data": {key: _encode(text) for key, text in data.items()},
        }
        self._cluster.kubectl("apply", "--server-side", "-f", "-", stdin=secret)
        return leaf.certificate

    def inject(self, certificate: str) -> None:
        """Write the authority into the configurations that ask for that of ``certificate``
        (NAMESPACE/NAME)."""
        for name in CONFIGURATIONS:
            live = self._cluster.get(name)
            assert live["metadata"]["annotations"][INJECTION] == certificate
            for hook in live["webhooks"]:
                hook["clientConfig"]["caBundle"] = _encode(self.authority.certificate)
            self._cluster.kubectl("replace", "-f", "-", stdin=live)


def _make_authority() -> KeyPair:
    return make_authority(_now(), 1825 * _DAY)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
