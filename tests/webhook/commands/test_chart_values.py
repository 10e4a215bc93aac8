"""The table in the chart's README: every value, its default, and what stands above it."""

from webhook.commands.chart_values import BEGIN, END, ChartValue, list_values, write_table

VALUES = """\
# What the file is.
a:
  # Of two
  # lines.
  b: ""
  c:
    # Deeper.
    d: [x, y]
# Told as a whole.
e:
  f: {g: 1}
h: untold
# On or off.
i: false
"""


def test_a_value_is_told_with_what_stands_above_it() -> None:
    first, *others = list_values(VALUES.partition("\n")[2])
    assert first == ChartValue("a.b", '""', "Of two lines.")
    assert [one[:2] for one in others] == [
        ("a.c.d", "[x, y]"),
        ("e", "{f: {g: 1}}"),
        ("i", "false"),
    ]


def test_the_table_stands_between_its_marks_alone() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    made = write_table(page, "# Why.\na: b\n")
    rows = "| value | default | |\n| --- | --- | --- |\n| `a` | `b` | Why. |\n"
    assert made == f"before\n{BEGIN}\n{rows}{END}\nafter\n"
    assert write_table(made, "# Why.\na: b\n") == made
