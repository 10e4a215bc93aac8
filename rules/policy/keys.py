"""Every key of a policy file, what it may hold, and what it means."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from rules.annotations import PROFILE_LABEL
from rules.kinds.roles import Role
from rules.model import Action, Parameter, Rule
from rules.policy.ignores import known_codes
from rules.policy.parameters import SHARED
from rules.policy.selector_shapes import LABEL_WORD, selector_shape
from rules.policy.shapes import (
    Choice,
    Either,
    Flag,
    Number,
    Record,
    Sequence,
    Shape,
    Table,
    Text,
)
from rules.policy.values import DEFAULT_MUTATION, IGNORES, PROFILES, TRUST
from rules.type_names import Any

UNKNOWN_KINDS = "unknownKinds"
"""The key that is another word for the action of ``UNKNOWN_KINDS_RULE``."""
UNKNOWN_KINDS_RULE = "MLG007"

API_VERSION = "mlgate.dev/v1"
ACTIONS = tuple(str(one) for one in (Action.OFF, Action.AUDIT, Action.WARN, Action.DENY))

_LOCKABLE = (
    *("breakGlass", "contact", "controllers", "exceptions", "exclude", "ignores", "kinds"),
    *("mutations", "namespaceLabels", "namespaces", "parameters", "paths", "profile", "roles"),
    *("rules", UNKNOWN_KINDS),
)

_FILE = Text(expected="the path of a file", pattern=r"[^\0]*[^\s\0][^\0]*")
_KEY = r"[A-Za-z0-9_][A-Za-z0-9_-]*"
GROUP = r"[a-z0-9.-]+"
KIND = r"[A-Z][A-Za-z0-9]*"
TEMPLATE_PATH = rf"{_KEY}(?:\[\*\])?(?:\.{_KEY}(?:\[\*\])?)*"


def policy_shape(rules: tuple[Rule, ...]) -> Record:
    """The shape of a whole policy file, given the rules that it may name."""
    return Record(
        {
            "apiVersion": Choice((API_VERSION,), "the format of this file"),
            "kind": Choice(("Policy",)),
            "extends": Sequence(_FILE, "policy files under this one, from its own folder"),
            "locked": Sequence(
                Choice(_LOCKABLE, noun="key"), "keys that a policy which extends this may not have"
            ),
            "profile": Choice(PROFILES, "the actions that hold where nothing else is said"),
            "breakGlass": Text(
                "the label of Namespaces: where it is true, nothing is denied at admission",
                "a label's key",
                r"[A-Za-z0-9./_-]+",
            ),
            "contact": Text("whom to ask, at the end of each denial", "one line", r".{1,200}"),
            "rules": _rules(rules),
            "parameters": _shared(),
            "kinds": Sequence(_custom_kind(), "kinds of your own that hold pod templates"),
            UNKNOWN_KINDS: Choice(
                ACTIONS, "what is made of objects that hold pods and whose kind is not known"
            ),
            "exclude": Sequence(Text(), "globs of files and folders that are not read"),
            "controllers": Sequence(
                _SERVICE_ACCOUNT, "service accounts whose children are trusted at admission"
            ),
            "ignores": Choice(IGNORES, "how far annotations that ignore a rule count at admission"),
            "roles": Record(
                {"trust": Choice(TRUST, "whose word on a role counts; else by ignores")},
                "what is made of what objects say of their roles",
            ),
            "namespaceLabels": Choice(
                ("trusted", "ignored"), f"whether the label {PROFILE_LABEL} of a Namespace counts"
            ),
            "namespaces": Sequence(
                _namespace(rules), "what holds in some namespaces; the first that fits"
            ),
            "paths": Sequence(_path(rules), "what holds in some files; the first that fits"),
            "mutations": Record(
                {DEFAULT_MUTATION: Flag("all that are not named"), **_mended(rules)},
                "whether the webhook makes the safe fixes of a rule or form, whatever its action; "
                "else it makes those of what denies or warns",
                noun="rule with safe fixes",
            ),
            "exceptions": Sequence(_exception(rules), "objects that some rules leave alone"),
        },
        "an mlgate policy",
        required=("apiVersion", "kind"),
    )


def recurring_shapes(rules: tuple[Rule, ...]) -> dict[str, Shape]:
    """The shapes that a policy file has in many places, by the names that its schema gives them."""
    return {
        "action": Choice(ACTIONS),
        "entry": _entry("", ()),
        "code": Choice(known_codes(rules)),
        "profile": Choice(PROFILES),
        "text": Text(),
        "label": LABEL_WORD,
        "selector": selector_shape(),
        "rules": _rules(rules),
    }


def _rules(rules: tuple[Rule, ...]) -> Record:
    fields: dict[str, Shape] = {}
    for rule in rules:
        fields[rule.code] = _entry(_titled(rule, rule.summary), rule.parameters)
        for form in rule.forms:
            fields[f"{rule.code}/{form.name}"] = _entry(_titled(rule, form.summary), ())
    summary = "the action of a rule or of one of its forms, and the rule's parameters"
    return Record(fields, summary, noun="rule", hints={rule.name: rule.code for rule in rules})


def _mended(rules: tuple[Rule, ...]) -> dict[str, Shape]:
    """The rules that may have safe fixes, and their forms."""
    mended = (rule for rule in rules if rule.check and rule.fix not in ("none", "unsafe"))
    return dict.fromkeys(known_codes(mended), Flag())


def _titled(rule: Rule, summary: str) -> str:
    return f"{rule.name}: {summary}"


def _entry(summary: str, parameters: Iterable[Parameter]) -> Either:
    fields: dict[str, Shape] = {"action": Choice(ACTIONS, "what is made of a finding")}
    fields["locked"] = Flag("whether a policy that extends this one may not loosen it")
    fields |= {one.name: parameter_shape(one) for one in parameters}
    return Either((Choice(ACTIONS), Record(fields, least=1)), _is_mapping, summary)


def _is_mapping(value: Any) -> int:
    return int(isinstance(value, dict))


def _shared() -> Record:
    blocks: dict[str, Shape] = {
        name: Record({one.name: parameter_shape(one) for one in block})
        for name, block in SHARED.items()
    }
    return Record(blocks, "values that more than one rule reads")


def parameter_shape(parameter: Parameter) -> Shape:
    """The shape of a parameter's value: that of its default, or of what it is like."""
    if parameter.choices:
        return Choice(parameter.choices, parameter.summary)
    like = parameter.default if parameter.like is None else parameter.like
    if parameter.free_keys:
        text = _REGEX if parameter.regex else Text()
        return Table(text._replace(pattern=".*"), parameter.summary)
    if parameter.regex:
        return _REGEX._replace(summary=parameter.summary)
    shape = _shape_like(like, parameter.summary)
    if isinstance(shape, Number) and parameter.default is None:
        return shape._replace(unset=True)
    return shape


def _shape_like(like: Any, summary: str = "") -> Shape:
    match like:
        case bool():
            return Flag(summary)
        case int():
            return Number(summary)
        case Mapping():
            return Record({key: _shape_like(value) for key, value in like.items()}, summary)
        case list() | tuple() | frozenset():
            return Sequence(_shape_like(next(iter(like), "")), summary)
    return Text(summary)


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):  # the last two are of Python's own bounds
        return False
    return True


_REGEX = Text(expected="a regular expression", valid=_compiles)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_SERVICE_ACCOUNT = Text(
    expected="system:serviceaccount:NAMESPACE:NAME",
    pattern=r"system:serviceaccount:[a-z0-9.-]+:[a-z0-9.-]+",
)
_GLOB = Text(expected="a name, which may hold * and ?")


def _custom_kind() -> Record:
    path = Text(expected="a path such as spec.workers[*].template", pattern=TEMPLATE_PATH)
    roles = tuple(str(role) for role in Role)
    return Record(
        {
            "group": Text("the API group, without a version", pattern=GROUP),
            "kind": Text("the kind", pattern=KIND),
            "templates": Sequence(path, "where its pod templates stand", least=1),
            "role": Choice(roles, "the role of all such objects; scored where it is left out"),
        },
        required=("group", "kind", "templates"),
    )


def _namespace(rules: tuple[Rule, ...]) -> Record:
    match = Record({"name": _GLOB, "labels": selector_shape()}, "the namespaces", least=1)
    return Record(
        {
            "match": match,
            "profile": Choice(PROFILES),
            "rules": _rules(rules),
            "ignores": Choice(IGNORES),
        },
        required=("match",),
    )


def _path(rules: tuple[Rule, ...]) -> Record:
    pattern = Text(expected="a pattern of .gitignore, such as legacy/**")
    summary = "the files, as patterns of .gitignore from the policy's folder"
    match = Either((pattern, Sequence(pattern, least=1)), _is_list, summary)
    fields: dict[str, Shape] = {
        "match": match,
        "profile": Choice(PROFILES),
        "rules": _rules(rules),
    }
    return Record(fields, required=("match",))


def _is_list(value: Any) -> int:
    return int(isinstance(value, list))


def _exception(rules: tuple[Rule, ...]) -> Record:
    match = Record(
        {
            "namespace": _GLOB,
            "kind": _GLOB,
            "name": _GLOB,
            "labels": selector_shape(),
            "container": _GLOB,
        },
        "the objects, or what stands in some of their containers",
        least=1,
    )
    return Record(
        {
            "rules": Sequence(
                Choice(known_codes(rules), noun="rule"), "the rules that leave them alone", least=1
            ),
            "match": match,
            "reason": Text("why this is right"),
            "owner": Text("who answers for it"),
            "expires": Text(
                "the last day on which it counts",
                "a date (YYYY-MM-DD)",
                r"\d{4}-\d\d-\d\d",
                _is_date,
            ),
        },
        required=("rules", "match", "reason", "owner"),
    )
