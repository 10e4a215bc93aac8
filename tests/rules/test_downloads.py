"""Commands that fetch a model, or have a server load one."""

import pytest

from rules.commands import CommandLine
from rules.downloads import find_download
from rules.kinds.podspec import make_container


def find(*words: str) -> str | None:
    return find_download(CommandLine(make_container({"command": list(words)}, ())))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (
            ("sh", "-c", "until ollama ls; do sleep 1; done; /usr/bin/ollama pull llama3"),
            "ollama pull",
        ),
        (("hf", "download", "org/model"), "hf download"),
        (("aws", "s3", "cp", "s3://models/x", "/models"), "aws s3 cp"),
        (("wget", "-q", "https://models.example.com/x"), "wget"),
        (("curl", "-o", "/models/x", "https://models.example.com/x"), "curl"),
        (("curl", "-XPOST", "localhost:8081/models?url=x.mar"), "curl"),
        (("python", "-c", "snapshot_download('org/model')"), "snapshot_download"),
        (("curl", "-sf", "localhost:8000/health"), None),
        (("curl", "-d", "x=1", "http://metrics.example.com/started"), None),
        (("curl", "localhost:8081/models"), None),
        (("echo", "ollama", "pulled"), None),
        ((), None),
    ],
)
def test_what_fetches_a_model(words: tuple[str, ...], found: str | None) -> None:
    assert find(*words) == found
