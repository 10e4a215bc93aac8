"""``mlgate completion``: what a shell needs to complete the command line."""

import argparse
from types import SimpleNamespace

from linter.subcommands import SUBCOMMANDS, make_parser
from rules.record import NamedTuple
from rules.type_names import TextIO

SHELLS = ("bash", "zsh", "fish")

COMPLETION_EXAMPLES = """\
examples:
  source <(mlgate completion bash)                            # in ~/.bashrc
  source <(mlgate completion zsh)                             # in ~/.zshrc, after compinit
  mlgate completion fish > ~/.config/fish/completions/mlgate.fish"""


class Option(NamedTuple):
    """An option of a subcommand: its names, whether a value follows, and which there are."""

    names: tuple[str, ...]
    valued: bool
    choices: tuple[str, ...]
    summary: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate completion``."""
    parser.epilog = COMPLETION_EXAMPLES
    parser.add_argument("shell", choices=SHELLS)


def run(arguments: SimpleNamespace, out: TextIO, _err: TextIO) -> int:
    """Print the script of a shell."""
    options = {name: list_options(name) for name in SUBCOMMANDS}
    render = {"bash": _render_bash, "zsh": _render_zsh, "fish": _render_fish}[arguments.shell]
    out.write(render(options))
    return 0


def list_options(name: str) -> list[Option]:
    """The options of a subcommand; none where its extra is not installed."""
    try:
        parser = make_parser(name)
    except ImportError:
        return []
    return [
        Option(
            tuple(action.option_strings),
            action.nargs is None,
            tuple(map(str, action.choices or ())),
            (action.help or "").split(";")[0].split(" (default")[0],
        )
        for action in parser._actions  # noqa: SLF001 - argparse tells of its options nowhere else
        if action.option_strings
    ]


def _render_bash(options: dict[str, list[Option]]) -> str:
    """One function: it looks at the subcommand and at the word before the cursor."""
    words = "\n".join(
        f"    {name}) words={_quote(' '.join(flag for one in several for flag in one.names))} ;;"
        for name, several in options.items()
    )
    values = "\n".join(
        f"    {name}:{flag}) words={_quote(' '.join(one.choices))} ;;"
        for name, several in options.items()
        for one in several
        if one.choices
        for flag in one.names
    )
    return f"""\
_mlgate() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W {_quote(" ".join(options))} -- "$current"))
    return
  fi
  case ${{COMP_WORDS[1]}}:$before in
{values}
  esac
  if [ -z "$words" ] && [[ $current == -* ]]; then
    case ${{COMP_WORDS[1]}} in
{words}
    esac
  fi
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}}
complete -o filenames -F _mlgate mlgate
"""


def _render_zsh(options: dict[str, list[Option]]) -> str:
    described = " ".join(_quote(f"{name}:{SUBCOMMANDS[name].summary}") for name in options)
    cases = "\n".join(
        f"    {name}) _arguments {' '.join(_specify(one) for one in several)} '*:file:_files' ;;"
        for name, several in options.items()
    )
    return f"""\
#compdef mlgate
_mlgate() {{
  local -a commands=({described})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{cases}
  esac
}}
compdef _mlgate mlgate
"""


def _specify(one: Option) -> str:
    """An option as ``_arguments`` takes it."""
    text = one.summary.replace("[", "(").replace("]", ")").replace(":", " -")
    value = ""
    if one.valued:
        value = f":value:({' '.join(one.choices)})" if one.choices else ":value:_files"
    return " ".join(_quote(f"*{name}[{text}]{value}") for name in one.names)


def _render_fish(options: dict[str, list[Option]]) -> str:
    lines = ["complete -c mlgate -f -n __fish_use_subcommand"]
    for name, several in options.items():
        lines.append(
            f"complete -c mlgate -f -n __fish_use_subcommand -a {name} "
            f"-d {_quote(SUBCOMMANDS[name].summary)}"
        )
        lines += [_tell_fish(name, one) for one in several]
    return "".join(f"{line}\n" for line in lines)


def _tell_fish(name: str, one: Option) -> str:
    flags = " ".join(_flag_for_fish(flag) for flag in one.names)
    value = " -r" if one.valued else ""
    choices = f" -f -a {_quote(' '.join(one.choices))}" if one.choices else ""
    seen = _quote(f"__fish_seen_subcommand_from {name}")
    return f"complete -c mlgate -n {seen} {flags}{value}{choices} -d {_quote(one.summary)}"


def _flag_for_fish(flag: str) -> str:
    return f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"


def _quote(text: str) -> str:
    import shlex

    return shlex.quote(text)
