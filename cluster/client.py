"""The API server, spoken to in plain JSON objects through the kubernetes client's connection.

Only threads of their own call it, never the path of a review. The package ``kubernetes`` supplies
configuration, TLS and credentials (in a cluster: the ServiceAccount's token, read again as it is
rotated); its typed models are left out, since they drop the fields that they do not know.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
_CONNECTIONS = 64
"""Each watch holds one."""
_JSON = "application/json"
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"

Tree = dict[str, Any]


class ApiError(ConnectionError):
    """The API server refused, or could not be reached (``status`` 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}" if status else message)
        self.status = status


class Conflict(ApiError):
    """Another was first: the object exists already, or has changed since it was read (409)."""


class Client:
    """A connection to the API server, safe for several threads."""

    def __init__(self, configuration: Any) -> None:
        from kubernetes.client.rest import RESTClientObject

        # A retry hides for how long the server was away: whoever calls has a loop of its own.
        configuration.retries = False
        configuration.connection_pool_maxsize = _CONNECTIONS
        self._configuration = configuration
        self._pool = RESTClientObject(configuration).pool_manager

    def get(self, path: str) -> Tree | None:
        """The object at ``path``; None where there is none."""
        try:
            return self._send("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def create(self, path: str, body: Tree) -> Tree:
        """Add an object to the collection at ``path``. Raises Conflict where it exists."""
        return self._send("POST", path, body)

    def replace(self, path: str, body: Tree) -> Tree:
        """Write the object at ``path``. Raises Conflict where it is not the
        ``metadata.resourceVersion`` of ``body`` any more."""
        return self._send("PUT", path, body)

    def apply(self, path: str, body: Tree, owner: str) -> Tree:
        """Server-side apply: ``owner`` takes the fields of ``body``, from others if need be."""
        query = urlencode({"fieldManager": owner, "force": "true"})
        return self._send("PATCH", f"{path}?{query}", body, _APPLY)

    def empty(self, path: str, field: str) -> Tree:
        """Take a field away from the object at ``path``, whoever owns what is in it."""
        return self.merge(path, {field: None})

    def merge(self, path: str, patch: Tree) -> Tree:
        """Lay a JSON merge patch (RFC 7386) over the object at ``path``, whoever owns the fields.
        Raises Conflict where it names a ``metadata.resourceVersion`` that is not there any more."""
        return self._send("PATCH", path, patch, _MERGE)

    def delete(self, path: str) -> None:
        """Delete the object at ``path``; it is fine if there is none."""
        try:
            self._send("DELETE", path)
        except ApiError as error:
            if error.status != 404:
                raise

    def watch(self, path: str, seconds: int, query: Mapping[str, str]) -> Iterator[Tree]:
        """The watch events of a collection for at most ``seconds``."""
        asked = urlencode({**query, "watch": "true", "timeoutSeconds": str(seconds)})
        what = f"{path}?{asked}"
        response = self._answer("GET", what, patience=seconds + READ_TIMEOUT)
        try:
            yield from _events(response)
        finally:
            response.close()

    def read(self, path: str, headers: Mapping[str, str], patience: float) -> Any:
        """The answer to GET, whatever its status: a urllib3 response that is not read yet.
        ``patience`` is in seconds between bytes. Raises urllib3's errors."""
        return self._open("GET", path, headers, patience)

    def close(self) -> None:
        self._pool.clear()

    def _send(self, verb: str, path: str, body: Tree | None = None, form: str = _JSON) -> Tree:
        what = f"{verb} {path}"
        response = self._answer(verb, path, body, form)
        try:
            with _reaching(what):
                answer: Tree = json.loads(response.data)
        except ValueError as error:
            raise ApiError(response.status, f"{what}: the answer is no JSON") from error
        finally:
            response.release_conn()
        return answer

    def _answer(
        self,
        verb: str,
        path: str,
        body: Tree | None = None,
        form: str = _JSON,
        patience: float = READ_TIMEOUT,
    ) -> Any:
        """A good answer, not read yet. Raises ApiError."""
        headers = {"Accept": _JSON, "Content-Type": form}
        what = f"{verb} {path}"
        with _reaching(what):
            response = self._open(verb, path, headers, patience, body)
            if response.status >= 400:
                raise _refusal(response, what)
        return response

    def _open(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str],
        patience: float,
        body: Tree | None = None,
    ) -> Any:
        import urllib3

        return self._pool.request(
            verb,
            f"{self._configuration.host}{path}",
            headers={**headers, **self._credentials(), "User-Agent": "mlgate"},
            body=None if body is None else json.dumps(body),
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=patience),
            preload_content=False,
        )

    def _credentials(self) -> dict[str, str]:
        """The header that says who we are; the client reads a rotated token again by itself."""
        known = self._configuration.auth_settings().values()
        return {one["key"]: one["value"] for one in known if one["in"] == "header"}


def connect(kubeconfig: str | None = None) -> Client:
    """A client by the pod's ServiceAccount, or by ``kubeconfig``. Raises ApiError for neither."""
    from kubernetes import config
    from kubernetes.client import Configuration

    configuration = Configuration()
    try:
        if kubeconfig is None:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            config.load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException as error:
        where = kubeconfig or "a pod"
        advice = "" if kubeconfig else "; outside of one give --kubeconfig, --no-cluster or --dev"
        raise ApiError(0, f"no way to the API server from {where}: {error}{advice}") from error
    return Client(configuration)


@contextmanager
def _reaching(what: str) -> Iterator[None]:
    """Whatever keeps an answer from coming whole, as ApiError: the network, or credentials that
    cannot be read just now."""
    from kubernetes.config import ConfigException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiError:
        raise
    except (HTTPError, OSError, ConfigException) as error:
        raise ApiError(0, f"{what}: {error}") from error


def _events(response: Any) -> Iterator[Tree]:
    rest = b""
    with _reaching("watch"):
        for chunk in response.stream(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (json.loads(line) for line in lines if line.strip())


def _refusal(response: Any, what: str) -> ApiError:
    try:
        message = json.loads(response.data).get("message", "")
    except (ValueError, AttributeError):
        message = ""
    text = f"{what}: {message or response.reason}"
    return Conflict(409, text) if response.status == 409 else ApiError(response.status, text)
