"""Group I: hostile input and bad policies, one test a promise."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.inventory import Inventory
from rules.policy import Policy
from tests.manifests import TODAY
from tests.webhook.bodies import admitted, cron_job, job, pytorch_job, review
from tests.webhook.desks import POLICY, Office, settings_of
from webhook.decoding import DEEPEST, decode
from webhook.review import BadReview, Surroundings, mutate, validate
from webhook.server import look_at_policy
from webhook.settings import BUILT_IN, Settings, Unusable, count_expired

KNOWN = Surroundings(Policy(profile="strict"), Inventory(), TODAY)


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"[]" + b"}" * levels


def test_i79_depth_is_bounded() -> None:
    assert decode(nested(DEEPEST - 2))
    for levels in (DEEPEST + 1, 900, 100_000):
        with pytest.raises(BadReview) as refused:
            decode(nested(levels))
        assert refused.value.status == 400
        assert Office().post(nested(levels)).status == 400


@pytest.mark.parametrize("text", ["a" * 200_000, "-" * 200_000, "$(" * 100_000, "{{" * 100_000])
def test_i79_no_text_of_an_object_takes_long(text: str) -> None:
    body = admitted(job())
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["command"] = ["python", "train.py", text, f"--output-dir={text}"]
    container["env"] = [{"name": text, "value": text}]
    container["image"] = text
    body["metadata"]["annotations"]["mlgate.dev/ignore"] = text
    start = time.process_time()
    validate(review(body), KNOWN)
    assert time.process_time() - start < 2


def test_i79_of_a_key_that_stands_twice_the_last_counts() -> None:
    first = json.dumps(review(admitted(job())))
    twice = first.replace('"backoffLimit": 6', '"backoffLimit": 9, "backoffLimit": 2')
    assert twice != first
    assert validate(decode(twice.encode()), KNOWN._replace(policy=Policy())).allowed


_LEAF = st.none() | st.booleans() | st.integers(-1, 9) | st.text(max_size=5) | st.floats()
_TREE = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(tree, dict):
        for key, value in tree.items():
            found += places(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            found += places(value, (*path, index))
    return found


def planted(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = planted(tree[path[0]], path[1:], value)
    return copy


@given(data=st.data())
def test_i79_whatever_stands_anywhere_there_is_an_answer_or_400(data: st.DataObject) -> None:
    bodies = (admitted(job()), cron_job(), pytorch_job())
    body = data.draw(st.sampled_from(bodies))
    tree = review(body, operation=data.draw(st.sampled_from(["CREATE", "UPDATE"])), old=body)
    for _ in range(data.draw(st.integers(1, 3))):
        tree = planted(tree, data.draw(st.sampled_from(places(tree))), data.draw(_TREE))
    for judge in (validate, mutate):
        try:
            outcome = judge(tree, KNOWN)
        except BadReview:
            continue
        assert not [error for error in outcome.errors if "crashed" in error]


@given(body=st.binary(max_size=200))
def test_i79_whatever_bytes_come_they_are_no_review(body: bytes) -> None:
    with pytest.raises(BadReview):
        validate(decode(body), KNOWN)


BAD = [
    "profile: lenient\n",
    "rules: {TRN999: deny}\n",
    "rules: {TRN002: {max: many}}\n",
    "unknown: 1\n",
    "rules: [\n",
    "rules: {TRN002: deny}\nrules: {TRN002: warn}\n",
]


@pytest.mark.parametrize("text", BAD)
def test_i80_a_bad_policy_is_no_beginning(text: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"mlgate\.yaml:\d+:\d+: "):
        settings_of(tmp_path, text)


@pytest.mark.parametrize("text", BAD)
def test_i80_the_last_good_policy_stays(text: str, tmp_path: Path) -> None:
    office = Office(settings_of(tmp_path, "profile: observe\n"))
    good = office.desk.settings.active
    (tmp_path / "mlgate.yaml").write_text(POLICY + text)
    for _ in range(3):
        look_at_policy(office.desk)
    assert office.desk.settings.active is good
    assert office.send(review(admitted(job())))["allowed"] is True
    assert office.sample("mlgate_config_reload_total", ok="false") == 1
    assert [line["level"] for line in office.lines() if line["event"] == "policy"] == ["error"]


def test_i80_a_mended_policy_counts_at_once(tmp_path: Path) -> None:
    office = Office(settings_of(tmp_path, "profile: observe\n"))
    file = tmp_path / "mlgate.yaml"
    for text, ok in (("profile: [", False), ("profile: strict", True)):
        file.write_text(POLICY + text)
        look_at_policy(office.desk)
        assert (office.desk.settings.error is None) is ok
    revision = office.desk.settings.active.revision
    assert office.sample("mlgate_config_reload_total", ok="true") == 1
    assert office.sample("mlgate_config_revision", revision=revision) == 1
    assert office.send(review(admitted(job())))["allowed"] is False


def test_i80_a_file_that_was_gone_and_came_back_is_good(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "profile: observe\n")
    file = tmp_path / "mlgate.yaml"
    text = file.read_text()
    file.unlink()
    assert settings.refresh() is False
    assert settings.refresh() is None
    file.write_text(text)
    assert settings.refresh() is True
    assert settings.error is None
    assert settings.refresh() is None


def test_i80_kubelets_symlink_swap_is_followed(tmp_path: Path) -> None:
    def publish(name: str, profile: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "mlgate.yaml").write_text(f"{POLICY}profile: {profile}\n")
        (tmp_path / "next").symlink_to(name)
        (tmp_path / "next").rename(tmp_path / "..data")

    publish("..one", "observe")
    (tmp_path / "mlgate.yaml").symlink_to("..data/mlgate.yaml")
    settings = Settings(tmp_path / "mlgate.yaml")
    publish("..two", "strict")
    assert settings.refresh() is True
    assert settings.active.policy.profile == "strict"


def test_the_policys_revision_is_that_of_its_text(tmp_path: Path) -> None:
    assert Settings().active.revision == BUILT_IN
    one = settings_of(tmp_path, "profile: strict\n").active.revision
    assert one == settings_of(tmp_path, "profile: strict\n").active.revision
    assert one != settings_of(tmp_path, "profile: strict \n").active.revision


def test_expired_exceptions_are_counted(tmp_path: Path) -> None:
    entry = "{rules: [TRN002], match: {kind: Job}, reason: a, owner: b, expires: 2026-05-31}"
    policy = settings_of(tmp_path, f"exceptions: [{entry}]\n").active.policy
    assert count_expired(policy, TODAY) == 1
    assert count_expired(policy, TODAY.replace(month=5)) == 0
