"""``mlgate webhook-config``: the webhook configurations as YAML, for GitOps.

Without ``--ca-bundle`` the field is left to whoever injects it.
"""

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO

import yaml

from rules.policy import DEFAULT
from webhook.commands.cluster_arguments import (
    add_registration_arguments,
    read_registration_options,
)
from webhook.registration.configurations import make_configurations
from webhook.replica.options import read_bundle_file
from webhook.server.policy_reloader import PolicyUnusable, load_active_policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate webhook-config``."""
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the webhook's policy")
    add_registration_arguments(parser)


def run(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Exit code 0, or 2 where a file cannot be used."""
    try:
        policy = load_active_policy(arguments.policy).policy if arguments.policy else DEFAULT
        bundle = read_bundle_file(arguments.ca_bundle)
    except (PolicyUnusable, ValueError) as error:
        err.write(f"{error}\n")
        return 2
    configurations = make_configurations(policy, read_registration_options(arguments, bundle))
    # No line is folded: long conditions stay readable, and a diff shows what changed.
    yaml.safe_dump_all(configurations, out, sort_keys=False, width=1000)
    return 0
