"""The manual tells of every option, and ``man`` can read it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from linter.commands.manual import EXIT_CODES, draw_man_page, draw_page, list_sections
from linter.subcommands import SUBCOMMANDS, make_parser

ROOT = Path(__file__).parents[3]


def test_every_option_of_every_command_is_told() -> None:
    page, manual = draw_page(), draw_man_page()
    for name in SUBCOMMANDS:
        assert f"\n## mlgate {name}\n" in page
        for flag in make_parser(name)._option_string_actions:
            if flag not in ("-h", "--help"):
                assert f"{flag}" in page, (name, flag)
                assert flag.replace("-", "\\-") in manual, (name, flag)


def test_commands_of_a_command_have_their_own_part() -> None:
    titles = [one.title for one in list_sections()]
    assert titles.index("mlgate policy init") > titles.index("mlgate policy")
    (diff,) = [one for one in list_sections() if one.title == "mlgate policy show"]
    assert "--diff OTHER" in {one.usage for one in diff.entries}


def test_defaults_and_groups_are_those_of_the_help() -> None:
    (lint,) = (one for one in list_sections() if one.title == "mlgate lint")
    told = {one.usage: one for one in lint.entries}
    assert told["--fail-on {deny,warn,audit,never}"].group == "reports"
    assert told["PATH"].group == ""
    assert "%(" not in draw_page()
    assert "examples:" in lint.examples


def test_exit_codes_are_those_of_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "2 for wrong usage, a bad policy" in " ".join(readme.split())
    assert [code for code, _ in EXIT_CODES] == list("012345")


def test_man_reads_it(tmp_path: Path) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("no groff here")
    (tmp_path / "mlgate.1").write_text(draw_man_page())
    done = subprocess.run(
        [groff, "-man", "-Tascii", "-ww", "-P-c", tmp_path / "mlgate.1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "use this profile, whatever the policy says" in done.stdout
