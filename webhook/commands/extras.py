"""The extras that the webhook's commands need, and what to say where one is not installed."""

_PACKAGES = {
    "webhook": frozenset(
        "cryptography fastapi httptools kubernetes orjson prometheus_client uvicorn uvloop".split()
    ),
    "tracing": frozenset({"opentelemetry"}),
}
"""Of each extra, as they are imported."""


def name_extra(error: ModuleNotFoundError, command: str) -> str:
    """What to install. Raises the error where the module is in no extra: a fault of mlgate's own
    keeps its traceback."""
    package = (error.name or "").partition(".")[0]
    extra = next((name for name, packages in _PACKAGES.items() if package in packages), None)
    if extra is None:
        raise error
    missing = f"the package {error.name} is missing: install mlgate's extra `{extra}`"
    return f"mlgate {command}: {missing}"
