"""The schema of the chart's values with that of a policy in it: Helm refuses a policy that mlgate
would, before anything is installed."""

import json

_BEGIN = ',\n  "$defs": {'


def write_definitions(schema: str, policy: str) -> str:
    """The text of values.schema.json with the definitions that its policy refers to, one a line.
    ``policy`` is a policy file's schema."""
    root = json.loads(policy)
    # Both refer to what stands below `$defs` of the whole.
    definitions = root.pop("$defs")
    named = {"policy": {key: one for key, one in root.items() if key[0] != "$"}, **definitions}
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(one)}" for name, one in named.items())
    head = schema[: schema.index(_BEGIN)]
    return f"{head}{_BEGIN}\n{lines}\n  }}\n}}\n"
