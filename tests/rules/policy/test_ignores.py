"""The annotation that ignores a rule, on an object or a pod template."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.kinds.pods import Container, ContainerUse, Pod
from rules.model import Rule
from rules.paths import Path
from rules.policy.ignores import (
    Ignore,
    annotation_path,
    known_codes,
    parse_annotation,
    read_annotations,
)

OBJECT: tuple[Path, ...] = ((),)
KNOWN = ("AAA001", "AAA001/soft", "BBB002")


def annotated(text: Any) -> dict[str, Any]:
    return {"metadata": {"annotations": {"mlgate.dev/ignore": text}}}


def pod(path: Path, *containers: str) -> Pod:
    made = (
        Container(name, (*path, "containers", index), {}, ContainerUse.MAIN)
        for index, name in enumerate(containers)
    )
    return Pod(path, path, {}, containers=tuple(made))


def read(body: dict[str, Any], *templates: Path) -> list[Ignore]:
    return [ignore for _, ignore in read_annotations(body, map(pod, templates), KNOWN)]


def test_known_codes_are_rules_and_forms(rules: tuple[Rule, ...]) -> None:
    assert known_codes(rules) == (
        "AAA001", "AAA001/hard", "AAA001/soft", "AAA001/quiet", "AAA001/plain",
        "BBB002", "BBB002/only",
    )  # fmt: skip


def test_each_entry_has_its_codes_and_reason() -> None:
    text = "AAA001=restarts are watched by oncall; BBB002, AAA001/soft = set by = hand;"

    assert read(annotated(text)) == [
        Ignore(("AAA001",), "restarts are watched by oncall", OBJECT),
        Ignore(("BBB002", "AAA001/soft"), "set by = hand", OBJECT),
    ]


def test_a_template_has_ignores_of_its_own() -> None:
    body = annotated("AAA001=object") | {"spec": {"template": annotated("BBB002=template")}}
    template = ("spec", "template")

    found = read_annotations(body, map(pod, [template, template, ("spec", "other")]), KNOWN)
    assert list(found) == [
        ((), Ignore(("AAA001",), "object", OBJECT)),
        (template, Ignore(("BBB002",), "template", (template,))),
    ]
    assert annotation_path(template) == (
        "spec", "template", "metadata", "annotations", "mlgate.dev/ignore",
    )  # fmt: skip


def test_a_bare_pods_annotation_is_read_once() -> None:
    assert len(read(annotated("AAA001=pod"), ())) == 1


@pytest.mark.parametrize("text", ["AAA001", "AAA001=", "AAA001= "])
def test_a_reason_may_be_missing(text: str) -> None:
    assert read(annotated(text)) == [Ignore(("AAA001",), "", OBJECT)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("*=all of it", "*"),
        ("aaa001=case", "aaa001"),
        ("AAA001 because", "AAA001 because"),
        ("AAA*=r", "AAA*"),
        ("=r", ""),
        ("ZZZ999=r", "ZZZ999"),
        ("AAA001/hart=r", "AAA001/hart"),
        ("AAA001,ZZZ999=r", "ZZZ999"),
    ],
)
def test_a_malformed_entry_says_so_and_ignores_nothing(text: str, name: str) -> None:
    (ignore,) = read(annotated(text))

    assert ignore.problem == (
        f"mlgate.dev/ignore: there is no rule '{name}'; expected CODE=reason; CODE=reason"
    )


@pytest.mark.parametrize(
    ("value", "error"),
    [("", "is empty"), (" ; ", "is empty"), (True, "is no text"), (["AAA001"], "is no text")],
)
def test_an_annotation_that_says_nothing_is_malformed(value: Any, error: str) -> None:
    (ignore,) = read(annotated(value))

    assert ignore.problem == f"mlgate.dev/ignore {error}; expected CODE=reason"


def test_an_annotation_of_very_many_entries_is_not_read_to_its_end() -> None:
    first, *rest = read(annotated("AAA001=a;" * 99 + "; BBB002=b; AAA001/soft=c"))

    assert first.problem == "mlgate.dev/ignore has 101 entries, of which 100 are read"
    assert [ignore.codes for ignore in rest] == [*[("AAA001",)] * 99, ("BBB002",)]


def test_an_ignore_may_speak_of_one_container() -> None:
    pods = [pod(("a",), "trainer", "exporter"), pod(("b",), "trainer")]
    body = annotated("AAA001@trainer, BBB002 = known; AAA001/soft@trainr=x")

    trainer, whole, misspelt = (one for _, one in read_annotations(body, pods, KNOWN))
    assert trainer.codes == ("AAA001",)
    assert trainer.scope == (("a", "containers", 0), ("b", "containers", 0))
    assert (whole.codes, whole.scope) == (("BBB002",), ((),))
    assert misspelt.problem == (
        "mlgate.dev/ignore: no container is called 'trainr'; did you mean 'trainer'?"
    )


@pytest.mark.parametrize(
    "body", [{}, {"metadata": None}, {"metadata": {"annotations": []}}, annotated(None)]
)
def test_no_annotation_is_no_ignore(body: dict[str, Any]) -> None:
    assert read(body, ("spec",)) == []


@given(st.text())
def test_any_text_gives_at_least_one_entry(text: str) -> None:
    ignores = list(parse_annotation(text, KNOWN))

    assert ignores
    assert all(ignore.problem or set(ignore.codes) <= set(KNOWN) for ignore in ignores)
