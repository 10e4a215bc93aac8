"""Strategic merge, as far as pod templates need it."""

from typing import Any

import pytest

from rules.kinds.strategic_merge import strategic_merge


@pytest.mark.parametrize(
    ("base", "patch", "expected"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}),
        ({"args": ["--a", "--b"]}, {"args": ["--c"]}, {"args": ["--c"]}),
        ({"a": 1}, {"a": None}, {"a": 1}),
        ({"a": 1}, None, {"a": 1}),
        ({"a": {"b": 1}}, {"a": "text"}, {"a": "text"}),
        (
            {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"env": [{"name": "C", "value": "3"}, {"name": "A", "value": "4"}]},
            {
                "env": [
                    {"name": "C", "value": "3"},
                    {"name": "A", "value": "4"},
                    {"name": "B", "value": "2"},
                ]
            },
        ),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/a"}]},
            {"volumeMounts": [{"name": "v", "mountPath": "/b"}]},
            {"volumeMounts": [{"name": "v", "mountPath": "/b"}, {"name": "v", "mountPath": "/a"}]},
        ),
        (
            {"tolerations": [{"key": "a"}]},
            {"tolerations": [{"key": "b"}]},
            {"tolerations": [{"key": "b"}]},
        ),
        ({"env": [{"name": []}]}, {"env": [{"name": "A"}]}, {"env": [{"name": "A"}]}),
    ],
)
def test_patch_over_base(base: Any, patch: Any, expected: Any) -> None:
    before = repr((base, patch))

    assert strategic_merge(base, patch) == expected
    assert repr((base, patch)) == before


def test_very_deep_mappings_are_replaced() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}

    assert list(strategic_merge(deep, deep)) == ["a"]
