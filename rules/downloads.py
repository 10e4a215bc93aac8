"""Commands that fetch a model, or have a server load one."""

from rules.commands import CommandLine
from rules.uploads import split_simple

_FETCHES = tuple(
    tuple(row.split())
    for row in """
    ollama pull; ollama run; hf download; huggingface-cli download; modelscope download; oras pull;
    aws s3 cp; aws s3 sync; gsutil cp; gsutil rsync; gcloud storage cp; gcloud storage rsync;
    azcopy copy; azcopy cp; azcopy sync; rclone copy; rclone sync; mc cp; mc mirror; s5cmd cp;
    s5cmd sync; git clone; git lfs; dvc pull; wget; aria2c
    """.split(";")
)
_LOADS = (
    "/api/pull",
    "/api/generate",
    "/v1/load_lora_adapter",
    "/v2/repository/models/",
    "/models",
)
"""Parts of the addresses at which a server is told to fetch or to load: Ollama, vLLM, Triton,
TorchServe's management API."""
_IN_PYTHON = ("snapshot_download", "hf_hub_download")
_ASKS = frozenset({"curl", "http"})
_POSTS = frozenset({"-d", "--data", "--data-raw", "POST", "-XPOST", "-o", "-O", "--output"})


def find_download(command: CommandLine) -> str | None:
    """The command by which a container fetches or loads a model; None where it does not."""
    for name in _IN_PYTHON:
        if name in command.script:
            return name
    simple = split_simple(word for word, _ in command.words)
    return next(filter(None, map(_read_fetch, simple)), None)


def _read_fetch(words: list[str]) -> str | None:
    plain = [word.rpartition("/")[2] for word in words if not word.startswith("-")]
    for row in _FETCHES:
        for at in range(len(plain)):
            if tuple(plain[at : at + len(row)]) == row:
                return " ".join(row)
    if _ASKS.isdisjoint(plain) or _POSTS.isdisjoint(words):
        return None
    saves = any(word in _POSTS and word.lower().startswith(("-o", "--output")) for word in words)
    asked = saves or any(part in word for word in words for part in _LOADS)
    return "curl" if asked else None
