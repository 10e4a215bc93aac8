# cython: language_level=3
"""The plain case of a YAML document, composed in C from libyaml's events.

Value and marks are as rules/composer.py makes them. Whatever is rare (anchors, tags, merges, keys
that are no text, duplicates, a version, infinities, what go-yaml reads otherwise, errors, a limit
reached) is left to it, so that what YAML means, and what is wrong with a text, stands in one place.
"""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.math cimport isfinite
from libc.string cimport memset

from rules.scalars import HINTS, PLAIN

cdef extern from "yaml.h":
    ctypedef enum yaml_event_type_t:
        YAML_STREAM_START_EVENT
        YAML_DOCUMENT_START_EVENT
        YAML_DOCUMENT_END_EVENT
        YAML_SCALAR_EVENT
        YAML_SEQUENCE_START_EVENT
        YAML_SEQUENCE_END_EVENT
        YAML_MAPPING_START_EVENT
        YAML_MAPPING_END_EVENT

    ctypedef struct yaml_mark_t:
        size_t index

    ctypedef struct _document_start:
        void *version_directive

    ctypedef struct _scalar:
        unsigned char *anchor
        unsigned char *tag
        unsigned char *value
        size_t length
        bint plain_implicit

    ctypedef struct _collection:
        unsigned char *anchor
        unsigned char *tag

    ctypedef union _data:
        _document_start document_start
        _scalar scalar
        _collection sequence_start
        _collection mapping_start

    ctypedef struct yaml_event_t:
        yaml_event_type_t type
        _data data
        yaml_mark_t start_mark
        yaml_mark_t end_mark

    ctypedef struct yaml_parser_t:
        pass

    void yaml_get_version(int *major, int *minor, int *patch)
    int yaml_parser_initialize(yaml_parser_t *parser)
    void yaml_parser_set_input_string(
        yaml_parser_t *parser, const unsigned char *input, size_t size
    )
    int yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event)
    void yaml_event_delete(yaml_event_t *event)
    void yaml_parser_delete(yaml_parser_t *parser)


cdef tuple _get_version():
    cdef int major, minor, patch
    yaml_get_version(&major, &minor, &patch)
    return major, minor, patch


LIBYAML = ".".join(map(str, _get_version()))
if _get_version() < (0, 2, 5):
    # Earlier ones read a colon inside brackets, and directives, in another way.
    raise ImportError(f"libyaml {LIBYAML} is older than 0.2.5")

cdef bint IS_HINT[256]
for _code in range(256):
    IS_HINT[_code] = chr(_code) in HINTS


def compose_plain(str text, Py_ssize_t depth, Py_ssize_t events):
    """The value of the first document in ``text``, its marks and where it ends; None where it is
    not plain. ``depth`` and ``events`` are as in ``rules.composed.Limits``."""
    if text.startswith("\ufeff") or "\\/" in text:
        # libyaml does not count the first in its marks; the second is an escape in JSON only.
        return None
    cdef bytes raw = text.encode()
    cdef yaml_parser_t parser
    cdef yaml_event_t event
    if not yaml_parser_initialize(&parser):
        return None
    memset(&event, 0, sizeof(event))
    yaml_parser_set_input_string(&parser, raw, len(raw))
    try:
        return _compose(_Document(text, depth), &parser, &event, events)
    finally:
        yaml_event_delete(&event)
        yaml_parser_delete(&parser)


cdef tuple _compose(
    _Document document, yaml_parser_t *parser, yaml_event_t *event, Py_ssize_t events
):
    for _ in range(events):
        if not yaml_parser_parse(parser, event):
            return None
        if event.type == YAML_DOCUMENT_END_EVENT:
            return document.nodes[0][0], document.marks[0], event.start_mark.index
        if not document.take(event):
            return None
        yaml_event_delete(event)
    return None


cdef class _Document:
    """What has been composed so far. ``take`` answers whether it is plain still.

    ``nodes`` and their ``marks`` are the root, a list, and what is open in it. The innermost is at
    hand either as ``items`` or, if not None, as ``mapping``; there ``key`` is None until one came.
    """

    cdef str text
    cdef Py_ssize_t depth
    cdef list nodes, marks
    cdef list items, item_marks
    cdef dict mapping, mapping_marks
    cdef str key
    cdef size_t key_start, key_end

    def __init__(self, str text, Py_ssize_t depth):
        self.text = text
        self.depth = depth
        self.nodes = []
        self.marks = []
        self.enter([], [0])

    cdef bint take(self, yaml_event_t *event) except -1:
        cdef yaml_event_type_t kind = event.type
        if kind == YAML_SCALAR_EVENT:
            return self.take_scalar(event)
        if kind == YAML_MAPPING_START_EVENT:
            return (
                event.data.mapping_start.anchor == NULL
                and event.data.mapping_start.tag == NULL
                and self.open({}, {None: event.start_mark.index})
            )
        if kind == YAML_SEQUENCE_START_EVENT:
            return (
                event.data.sequence_start.anchor == NULL
                and event.data.sequence_start.tag == NULL
                and self.open([], [event.start_mark.index])
            )
        if kind == YAML_MAPPING_END_EVENT or kind == YAML_SEQUENCE_END_EVENT:
            return self.close()
        if kind == YAML_DOCUMENT_START_EVENT:
            return event.data.document_start.version_directive == NULL
        return kind == YAML_STREAM_START_EVENT

    cdef bint take_scalar(self, yaml_event_t *event) except -1:
        if event.data.scalar.anchor != NULL or event.data.scalar.tag != NULL:
            return False
        cdef bint plain = event.data.scalar.plain_implicit
        cdef size_t start = event.start_mark.index, end = event.end_mark.index
        value = PyUnicode_DecodeUTF8(
            <char *>event.data.scalar.value, event.data.scalar.length, NULL
        )
        if plain:
            if start < end and self.text[start] == "!":  # alone it makes a text of what follows
                return False
            if not event.data.scalar.length or IS_HINT[event.data.scalar.value[0]]:
                value = PLAIN[value]
        if self.mapping is not None and self.key is None:
            return self.take_key(value, plain, start, end)
        if type(value) is float and not isfinite(value):
            return False
        self.put(value, start, end)
        return True

    cdef bint take_key(self, value, bint plain, size_t start, size_t end) except -1:
        if type(value) is not str or value in self.mapping or (plain and value == "<<"):
            return False
        self.key = value
        self.key_start = start
        self.key_end = end
        return True

    cdef int put(self, value, size_t start, size_t end) except -1:
        if self.mapping is None:
            self.items.append(value)
            self.item_marks.append((start, end))
        else:
            self.mapping[self.key] = value
            self.mapping_marks[self.key] = (self.key_start, self.key_end, start, end)
            self.key = None
        return 0

    cdef bint open(self, node, marks) except -1:
        if len(self.nodes) > self.depth:
            return False
        if self.mapping is None:
            self.items.append(node)
            self.item_marks.append(marks)
        elif self.key is None:
            return False
        else:
            self.mapping[self.key] = node
            self.mapping_marks[self.key] = (self.key_start, self.key_end, marks)
        return self.enter(node, marks)

    cdef bint enter(self, node, marks) except -1:
        self.nodes.append(node)
        self.marks.append(marks)
        self.take_up(node, marks)
        return True

    cdef bint close(self) except -1:
        self.nodes.pop()
        self.marks.pop()
        self.take_up(self.nodes[-1], self.marks[-1])
        return True

    cdef int take_up(self, node, marks) except -1:
        self.key = None
        if type(node) is dict:
            self.mapping, self.mapping_marks = node, marks
        else:
            self.mapping = None
            self.items, self.item_marks = node, marks
        return 0
