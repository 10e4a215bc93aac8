"""What a policy would have to say of a kind that is not known, so that its pods are judged."""

import re

from rules.kinds.unknown import find_pod_templates, is_in_values
from rules.paths import EACH
from rules.policy.keys import GROUP, KIND, TEMPLATE_PATH


def suggest_templates(group: str, kind: str, body: object) -> list[str]:
    """The paths of its pod templates, as the policy's ``kinds`` takes them; none where it takes
    none such: a policy names no kind without a group, and no key with a dot in it."""
    if not re.fullmatch(GROUP, group) or not re.fullmatch(KIND, kind):
        return []
    texts = (
        ".".join(map(str, path)).replace(f".{EACH}", "[*]")
        for path in find_pod_templates(body)
        if not is_in_values(group, kind, path)
    )
    return [text for text in texts if re.fullmatch(TEMPLATE_PATH, text)]
