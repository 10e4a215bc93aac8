"""What the documents of a file are: each is an object, skipped, or broken; none is lost."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from linter.input.documents import EMPTY, TEMPLATE, Contents, read_contents
from linter.input.foreign import FOREIGN, is_operations
from tests.growth import measure_growth

JOB = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n"


def contents(text: str, file: str = "a.yaml") -> Contents:
    return read_contents(file, dedent(text))


def kinds(found: Contents) -> list[str]:
    return [entry.body["kind"] for entry in found.entries]


def skipped(found: Contents) -> list[tuple[int | None, str]]:
    return [(one.document, one.reason) for one in found.skipped]


def test_each_document_is_accounted_for() -> None:
    found = contents(
        """\
        # a comment
        ---
        apiVersion: v1
        kind: Pod
        ---
        image: a
        ---
        a: [
        ---
        apiVersion: batch/v1
        kind: Job
        """
    )
    assert found.documents == 5
    assert [(entry.body["kind"], entry.document.number) for entry in found.entries] == [
        ("Pod", 1),
        ("Job", 4),
    ]
    assert skipped(found) == [(0, EMPTY), (2, FOREIGN)]
    assert (found.skipped[1].line, found.skipped[1].column) == (6, 1)
    assert [(one.number, one.line) for one in found.broken] == [(3, 8)]


@pytest.mark.parametrize(
    "text", ["- a", "a", "42", "kind: Job", "apiVersion: v1", "apiVersion: 1\nkind: Job"]
)
def test_what_names_no_version_and_kind_is_foreign(text: str) -> None:
    assert skipped(contents(text)) == [(0, FOREIGN)]


def test_a_list_of_manifests_is_none() -> None:
    pod = "{apiVersion: v1, kind: Pod}"
    (one,) = contents(f"[{pod}]").skipped
    assert one.reason == "a list of one manifest, which kubectl refuses"
    assert "kind: List" in one.hint
    (two,) = contents(f"- {pod}\n- {pod}\n").skipped
    assert two.reason.startswith("a list of 2 manifests")
    assert skipped(contents(f"[{pod}, 1]")) == [(0, FOREIGN)]


def test_a_dry_run_of_helm_is_told_from_its_templates() -> None:
    (found,) = contents("NAME: a\nLAST DEPLOYED: now\nMANIFEST:\n").skipped
    assert "helm install --dry-run" in found.reason
    assert "helm template" in found.hint


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n"])
def test_nothing_is_empty_and_nobody_s_fault(text: str) -> None:
    found = contents(text)
    assert skipped(found) == [(0, EMPTY)]
    assert found.skipped[0].expected


def test_a_list_is_its_items() -> None:
    found = contents(
        """\
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Pod}
        - 42
        - apiVersion: v1
          kind: List
          items: [{apiVersion: batch/v1, kind: Job}]
        """
    )
    assert [(entry.prefix, entry.body["kind"]) for entry in found.entries] == [
        (("items", 0), "Pod"),
        (("items", 2, "items", 0), "Job"),
    ]
    assert skipped(found) == [(0, f"{FOREIGN} (item 1 of the list)")]


def test_a_typed_list_s_items_get_its_kind() -> None:
    (entry,) = contents(
        "{apiVersion: batch/v1, kind: JobList, items: [{metadata: {name: a}}]}"
    ).entries
    assert entry.body == {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}}


def test_a_list_without_items_is_empty() -> None:
    assert skipped(contents("apiVersion: v1\nkind: List\nitems: []")) == [(0, EMPTY)]


def test_a_kind_that_only_ends_like_a_list_is_an_object() -> None:
    assert kinds(contents("apiVersion: example.com/v1\nkind: AllowList\nspec: {}")) == ["AllowList"]


def test_a_kustomization_may_leave_its_kind_out() -> None:
    found = contents("resources: [a.yaml]", "base/kustomization.yaml")
    assert kinds(found) == ["Kustomization"]


@pytest.mark.parametrize(
    "line",
    [
        "  name: {{ .Release.Name }}-web",
        "{{- if .Values.on }}",
        '{{ include "a.labels" . | indent 4 }}',
        "  {{ toYaml .Values.x }}",
        "  name: {{ name }}",
        "{% if on %}",
    ],
)
def test_text_that_waits_to_be_rendered_is_a_template(line: str) -> None:
    found = contents(f"{JOB}---\napiVersion: v1\nkind: Pod\nmetadata:\n{line}\n---\n{JOB}")
    assert kinds(found) == ["Job", "Job"]
    assert skipped(found) == [(1, TEMPLATE)]
    assert "mlgate lint --helm" in found.skipped[0].hint


@pytest.mark.parametrize(
    "line",
    [
        "  value: {{inputs.parameters.x}}",
        "  value: {{ workflow.name }}",
        "  value: {{=1}}",
        "  a: b: c",
    ],
)
def test_a_broken_manifest_is_no_template(line: str) -> None:
    found = contents(f"apiVersion: v1\nkind: Pod\nmetadata:\n{line}\n")
    assert (found.skipped, len(found.broken)) == ((), 1)


def test_a_template_beside_it_excuses_no_broken_document() -> None:
    found = contents(f"a: {{{{ .Values.x }}}}\n---\nb: [\n---\n{JOB}")
    assert skipped(found) == [(0, TEMPLATE)]
    assert [one.number for one in found.broken] == [1]


def test_quoted_helm_expressions_are_told() -> None:
    found = contents(JOB + 'spec: {image: "{{ .Values.image }}"}')
    assert (kinds(found), found.templated) == (["Job"], (0,))
    assert contents(
        JOB + "spec: {image: a:{{ .Chart.AppVersion }}}".replace("{image", "\n  image")[:-1]
    ).templated == (0,)


@pytest.mark.parametrize(
    "text",
    [
        JOB + 'spec: {args: ["{{inputs.parameters.x}}", "{{ .Name }}", "{{ $labels.pod }}"]}',
        JOB + "data:\n  chart: |\n    image: {{ .Values.image }}\n    tag: a\n",
    ],
)
def test_other_braces_are_values(text: str) -> None:
    found = contents(text)
    assert (kinds(found), found.templated, found.skipped) == (["Job"], (), ())


def test_a_chart_s_templates_are_not_read(tmp_path: Path) -> None:
    templates = tmp_path / "chart" / "templates" / "tests"
    templates.mkdir(parents=True)
    (tmp_path / "chart" / "Chart.yaml").write_text("name: a\n")
    text = JOB + 'spec: {image: "{{ .Values.image }}"}'
    found = contents(text, str(templates / "a.yaml"))
    assert (kinds(found), skipped(found), found.documents) == ([], [(None, TEMPLATE)], 1)
    assert kinds(contents(JOB, str(templates / "a.yaml"))) == ["Job"]
    assert kinds(contents(text, str(tmp_path / "chart" / "crds" / "a.yaml"))) == ["Job"]


def test_broken_templates_take_time_in_proportion() -> None:
    def read_many(number: int) -> None:
        assert len(contents("a: {{ x\n---\n" * number).skipped) == number

    def read_long(number: int) -> None:
        assert len(contents('a: "' + "x {{ \n" * number).broken) == 1

    assert measure_growth(read_many, 100, 8) < 20
    assert measure_growth(read_long, 10_000, 8) < 20


@pytest.mark.parametrize(
    ("value", "operations"),
    [
        ([{"op": "add", "path": "/a"}], True),
        ([], False),
        ([{"op": "add"}], False),
        ({"op": "add", "path": "/a"}, False),
        ([{"name": "a"}], False),
    ],
)
def test_operations_are_known_by_their_keys(value: Any, operations: bool) -> None:  # noqa: FBT001
    assert is_operations(value) is operations
