"""mlgate for people who write manifests in Python: the linter's judgement as plain values.

>>> import mlgate
>>> report = mlgate.lint(job, "manifests/", policy="mlgate.yaml")
>>> report.passes()
False

What is named here stays: a name goes, or changes its meaning, with a new major version alone. The
packages below (``rules``, ``linter``) promise nothing.
"""

from mlgate.judgement import Finding, LintError, ObjectName, Report, Unread, lint
from rules import VERSION as __version__  # noqa: N811 - the name that Python has for it

__all__ = ["Finding", "LintError", "ObjectName", "Report", "Unread", "__version__", "lint"]
