"""The token by which the API server is known: the last segment of the path that it calls.

mlgate registers the path itself, so that no API server has to be configured for it. It is derived
from a key that the replicas share, and so needs neither a place of its own nor a rotation.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable

_PURPOSE = b"mlgate: the path that the API server calls"
_LENGTH = 32
_REMEMBERED = 8


def derive_token(key: bytes) -> str:
    """The token of a key: 128 bits in hexadecimal, as a path may have them (apiserver
    ``validateWebhookService`` takes DNS labels alone)."""
    return hmac.new(key, _PURPOSE, hashlib.sha256).hexdigest()[:_LENGTH]


class ClientTokens:
    """The tokens of the keys that the replicas share. ``keys``: those in use by now, first the one
    whose token is registered.

    Tokens of earlier keys are still known: an API server hears of a new one seconds later.
    """

    def __init__(self, keys: Callable[[], Iterable[bytes]]) -> None:
        self._keys = keys
        self._known: dict[bytes, str] = {}

    @property
    def current(self) -> str:
        """The token to be registered."""
        return self._token(next(iter(self._keys())))

    def knows(self, token: str) -> bool:
        """Whether ``token`` is one that clients were given."""
        for key in self._keys():
            self._token(key)
        shown = token.encode()
        return any(hmac.compare_digest(shown, one.encode()) for one in [*self._known.values()])

    def _token(self, key: bytes) -> str:
        found = self._known.get(key)
        if found is None:
            found = derive_token(key)
            # Replaced as a whole, since two threads ask.
            kept = list(self._known.items())[-_REMEMBERED + 1 :]
            self._known = dict([*kept, (key, found)])
        return found
