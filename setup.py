"""Adds the compiled reader to what pyproject.toml says, where C for it can be had.

Without it mlgate reads the same, with rules/composer.py alone. So nothing about it may fail an
installation: it is skipped where there is neither Cython nor the C that Cython made (a released
source archive holds that), and left out, being ``optional``, where a compiler or libyaml's header
is missing. Nor is Cython a build requirement: an index without it would fail every build.
"""

from importlib.util import find_spec
from pathlib import Path

from setuptools import Extension, setup

SOURCE = Path("rules/compiled.pyx")

reader = Extension("rules.compiled", [str(SOURCE)], libraries=["yaml"], optional=True)
reader.cython_c_in_temp = True  # C beside the source would outlive it, and be taken for current
has_c = find_spec("Cython") is not None or SOURCE.with_suffix(".c").exists()

setup(ext_modules=[reader] if has_c else [])
