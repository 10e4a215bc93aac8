"""A client of the API server that sends and receives plain JSON objects.

The package ``kubernetes`` supplies configuration, TLS and credentials (in a cluster: the
ServiceAccount's token). Its typed models are left out, since they drop the fields that they do not
know. Calls block: no review ever waits for one.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
# Every watch holds one for as long as it lasts, and a policy may add kinds to the built-in ones.
_MAX_CONNECTIONS = 64
_JSON = "application/json"
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"

_CONNECTION = re.compile(
    r"HTTPS?Connection(?:Pool)?\(host='([^']*)', port=(\d+)\): "
    r"(?:Failed to establish a new connection: (?:\[Errno \d+\] )?)?"
)

JsonObject = dict[str, Any]


class ApiError(ConnectionError):
    """The API server refused, or could not be reached (``status`` 0).

    ``retry_after``: the seconds that it asks to wait.
    """

    def __init__(self, status: int, message: str, retry_after: float = 0.0) -> None:
        super().__init__(f"{status}: {message}" if status else message)
        self.status = status
        self.message = message
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        # Between processes exceptions pass by their arguments, and these are made of three.
        return type(self), (self.status, self.message, self.retry_after)


class Conflict(ApiError):
    """The object exists already, or has changed since it was read (409)."""


class Client:
    """A connection to the API server, safe for several threads."""

    def __init__(self, configuration: Any) -> None:
        # Imported here, as in the functions below: it is slow to import, and a command that
        # only prints configurations must not pay for it.
        from kubernetes.client.rest import RESTClientObject

        # urllib3's own retries would hide for how long the server was away: every caller has a
        # loop with a pause of its own.
        configuration.retries = False
        configuration.connection_pool_maxsize = _MAX_CONNECTIONS
        self._configuration = configuration
        self._pool = RESTClientObject(configuration).pool_manager

    def get(self, path: str) -> JsonObject | None:
        """The object at ``path``; None where there is none. Raises ApiError."""
        try:
            return self._send("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def create(self, path: str, body: JsonObject) -> JsonObject:
        """Add an object to the collection at ``path``. Raises Conflict where it exists."""
        return self._send("POST", path, body)

    def replace(self, path: str, body: JsonObject) -> JsonObject:
        """Write the object at ``path``. Raises Conflict where the ``metadata.resourceVersion`` of
        ``body`` is no longer the current one."""
        return self._send("PUT", path, body)

    def apply(self, path: str, body: JsonObject, field_manager: str) -> JsonObject:
        """Server-side apply: ``field_manager`` takes the fields of ``body`` by force."""
        query = urlencode({"fieldManager": field_manager, "force": "true"})
        return self._send("PATCH", f"{path}?{query}", body, _APPLY)

    def remove_field(self, path: str, field: str) -> JsonObject:
        """Remove a top-level field of the object at ``path``, whoever owns what is in it."""
        # Server-side apply removes only what its own manager had written; a merge patch with null
        # removes the field for every manager.
        return self.merge(path, {field: None})

    def merge(self, path: str, patch: JsonObject) -> JsonObject:
        """Apply a JSON merge patch (RFC 7386) to the object at ``path``, whoever owns the fields.
        Raises Conflict where the ``metadata.resourceVersion`` in it is no longer current."""
        return self._send("PATCH", path, patch, _MERGE)

    def try_merge(self, path: str, patch: JsonObject) -> list[str]:
        """The warnings that a merge patch meets, by a dry run: nothing is written. Raises
        ApiError."""
        response = self._answer("PATCH", f"{path}?dryRun=All", patch, _MERGE)
        try:
            return [_read_warning(one) for one in response.headers.getlist("Warning")]
        finally:
            response.drain_conn()
            response.release_conn()

    def delete(self, path: str) -> None:
        """Delete the object at ``path``, if there is one."""
        try:
            self._send("DELETE", path)
        except ApiError as error:
            if error.status != 404:
                raise

    def watch(self, path: str, seconds: int, query: Mapping[str, str]) -> Iterator[JsonObject]:
        """The watch events of a collection for at most ``seconds``. Raises ApiError."""
        asked = urlencode({**query, "watch": "true", "timeoutSeconds": str(seconds)})
        response = self._answer("GET", f"{path}?{asked}", timeout=seconds + READ_TIMEOUT)
        try:
            yield from _events(response)
        finally:
            response.close()

    def read(self, path: str, headers: Mapping[str, str], timeout: float) -> Any:
        """The response to GET, whatever its status: urllib3's, with the body still to be read.
        ``timeout`` is in seconds between bytes. Raises urllib3's errors."""
        return self._open("GET", path, headers, timeout)

    def close(self) -> None:
        self._pool.clear()

    def _send(
        self, verb: str, path: str, body: JsonObject | None = None, content_type: str = _JSON
    ) -> JsonObject:
        call = f"{verb} {path}"
        response = self._answer(verb, path, body, content_type)
        try:
            with _api_errors(call):
                answer: JsonObject = json.loads(response.data)
        except ValueError as error:
            raise ApiError(response.status, f"{call}: the answer is no JSON") from error
        finally:
            response.release_conn()
        return answer

    def _answer(
        self,
        verb: str,
        path: str,
        body: JsonObject | None = None,
        content_type: str = _JSON,
        timeout: float = READ_TIMEOUT,
    ) -> Any:
        """A successful response, with the body still to be read. Raises ApiError."""
        headers = {"Accept": _JSON, "Content-Type": content_type}
        call = f"{verb} {path}"
        with _api_errors(call):
            response = self._open(verb, path, headers, timeout, body)
            if response.status >= 400:
                raise _error_of(response, call)
        return response

    def _open(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str],
        timeout: float,
        body: JsonObject | None = None,
    ) -> Any:
        import urllib3

        return self._pool.request(
            verb,
            f"{self._configuration.host}{path}",
            headers={**headers, **self._credentials(), "User-Agent": "mlgate"},
            body=None if body is None else json.dumps(body),
            timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT, timeout), read=timeout),
            preload_content=False,
        )

    def _credentials(self) -> dict[str, str]:
        """The headers that authenticate."""
        # Asked anew for every call: kubelet rotates the token in the pod's file, and the
        # kubernetes package reads the file again when asked.
        known = self._configuration.auth_settings().values()
        return {one["key"]: one["value"] for one in known if one["in"] == "header"}


def connect(kubeconfig: str | None = None, context: str | None = None) -> Client:
    """A client by the pod's ServiceAccount, or by ``kubeconfig`` and one of its contexts, else the
    current one. Raises ApiError for neither."""
    from kubernetes import config
    from kubernetes.client import Configuration

    configuration = Configuration()
    try:
        if kubeconfig is None:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            _load_kubeconfig(kubeconfig, context, configuration)
    except config.ConfigException as error:
        where = kubeconfig or "a pod"
        advice = "" if kubeconfig else "; outside of one give --kubeconfig, --no-cluster or --dev"
        raise ApiError(0, f"no way to the API server from {where}: {error}{advice}") from error
    return Client(configuration)


def _load_kubeconfig(files: str, context: str | None, configuration: Any) -> None:
    """Raises ConfigException, whatever is wrong: of what is no kubeconfig the package fails as
    chance will have it."""
    import yaml
    from kubernetes import config

    # As kubectl does: of several, those that are there.
    if not any(map(os.path.exists, files.split(os.pathsep))):
        raise config.ConfigException("there is no such file")
    try:
        config.load_kube_config(files, context, configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException as error:
        if f"Expected object with name {context} " not in str(error):
            raise
        raise config.ConfigException(f"there is no context {context}") from None
    except yaml.YAMLError as error:
        raise config.ConfigException(" ".join(f"no YAML: {error}".split())) from None
    except (OSError, ValueError) as error:
        raise config.ConfigException(str(error)) from None
    except (AttributeError, KeyError, TypeError):
        raise config.ConfigException("it has not the shape of a kubeconfig") from None


@contextmanager
def _api_errors(call: str) -> Iterator[None]:
    """Raise as ApiError whatever keeps a response from coming whole: the network, or credentials
    that cannot be read at the moment."""
    from kubernetes.config import ConfigException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiError:
        raise
    except (HTTPError, OSError, ConfigException) as error:
        raise ApiError(0, f"{call}: {describe_failure(error)}") from error


def describe_failure(error: Exception) -> str:
    """What a connection failed of, without urllib3's name for it."""
    return _CONNECTION.sub(r"\1:\2: ", str(error))


def _read_warning(header: str) -> str:
    """The text of ``299 - "text"`` (apimachinery ``util/net.NewWarningHeader``)."""
    _, _, quoted = header.partition('"')
    return re.sub(r"\\(.)", r"\1", quoted.removesuffix('"'))


def _events(response: Any) -> Iterator[JsonObject]:
    rest = b""
    with _api_errors("watch"):
        for chunk in response.stream(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (json.loads(line) for line in lines if line.strip())


def _error_of(response: Any, call: str) -> ApiError:
    try:
        message = json.loads(response.data).get("message", "")
    except (ValueError, AttributeError):  # a proxy in between answers in HTML
        message = ""
    text = f"{call}: {message or response.reason}"
    return Conflict(409, text) if response.status == 409 else ApiError(response.status, text)
