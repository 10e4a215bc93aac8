"""Who may ask: whoever shows the token, or whom a trusted proxy names; on localhost, everybody who
asks for localhost by its name."""

import binascii
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, TypeAlias

from linter.errors import UserError
from rules.record import NamedTuple

Network: TypeAlias = IPv4Network | IPv6Network

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SHORTEST = 16
_LONGEST = 4096


class RequestRefusal(NamedTuple):
    """Why a request is not answered; ``ask``: a browser shall ask for the token."""

    status: int
    reason: str
    ask: bool = False


class TokenOnDisk:
    """A token in a file, which may be written anew while it is in use."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read(self) -> bytes:
        """The token. Raises UserError where there is none that can be used."""
        try:
            with open(self._path, "rb") as file:
                token = file.read(_LONGEST + 1).strip()
        except OSError as error:
            raise UserError(f"the token's file {self._path}: {error.strerror}") from None
        if not _SHORTEST <= len(token) <= _LONGEST:
            raise UserError(
                f"the token in {self._path} has {len(token)} characters; expected {_SHORTEST} to "
                f"{_LONGEST}"
            )
        return token

    def matches(self, shown: bytes) -> bool:
        """Whether it is the token, in a time that tells nothing of it; false where none can be
        read."""
        try:
            token = self.read()
        except UserError:
            return False
        return hmac.compare_digest(_digest(shown), _digest(token))


class ProxyTrust(NamedTuple):
    """A header that names the user, believed from these addresses alone."""

    header: str
    networks: tuple[Network, ...]

    def names(self, peer: str, headers: Mapping[str, str]) -> bool:
        """Whether a trusted proxy has named a user."""
        return bool(headers.get(self.header, "").strip()) and self._trusts(peer)

    def _trusts(self, peer: str) -> bool:
        try:
            address: Any = ip_address(peer)
        except ValueError:
            return False
        # What listens on :: sees IPv4 clients so.
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.networks)


class Gate:
    """``hosts``: the names that a request may ask for, None for any."""

    def __init__(
        self,
        token: TokenOnDisk | None = None,
        proxy: ProxyTrust | None = None,
        hosts: Iterable[str] | None = LOCAL_NAMES,
    ) -> None:
        self._token = token
        self._proxy = proxy
        self._hosts = None if hosts is None else frozenset(one.lower() for one in hosts)

    def check(self, peer: str, headers: Mapping[str, str]) -> RequestRefusal | None:
        """Why a request from ``peer`` is refused; None where it is not. ``headers`` have names in
        small letters."""
        # A page of any other site may have its own name lead here (DNS rebinding), and a browser
        # would let it read what it is answered.
        if self._hosts is not None and _strip_port(headers.get("host", "")) not in self._hosts:
            return RequestRefusal(421, "not a name of this dashboard: see --host-name")
        if self._token is None and self._proxy is None:
            return None
        if self._proxy is not None and self._proxy.names(peer, headers):
            return None
        if self._token is None:
            return RequestRefusal(403, "ask through the proxy, which says who asks")
        if self._token.matches(_read_credential(headers.get("authorization", ""))):
            return None
        return RequestRefusal(401, "the token is wanted", ask=True)


def _strip_port(host: str) -> str:
    """``[::1]:8090`` -> ``[::1]``."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[: host.find("]") + 1]
    return host.partition(":")[0]


def _read_credential(header: str) -> bytes:
    """The token in ``Bearer TOKEN``, or as the password of ``Basic``, which browsers ask for."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode("latin-1", "replace")
    if scheme.lower() != "basic":
        return b""
    try:
        _, _, password = b64decode(rest.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b""
    return password


def _digest(token: bytes) -> bytes:
    """Of one length for all, which a comparison would give away."""
    return hashlib.sha256(token).digest()
