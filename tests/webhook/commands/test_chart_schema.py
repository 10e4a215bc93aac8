"""The policy's definitions in the schema of the chart's values."""

import json

from webhook.commands.chart_schema import write_definitions

SCHEMA = """{
  "properties": {"policy": {"$ref": "#/$defs/policy"}, "replicas": {"minimum": 1}},
  "$defs": {
    "policy": {"title": "an old one"}
  }
}
"""
POLICY = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://mlgate.dev/policy.schema.json",
    "properties": {"profile": {"$ref": "#/$defs/profile"}},
    "$defs": {"profile": {"enum": ["observe"]}},
}


def test_the_policys_definitions_take_the_place_of_old_ones() -> None:
    written = write_definitions(SCHEMA, json.dumps(POLICY))
    assert json.loads(written) == {
        "properties": {"policy": {"$ref": "#/$defs/policy"}, "replicas": {"minimum": 1}},
        "$defs": {
            "policy": {"properties": {"profile": {"$ref": "#/$defs/profile"}}},
            "profile": {"enum": ["observe"]},
        },
    }
    assert write_definitions(written, json.dumps(POLICY)) == written
