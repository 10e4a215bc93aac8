"""What scalars mean; the right-hand sides are what sigs.k8s.io/yaml 1.6 answered."""

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules import scalars
from rules.scalars import PLAIN, ScalarError, as_json, key_text, literal, tagged

VALUES: list[tuple[str, Any]] = [
    ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nUll", "nUll"),
    ("y", True), ("Y", True), ("yes", True), ("Yes", True), ("YES", True), ("yEs", "yEs"),
    ("on", True), ("On", True), ("ON", True), ("oN", "oN"), ("true", True), ("TRUE", True),
    ("n", False), ("N", False), ("no", False), ("No", False), ("NO", False), ("nO", "nO"),
    ("off", False), ("Off", False), ("OFF", False), ("False", False), ("fAlse", "fAlse"),
    ("0", 0), ("-0", 0), ("+5", 5), ("-12", -12), ("00", 0), ("0777", 511), ("-0777", -511),
    ("0o17", 15), ("0O17", 15), ("-0o17", -15), ("0o8", "0o8"), ("08", 8), ("0189", 189),
    ("0x1F", 31), ("0X1f", 31), ("+0x1f", 31), ("0xg", "0xg"), ("0x", "0x"), ("0b101", 5),
    ("-0B11", -3), ("0b2", "0b2"), ("0b+1", 1), ("0b-1", -1), ("-0b-1", "-0b-1"), ("0b", "0b"),
    ("1_000", 1000), ("1__0", 10), ("1_", 1), ("_1", "_1"), ("-_1", -1), ("0x_F", 15),
    ("0_7", 7), ("0_o7", 7), ("+_", "+_"), ("_", "_"), ("+", "+"), ("--1", "--1"), ("+-1", "+-1"),
    ("1.5", 1.5), ("1.0", 1), ("1.", 1), (".5", 0.5), ("-.5", -0.5), ("+.5e3", 500), ("-0.0", 0),
    ("1e3", 1000), ("1E+3", 1000), ("1e-3", 0.001), ("1e", "1e"), (".e3", ".e3"), ("0e0", 0),
    ("5.e3", 5000), ("1_000.5", 1000.5), ("1e1_0", 10**10), (".1_0", 0.1), ("._5", "._5"),
    (".1__0", ".1__0"), (".5_", ".5_"), ("1e-400", 0), ("1e400", "1e400"), ("-1e400", "-1e400"),
    ("0x1p-2", "0x1p-2"), (".", "."), ("..", ".."), ("1.0.0", "1.0.0"), ("12e03", 12000),
    ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63)),
    ("18446744073709551615", 2**64 - 1), ("0xffffffffffffffff", 2**64 - 1),
    ("18446744073709551616", 2.0**64), ("-9223372036854775809", -(2.0**63)),
    ("+9223372036854775808", 2.0**63), ("0x10000000000000000", "0x10000000000000000"),
    ("1234567890123456789.0", 1234567890123456800), ("2.5e18", 25 * 10**17), ("1e20", 1e20),
    ("1e21", 1e21), ("9007199254740993.0", 9007199254740992),
    ("22:22", "22:22"), ("1:30:00", "1:30:00"), ("2024-01-01", "2024-01-01"),
    ("2001-12-14T21:59:43Z", "2001-12-14T21:59:43Z"), ("=", "="), ("<<", "<<"),
    ("inf", "inf"), ("nan", "nan"), ("Infinity", "Infinity"), ("+.nan", "+.nan"),
    ("100m", "100m"), ("16Gi", "16Gi"), ("1e3m", "1e3m"), ("10.0.0.0/8", "10.0.0.0/8"),
    ("none", "none"), ("nvidia.com/gpu", "nvidia.com/gpu"), ("1,000", "1,000"),
    ("1\u0661", "1\u0661"),
]  # fmt: skip

KEYS = [
    ("yes", "true"), ("n", "false"), ("007", "7"), ("-0o17", "-15"), ("1_000", "1000"),
    ("9223372036854775807", "9223372036854775807"), ("-0", "0"), ("-0.0", "-0"), ("1.0", "1"),
    ("0.10", "0.1"), ("1e5", "100000"), ("1e6", "1e+06"), ("999999.0", "999999"),
    ("1234567.0", "1.234567e+06"), ("123456.7", "123456.7"), ("0.0001", "0.0001"),
    ("0.00001", "1e-05"), ("16777217.0", "1.6777216e+07"), ("1e-45", "1e-45"), ("1e-50", "0"),
    ("3.4028236e38", ".inf"), ("-1e300", "-.inf"), (".inf", ".inf"), ("-.INF", "-.inf"),
    (".nan", ".nan"), ("123456789012345678901234567890", "1.2345679e+29"), ("1e400", "1e400"),
    ("2024-01-01", "2024-01-01"), ("name", "name"),
]  # fmt: skip

TAGGED: list[tuple[str, str, Any]] = [
    ("str", "1", "1"), ("str", "", ""), ("int", "1", 1), ("int", "0x1F", 31), ("float", "1", 1),
    ("float", ".5", 0.5), ("bool", "yes", True), ("null", "", None), ("null", "~", None),
    ("timestamp", "2001-01-01", "2001-01-01"), ("binary", "aGVsbG8=", "hello"),
    ("binary", "aGVs\nbG8=\n", "hello"), ("binary", "/w==", "\ufffd"),
    ("merge", "x", "x"), ("python/object:os.system", "x", "x"),
]  # fmt: skip

REFUSED = [
    ("int", "x"), ("int", "1.5"), ("int", ""), ("int", "2001-01-01"), ("bool", "1"),
    ("float", "1e400"), ("float", "true"), ("null", "x"), ("timestamp", "x"), ("binary", "@@"),
    ("binary", "aGVs bG8="),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_plain_scalar(text: str, value: Any) -> None:
    found = PLAIN[text]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".inf", ".Inf", "+.INF", "-.inf", ".nan", ".NaN"])
def test_not_finite(text: str) -> None:
    assert not math.isfinite(PLAIN[text])


@pytest.mark.parametrize(("text", "key"), KEYS)
def test_key(text: str, key: str) -> None:
    assert key_text(literal(text)) == key


@pytest.mark.parametrize("text", ["", "~", "null", "9223372036854775808", "0xffffffffffffffff"])
def test_no_key(text: str) -> None:
    with pytest.raises(ScalarError, match="a mapping key cannot be"):
        key_text(literal(text))


@pytest.mark.parametrize(("tag", "text", "value"), TAGGED)
def test_tagged(tag: str, text: str, value: Any) -> None:
    found = as_json(tagged(f"tag:yaml.org,2002:{tag}", text))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("tag", "text"), REFUSED)
def test_tag_that_does_not_fit(tag: str, text: str) -> None:
    with pytest.raises(ScalarError):
        tagged(f"tag:yaml.org,2002:{tag}", text)


def test_foreign_tag_is_ignored() -> None:
    assert tagged("!int", "1") == "1"
    assert tagged("int", "1") == "1"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1" * 50_000, str),
        ("0" * 50_000 + "7", int),
        ("0x" + "f" * 50_000, str),
        ("0." + "1" * 50_000, float),
        ("." + "1_" * 50_000, str),
        ("1" + "_" * 50_000, int),
        ("n" * 50_000, str),
    ],
)
def test_giant_scalars(text: str, kind: type) -> None:
    assert type(PLAIN[text]) is kind
    assert text not in PLAIN


def test_message_is_short() -> None:
    with pytest.raises(ScalarError) as caught:
        tagged("tag:yaml.org,2002:int", "x" * 10_000)
    assert len(str(caught.value)) < 80


@given(st.integers(-(2**63), 2**64 - 1))
def test_integers_of_64_bits_are_exact(value: int) -> None:
    assert PLAIN[str(value)] == value
    assert type(PLAIN[str(value)]) is int


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(5e-324)
@example(2.0**53)
@example(-(2.0**63))
def test_floats_keep_their_value(value: float) -> None:
    found = as_json(value)
    assert isinstance(found, int | float)
    assert float(found) == value


@given(st.text(max_size=12))
@example("0b+")
@example("-0x")
@example("1e_5")
@example(".5e1_0")
def test_any_text_has_a_value(text: str) -> None:
    assert PLAIN[text] is None or type(PLAIN[text]) in {str, int, float, bool}


@pytest.mark.parametrize("text", ["--output-dir", "-x", "8Gi", "500m", "3", "nvidia.com/gpu"])
def test_common_words_need_no_regular_expression(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_INTEGER", "_SIGN_AFTER_PREFIX", "_FLOAT", "_FRACTION"):
        monkeypatch.setattr(scalars, name, None)
    assert str(literal(text)) == text
