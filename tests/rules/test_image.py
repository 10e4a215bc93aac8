"""Image references, as github.com/distribution/reference takes them apart."""

import pytest

from rules.image import parse_image

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("", ("", "", "", "", "")),
        ("nginx", ("", "nginx", "nginx", "", "")),
        ("vllm/vllm-openai:v0.9", ("", "vllm/vllm-openai", "vllm-openai", "v0.9", "")),
        ("nvcr.io/nim/meta/llama:1", ("nvcr.io", "nim/meta/llama", "llama", "1", "")),
        ("localhost/a", ("localhost", "a", "a", "", "")),
        ("localhost:5000/a:1", ("localhost:5000", "a", "a", "1", "")),
        ("team/a:1/b", ("", "team/a:1/b", "b", "", "")),
        (f"ghcr.io/a/b:1@{DIGEST}", ("ghcr.io", "a/b", "b", "1", DIGEST)),
        (f"a@{DIGEST}", ("", "a", "a", "", DIGEST)),
        ("${REGISTRY}/a:$TAG", ("", "*/a", "a", "*", "")),
        ("{{ .Values.image }}", ("", "*", "*", "", "")),
        ("a/b:", ("", "a/b", "b", "", "")),
    ],
)
def test_parts(reference: str, parts: tuple[str, ...]) -> None:
    image = parse_image(reference)

    found = (image.registry, image.repository, image.name, image.tag, image.digest)
    assert found == parts


def test_words_of_the_name_stand_alone_and_in_pairs() -> None:
    image = parse_image("Registry.example.com:80/Team/Text-Generation_inference${X}:tag")

    assert {"text", "generation", "inference", "textgeneration"} <= image.words
    assert image.path_words >= {"registry", "example", "com", "80", "team", "text"}
    assert not {"tag", "x"} & (image.words | image.path_words)


def test_a_long_reference_is_cut() -> None:
    assert len(parse_image("a" * 1_000_000).name) == 512
