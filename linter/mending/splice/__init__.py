"""Edits of a document's text by replacing spans, so that every other byte stays as it was.

``difference`` finds what two objects differ in and has it written; ``nodes`` and ``source_text``
know where things stand, ``block`` and ``flow`` edit the two styles, ``placement`` says where a new
key goes, ``writing`` how a value looks, ``renaming`` gives a key another name, ``embedded`` reaches
into manifests inside of strings.
"""

from linter.mending.splice.difference import splice
from linter.mending.splice.embedded import find_document, splice_embedded
from linter.mending.splice.nodes import Unspliceable

__all__ = ["Unspliceable", "find_document", "splice", "splice_embedded"]
