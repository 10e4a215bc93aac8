"""``mlgate webhook-config``: the webhook configurations as YAML, for GitOps.

Without ``--ca-bundle`` the field is left to whoever injects it.
"""

import argparse
from pathlib import Path
from typing import TextIO

import yaml

from rules.policy import DEFAULT
from webhook.registration.configurations import configurations
from webhook.replica import options
from webhook.server.settings import Unusable, load_policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate webhook-config``."""
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the webhook's policy")
    options.add_place_arguments(parser)


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Exit code 0, or 2 where a file cannot be used."""
    try:
        policy = load_policy(arguments.policy).policy if arguments.policy else DEFAULT
        bundle = options.read_bundle(arguments.ca_bundle)
    except (Unusable, ValueError) as error:
        err.write(f"{error}\n")
        return 2
    place = options.read_place(arguments, bundle)
    yaml.safe_dump_all(configurations(policy, place), out, sort_keys=False, width=1000)
    return 0
