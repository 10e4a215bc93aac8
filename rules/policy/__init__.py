"""What a policy says, and what it makes of a finding.

Reading a policy file (``rules.policy.file``), its JSON Schema (``rules.policy.schema``) and the
kinds that it brings (``rules.policy.kinds``) are imported only when there is such a file.
"""

from rules.policy.decisions import (
    Decision,
    decide,
    find_entry,
    find_ground,
    ignores_in,
    is_glass_broken,
    is_silent,
    may_mend,
    profile_in,
    trust_in,
)
from rules.policy.exemption import is_exempt, keeps_operators
from rules.policy.ignores import Ignore, known_codes
from rules.policy.values import DEFAULT, Policy

__all__ = [
    "DEFAULT",
    "Decision",
    "Ignore",
    "Policy",
    "decide",
    "find_entry",
    "find_ground",
    "ignores_in",
    "is_exempt",
    "is_glass_broken",
    "is_silent",
    "keeps_operators",
    "known_codes",
    "may_mend",
    "profile_in",
    "trust_in",
]
