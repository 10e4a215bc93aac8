"""Whether a client is the API server or anybody else on the network."""

import hmac
import time
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path

TELLING_SECONDS = 60.0
"""After the first call of an API server that was told, so long until all have heard of it."""


class Trust(Enum):
    """What a client is answered: everything, ``allowed`` or not, or nothing."""

    FULL = "full"
    TERSE = "terse"
    NONE = "none"


class ClientCheck:
    """Knows clients by the token in their path or in their ``Authorization`` header.

    ``knows`` tells a token. Strangers are answered tersely, and refused where ``patience`` seconds
    have gone by since a client showed a token that is known: at once if it is 0, never if None.
    """

    def __init__(
        self,
        knows: Callable[[str], bool],
        patience: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._knows = knows
        self._patience = patience
        self._clock = clock
        self._refuses_from = 0.0 if patience == 0 else float("inf")

    def weigh(self, token: str, headers: Iterable[tuple[bytes, bytes]]) -> Trust:
        """How much a client that shows ``token`` in its path may learn."""
        now = self._clock()
        if self._knows(token or _bearer(headers)):
            if self._patience is not None:
                self._refuses_from = min(self._refuses_from, now + self._patience)
            return Trust.FULL
        return Trust.NONE if now >= self._refuses_from else Trust.TERSE


EVERYBODY = ClientCheck(lambda _: True, None)
"""Where nothing but the review itself can be told, or TLS has asked for a certificate."""


class TokenFile:
    """A token in a file, read again when it changes; the last one is known as well.

    Raises ValueError where there is none to begin with.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tokens: tuple[str, ...] = ()
        self.refresh()
        if not self._tokens:
            raise ValueError(f"{path}: it holds no token")

    def refresh(self) -> None:
        """Read the file. Raises ValueError where it cannot be read."""
        try:
            token = self._path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{self._path}: {error}") from None
        if token and token != next(iter(self._tokens), None):
            self._tokens = (token, *self._tokens[:1])

    def knows(self, token: str) -> bool:
        shown = token.encode()
        return any(hmac.compare_digest(shown, one.encode()) for one in self._tokens)


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str:
    value = next((value for name, value in headers if name == b"authorization"), b"")
    scheme, _, token = value.decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
