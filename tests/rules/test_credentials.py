"""Credentials by their names."""

import pytest

from rules import credentials

VALUE = "q8Zr4Kd1Vw7Tn3Bx"
ENDING = [f"MY{ending}" for ending in credentials._ENDINGS]


@pytest.mark.parametrize("name", [*sorted(credentials._NAMES), *ENDING])
def test_whatever_a_credential_is_called_is_looked_for(name: str) -> None:
    flag = f"--{name.lower().replace('_', '-')}"
    for text in (f"{name}={VALUE}", f"{flag} {VALUE}"):
        assert [one.secret for one in credentials.find_credentials(text)] == [VALUE]


def test_the_password_of_a_url_is_hidden() -> None:
    for url, shown in (
        ("postgres://mlflow:p4ssw0rd@db/mlflow", "postgres://mlflow:********@db/mlflow"),
        ("redis://:x@a and amqp://u:yy@b", "redis://:*@a and amqp://u:**@b"),
        ("postgres://mlflow:$(PASSWORD)@db", "postgres://mlflow:$(PASSWORD)@db"),
        ("https://host:8443/a@b", "https://host:8443/a@b"),
    ):
        assert credentials.hide(url) == shown
