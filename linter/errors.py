"""What a user can mend."""


class UserError(Exception):
    """A wrong flag, path or policy. The message is whole lines; the command exits with 2."""
