"""JSON values that follow one another in a text."""

_SPACE = " \t\r\n"


def json_objects(text: str) -> list[int]:
    """Where the JSON values in ``text`` end that follow one another, up to what is no JSON."""
    from json import JSONDecoder  # noqa: PLC0415  # start-up: seldom asked

    decode = JSONDecoder(parse_int=float, strict=False).raw_decode
    ends, end = [], 0
    try:
        while (start := _skip_space(text, end)) < len(text):
            end = decode(text, start)[1]
            ends.append(end)
    except (ValueError, RecursionError):
        pass
    return ends


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start] in _SPACE:
        start += 1
    return start
