"""Actions written into a policy file, whose comments, order and quotes stay as they are."""

import io
from collections.abc import Mapping

from linter.errors import UserError
from rules.model import Action
from rules.type_names import Any

_WIDTH = 10_000
"""No line is broken that was not."""


def edit_actions(text: str, actions: Mapping[str, Action], namespace: str | None = None) -> str:
    """The text of a policy with the action of each key (a rule's code, or ``CODE/form``) in
    ``rules``, or in the ``namespaces`` entry of one namespace's name, which is added where there is
    none. Raises UserError without ruamel.yaml."""
    editor, data = _load(text)
    where = data if namespace is None else _find_entry(data, namespace)
    rules = _open(where, "rules")
    for key, action in actions.items():
        stated = rules.get(key)
        if isinstance(stated, dict):
            stated["action"] = str(action)
        else:
            rules[key] = str(action)
    out = io.StringIO()
    editor.dump(data, out)
    return out.getvalue()


def _load(text: str) -> tuple[Any, Any]:
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.util import load_yaml_guess_indent
    except ImportError:
        raise UserError(
            "mlgate promote: --write needs the package ruamel.yaml: install mlgate's extra "
            "`cluster`"
        ) from None
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = _WIDTH
    _, indent, offset = load_yaml_guess_indent(text)
    if indent and offset is not None:
        editor.indent(mapping=2, sequence=indent, offset=offset)
    return editor, editor.load(text)


def _open(mapping: Any, key: str) -> Any:
    """The mapping below a key, which is added where there is none."""
    if mapping.get(key) is None:
        from ruamel.yaml.comments import CommentedMap

        mapping[key] = CommentedMap()
    return mapping[key]


def _find_entry(data: Any, namespace: str) -> Any:
    entries = data.get("namespaces")
    for entry in entries or ():
        if entry.get("match", {}).get("name") == namespace:
            return entry
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if entries is None:
        entries = data["namespaces"] = CommentedSeq()
    entry = CommentedMap(match=CommentedMap(name=namespace), rules=CommentedMap())
    entries.append(entry)
    return entry
