"""``mlgate webhook-config``: the webhook configurations as YAML, for GitOps."""

import argparse
from pathlib import Path
from typing import TextIO

import yaml

from rules.policy import DEFAULT
from webhook.cluster.registration import Place, configurations
from webhook.settings import Unusable, load_policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate webhook-config``."""
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the webhook's policy")
    parser.add_argument("--namespace", default="mlgate-system", help="of the webhook's Service")
    parser.add_argument("--service", default="mlgate", help="the name of the Service")
    parser.add_argument(
        "--ca-bundle",
        type=Path,
        metavar="FILE",
        help="what the API server is to trust, PEM; without it the field is left to an injector",
    )


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Exit code 0, or 2 where a file cannot be used."""
    try:
        policy = load_policy(arguments.policy).policy if arguments.policy else DEFAULT
        bundle = arguments.ca_bundle.read_text() if arguments.ca_bundle else None
    except (Unusable, OSError, UnicodeError) as error:
        err.write(f"{error}\n")
        return 2
    place = Place(arguments.namespace, arguments.service, bundle=bundle)
    yaml.safe_dump_all(configurations(policy, place), out, sort_keys=False, width=1000)
    return 0
