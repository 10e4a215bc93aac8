"""The packages of the project, whose modules tests read."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("rules", "linter", "webhook", "cluster", "mlgate")


def find_modules() -> list[Path]:
    """Every module, in order."""
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
