"""The policy file is found upwards, and read with errors at line and column."""

from pathlib import Path
from textwrap import dedent

import pytest

from linter.errors import UserError
from linter.judging.settings import find_policy, load_policy

HEAD = "apiVersion: mlgate.dev/v1\nkind: Policy\n"


def test_the_nearest_policy_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    assert find_policy(str(inner)) is None

    (tmp_path / "mlgate.yaml").write_text(HEAD)
    assert find_policy(str(inner)) == str(tmp_path / "mlgate.yaml")

    (tmp_path / "a" / "mlgate.yaml").write_text(HEAD)
    assert find_policy(str(inner)) == str(tmp_path / "a" / "mlgate.yaml")


def test_the_search_stops_at_the_repositorys_root(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "a").mkdir(parents=True)
    (repository / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "mlgate.yaml").write_text(HEAD)

    assert find_policy(str(repository / "a")) is None


def test_a_found_policy_is_named_as_one_would_reach_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "mlgate.yaml").write_text(HEAD)

    monkeypatch.chdir(tmp_path)
    assert find_policy(".") == "mlgate.yaml"
    monkeypatch.chdir(tmp_path / "a")
    assert find_policy(".") == "../mlgate.yaml"


@pytest.mark.parametrize("name", ["mlgate.yml", ".mlgate.yaml", ".mlgate.yml"])
def test_a_policy_has_the_names_that_people_give_it(tmp_path: Path, name: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / name).write_text(HEAD)
    assert find_policy(str(tmp_path)) == str(tmp_path / name)


def test_of_two_policies_in_a_folder_none_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "mlgate.yaml").write_text(HEAD)
    (tmp_path / ".mlgate.yml").write_text(HEAD)
    monkeypatch.chdir(tmp_path / "a")
    with pytest.raises(UserError) as raised:
        find_policy(".")
    assert str(raised.value) == (
        "more than one policy: ../mlgate.yaml and ../.mlgate.yml; keep one, or give --policy"
    )


def test_a_folder_of_that_name_is_no_policy(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "mlgate.yaml").mkdir()

    assert find_policy(str(tmp_path)) is None


def test_a_good_policy_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(HEAD + "profile: strict\nrules: {TRN003: off}\n")

    assert load_policy(str(file)).profile == "strict"


def test_problems_stand_at_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(
        dedent("""\
        apiVersion: mlgate.dev/v1
        kind: Policy
        profiel: strict
        rules:
          TRN003: denny
          TRN002: {max: many}
        exceptions:
          - rules: [TRN003]
            match: {kind: Job}
            reason: bounded elsewhere
        """)
    )

    with pytest.raises(UserError) as caught:
        load_policy(str(file))

    assert str(caught.value).splitlines() == [
        f"{file}:3:1: there is no key 'profiel'; did you mean 'profile'?",
        (
            f"{file}:5:11: rules.TRN003: expected one of off, audit, warn, deny; found 'denny'; "
            "did you mean 'deny'?"
        ),
        f"{file}:6:17: rules.TRN002.max: expected a whole number from 0 up, found 'many'",
        f"{file}:8:5: exceptions[0]: 'owner' is missing: who answers for it",
    ]


def test_a_repeated_key_stands_at_its_second_place(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(HEAD + "rules:\n  TRN003: deny\n  TRN003: off\n")

    with pytest.raises(UserError, match=r"p\.yaml:5:3: rules: 'TRN003' stands here twice"):
        load_policy(str(file))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "p.yaml:1:1: the file is empty; expected one policy"),
        (HEAD + "---\n" + HEAD, "p.yaml:3:1: a second document; expected one policy"),
        (HEAD + "rules: [\n", "p.yaml:3:8: the [ opened here is never closed"),
        (HEAD + "rules: {a: b\nprofile: strict\n", "p.yaml:"),
    ],
)
def test_a_file_that_is_no_single_document_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(text)

    with pytest.raises(UserError) as caught:
        load_policy(str(file))

    assert message in str(caught.value)


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file or directory"):
        load_policy(str(tmp_path / "none.yaml"))
    with pytest.raises(UserError, match="Is a directory"):
        load_policy(str(tmp_path))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_bytes(b"kind: Policy\nx: \xff\n")

    with pytest.raises(UserError, match=r"p\.yaml:2:4: not UTF-8"):
        load_policy(str(file))
