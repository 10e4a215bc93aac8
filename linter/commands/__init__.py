"""The subcommands: each module holds ``add_arguments`` and ``run``."""
