"""``mlgate policy``: check a policy file, show the policy in force, draft one, print its schema."""

import argparse
import os
from collections.abc import Iterator, Mapping
from enum import Enum
from types import SimpleNamespace

from linter.errors import UNREADABLE, USAGE_ERROR, UserError
from linter.judging.settings import FILE_NAMES, find_policy, find_today, load_policy
from rules.checks import ALL
from rules.model import Rule
from rules.paths import EACH
from rules.policy.decisions import weigh
from rules.policy.parameters import SHARED
from rules.policy.values import PROFILES, Policy
from rules.type_names import TYPE_CHECKING, Any, TextIO

_ELSE = f"default: the nearest {FILE_NAMES[0]}"
if TYPE_CHECKING:
    from rules.policy.entries import NamespaceEntry, PathEntry

SCHEMA_FILE = os.path.join(os.path.dirname(__file__), "policy.schema.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate policy``."""
    commands = parser.add_subparsers(dest="policy_command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="check whether a policy file is valid")
    check.add_argument("files", nargs="*", metavar="FILE", help=f"policy files ({_ELSE})")
    show = commands.add_parser("show", help="print the policy in force, and its sources")
    show.add_argument(
        "paths",
        nargs="*",
        metavar="FILE",
        help=f"the policy ({_ELSE}); with --diff, the manifests to judge by both policies",
    )
    show.add_argument("--profile", choices=PROFILES, help="as `lint --profile` would have it")
    show.add_argument("--format", choices=("yaml", "json"), default="yaml")
    show.add_argument("--policy", metavar="FILE", help=f"with --diff, the policy ({_ELSE})")
    show.add_argument(
        "--diff",
        metavar="OTHER",
        help="show what the policy OTHER would change: actions, parameters, and findings in the "
        "manifests given",
    )
    init = commands.add_parser("init", help="draft a first policy from the manifests found")
    init.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: .)")
    init.add_argument(
        "--output",
        default=FILE_NAMES[0],
        metavar="FILE",
        help=f"the file to write, or - for standard output (default: {FILE_NAMES[0]})",
    )
    commands.add_parser("schema", help="print the JSON Schema of a policy file, for an editor")


def run(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Exit code 0, or 2 where the policy has problems. Raises UserError where there is none."""
    command = arguments.policy_command
    if command == "schema":
        out.write(schema_text())
        return 0
    if command == "init":
        return _init(arguments, out, err)
    if command == "show":
        return _show(arguments, out, err)
    nearest = None if arguments.files else find_policy(os.curdir)
    files = arguments.files or ([nearest] if nearest else [])
    if not files:
        raise UserError(f"there is no {FILE_NAMES[0]} here or above, up to the repository's root")
    return max(_check(file, out) for file in files)


def _show(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    paths = arguments.paths
    if arguments.diff is not None:
        file = arguments.policy or find_policy(os.curdir)
        return _show_difference(file, arguments, out, err)
    if len(paths) > 1:
        raise UserError("mlgate policy show: one policy at a time; --diff OTHER compares two")
    file = arguments.policy or (paths[0] if paths else find_policy(os.curdir))
    policy = load_policy(file) if file else Policy()
    out.write(_dump(_describe(policy, file, arguments.profile), arguments.format))
    return 0


def _show_difference(file: str | None, arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """What changes from the policy in ``file`` to the other; 4 where some input could not be
    read."""
    from linter.commands.policy_preview import Preview, compare_policies, render_preview

    flag = arguments.profile
    policies = [load_policy(one) if one else Policy() for one in (file, arguments.diff)]
    described = [
        _describe(policy, one, flag)
        for policy, one in zip(policies, (file, arguments.diff), strict=True)
    ]
    preview = Preview(compare_policies(*described))
    if arguments.paths:
        folders = (
            os.path.dirname(os.path.abspath(one)) if one else os.curdir
            for one in (file, arguments.diff)
        )
        preview.judge(arguments.paths, policies, list(folders), flag)
    out.write(render_preview(preview, (file, arguments.diff), arguments.format))
    err.writelines(f"mlgate: {error['file']}: {error['reason']}\n" for error in preview.errors)
    return UNREADABLE if preview.errors else 0


def _init(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Write a first policy; an existing file is left alone."""
    from linter.commands.policy_draft import draft_policy, judge_profiles

    file = arguments.output
    if file != "-" and os.path.exists(file):
        raise UserError(f"mlgate policy init: {file} is there already; give another --output")
    paths = arguments.paths or [os.curdir]
    text = draft_policy(paths, judge_profiles(paths))
    if file == "-":
        out.write(text)
        return 0
    try:
        with open(file, "x", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise UserError(f"mlgate policy init: cannot write {file}: {error.strerror}") from None
    err.write(f"mlgate: {file} is written: review it; `mlgate lint` uses it from now on\n")
    return 0


def schema_text() -> str:
    """The shipped JSON Schema of the policy file, as it should be."""
    from rules.policy.schema import schema

    return _lay_out(schema(ALL)) + "\n"


def _lay_out(tree: Any, indent: str = "", before: str = "") -> str:
    """A tree as JSON: on one line what fits there, ``before`` included."""
    import json

    line = before + json.dumps(tree, ensure_ascii=False)
    if len(indent + line) < 100 or not isinstance(tree, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(tree, dict):
        parts = [_lay_out(one, deeper, f"{json.dumps(key)}: ") for key, one in tree.items()]
    else:
        parts = [_lay_out(one, deeper) for one in tree]
    first, last = "{}" if isinstance(tree, dict) else "[]"
    inner = f",\n{deeper}".join(parts)
    return f"{before}{first}\n{deeper}{inner}\n{indent}{last}"


def write_schema() -> None:
    """Write the shipped JSON Schema anew."""
    with open(SCHEMA_FILE, "w", encoding="utf-8") as file:
        file.write(schema_text())


def _check(file: str, out: TextIO) -> int:
    try:
        policy = load_policy(file)
    except UserError as error:
        out.write(f"{error}\n")
        return USAGE_ERROR
    out.writelines(f"{line}\n" for line in _warn_of_expired(file, policy))
    out.write(f"{file}: ok\n")
    return 0


def _warn_of_expired(file: str, policy: Policy) -> Iterator[str]:
    """One line for each expired exception, so that users learn of it before an object is denied."""
    from rules.policy.decisions import describe_expired
    from rules.reader import Document, decode, read

    today = find_today()
    expired = {
        index: entry
        for index, entry in enumerate(policy.exceptions)
        if entry.expires and entry.expires < today
    }
    if not expired:
        return
    with open(file, "rb") as opened:
        text = decode(opened.read())
    (document,) = (one for one in read(text) if isinstance(one, Document) and one.value)
    for index, entry in expired.items():
        span = document.span(("exceptions", index, "expires"))
        yield f"{file}:{span.line}:{span.column}: warning: {describe_expired(entry)}"


def _dump(tree: dict[str, Any], form: str) -> str:
    if form == "json":
        import json

        return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return yaml.safe_dump(
        tree, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )


def _describe(policy: Policy, file: str | None, flag: str | None) -> dict[str, Any]:
    """The policy as it holds, with the source of each action and parameter."""
    return {
        "file": file,
        "profile": {"value": flag or policy.profile, "from": _profile_source(policy, flag)},
        "contact": policy.contact,
        "breakGlass": policy.break_glass,
        "rules": {rule.code: _describe_rule(policy, rule, flag) for rule in ALL},
        "parameters": {
            name: _trace(policy.parameters[name], policy.shared.get(name), "parameters")
            for name in SHARED
        },
        "kinds": [
            {**_plain(kind), "templates": [_template(path) for path in kind.templates]}
            for kind in policy.kinds
        ],
        "exclude": list(policy.exclude),
        "controllers": list(policy.controllers),
        "ignores": policy.ignores,
        "roles": {"trust": policy.role_trust or "by ignores"},
        "namespaceLabels": policy.namespace_labels,
        "mutations": dict(policy.mutations),
        "namespaces": [_describe_entry(entry) for entry in policy.namespaces],
        "paths": [_describe_entry(entry) for entry in policy.paths],
        "exceptions": _plain(policy.exceptions),
    }


def _describe_entry(entry: "NamespaceEntry | PathEntry") -> dict[str, Any]:
    """An entry as it is written: parameters beside the actions of their rules."""
    described: dict[str, Any] = _plain(entry)
    for code, values in described.pop("values").items():
        action = described["rules"].get(code)
        if values:
            described["rules"][code] = {**({"action": action} if action else {}), **values}
    return described


def _profile_source(policy: Policy, flag: str | None) -> str:
    if flag:
        return "--profile"
    return "profile" if policy.profile_stated else "default"


def _describe_rule(policy: Policy, rule: Rule, flag: str | None) -> dict[str, Any]:
    forms = {}
    for form in rule.forms:
        action, source = weigh(policy, rule, form, flag_profile=flag)
        forms[form.name] = {"action": str(action), "from": source}
    described: dict[str, Any] = {"name": rule.name, "forms": forms}
    if rule.parameters:
        own, stated = policy.own_parameters(rule), policy.values.get(rule.code)
        described["parameters"] = _trace(own, stated, f"rules: {rule.code}")
    return described


def _trace(value: Any, stated: Any, source: str) -> Any:
    """Each value below ``value`` with its source: ``source`` where ``stated`` has it too."""
    # An empty mapping has no entries that could say where they are from.
    if not isinstance(value, Mapping) or not value:
        return {"value": _plain(value), "from": "default" if stated is None else source}
    above = stated if isinstance(stated, Mapping) else {}
    return {key: _trace(one, above.get(key), source) for key, one in value.items()}


def _template(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path)).replace(f".{EACH}", "[*]")


def _plain(value: Any) -> Any:
    """A value of the policy as YAML and JSON can hold it; what is not stated is left out."""
    # Entries of a policy are named tuples, which would come out as lists.
    if hasattr(value, "_asdict"):
        value = {key: one for key, one in value._asdict().items() if one is not None}
    match value:
        case Mapping():
            return {key: _plain(one) for key, one in value.items()}
        case frozenset():
            return sorted(value)
        case list() | tuple():
            return [_plain(one) for one in value]
        case None | bool() | int():
            return value
        case Enum():
            return value.value
    return str(value)
