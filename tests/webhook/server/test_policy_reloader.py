"""The policy of a mounted file is taken up as soon as it, and what it extends, can be read."""

from pathlib import Path

from rules.model import Action
from webhook.server.policy_reloader import PolicyReloader

HEAD = "apiVersion: mlgate.dev/v1\nkind: Policy\n"


def test_a_base_that_comes_later_than_the_policy_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(HEAD)
    reloader = PolicyReloader(path)
    path.write_text(f"{HEAD}extends: [base.yaml]\n")
    assert reloader.refresh() is False
    assert reloader.error is not None
    assert reloader.error.endswith(":3:11: extends[0]: base.yaml: No such file or directory")
    assert reloader.refresh() is None
    (tmp_path / "base.yaml").write_text(f"{HEAD}rules: {{TRN001: warn}}\n")
    assert reloader.refresh() is True
    assert reloader.error is None
    assert reloader.active.policy.rules["TRN001"] is Action.WARN


def test_a_base_that_goes_and_comes_back_is_told(tmp_path: Path) -> None:
    path, base = tmp_path / "policy.yaml", tmp_path / "base.yaml"
    path.write_text(f"{HEAD}extends: [base.yaml]\n")
    base.write_text(f"{HEAD}rules: {{TRN001: warn}}\n")
    reloader = PolicyReloader(path)
    base.unlink()
    assert [reloader.refresh(), reloader.refresh()] == [False, None]
    assert reloader.active.policy.rules["TRN001"] is Action.WARN
    base.write_text(f"{HEAD}rules: {{TRN001: off}}\n")
    assert reloader.refresh() is True
    assert str(reloader.active.policy.rules["TRN001"]) == "off"
