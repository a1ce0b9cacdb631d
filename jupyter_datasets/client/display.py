"""How things look as text and as HTML. Everything that people typed is escaped."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import accumulate

from jupyter_datasets.values import Micros, moment_text, to_datetime

MOST_COLUMNS = 50
"""How many columns of a table are shown."""

_CELL = 60  # characters
_HTML_CELL = 500


def text_table(
    headers: Sequence[str], rows: Iterable[Sequence[object]], room: int | None = None, *, whole: int = 0
) -> str:
    """A table in plain text; numbers are set to the right.

    Parameters
    ----------
    headers, rows
        Of all columns. Those beyond :data:`MOST_COLUMNS` are counted and not shown.
    room
        Characters of a line; columns that do not fit are counted, too.
    whole
        How many columns, from the first on, hold names that must not be cut.
    """
    lines = [
        [plain(str(cell)) if i < whole else _clip(cell) for i, cell in enumerate(row[:MOST_COLUMNS])] for row in rows
    ]
    names = list(headers[:MOST_COLUMNS])
    right = [bool(lines) and all(_is_number(line[i]) for line in lines) for i in range(len(names))]
    widths = [max([_width(h), *(_width(line[i]) for line in lines)]) for i, h in enumerate(names)]
    shown = _fitting(widths, room)
    table = [
        "  ".join(_pad(*cell) for cell in list(zip(line, widths, right, strict=True))[:shown]).rstrip()
        for line in [names, *lines]
    ]
    return "\n".join([*table, *_hidden(len(headers) - shown)])


def _fitting(widths: Sequence[int], room: int | None) -> int:
    """How many columns fit, two spaces between them; one at least."""
    if room is None:
        return len(widths)
    ends = accumulate(width + 2 for width in widths)
    return max(sum(end - 2 <= room for end in ends), min(1, len(widths)))


def _hidden(columns: int) -> list[str]:
    return [f"({count(columns, 'more column')})"] if columns else []


def first_lines(text: str, most: int, what: str) -> str:
    """The first lines of a text, and how many of ``what`` the others tell of."""
    lines = text.splitlines()
    left = len(lines) - most
    return text if left <= 0 else "\n".join([*lines[:most], f"({count(left, what)})"])


def html_table(headers: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """The same as an HTML table."""
    head = "".join(f"<th style='text-align:left'>{escape(h)}</th>" for h in headers[:MOST_COLUMNS])
    body = "".join("<tr>" + "".join(map(_html_cell, row[:MOST_COLUMNS])) + "</tr>" for row in rows)
    title = f"<div><b><bdi>{escape(caption)}</bdi></b></div>" if caption else ""
    hidden = "".join(f"<div>{line}</div>" for line in _hidden(max(len(headers) - MOST_COLUMNS, 0)))
    return f"<div>{title}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{hidden}</div>"


def _html_cell(cell: object) -> str:
    return f"<td style='text-align:left'><bdi>{escape(_shortened(str(cell), _HTML_CELL))}</bdi></td>"


def html_lines(lines: Iterable[str]) -> str:
    """Lines of text as HTML."""
    return "<div>" + "<br>".join(f"<bdi>{escape(line)}</bdi>" for line in lines) + "</div>"


def html_preformatted(text: str) -> str:
    """Text whose spacing matters, as HTML."""
    return f"<pre>{escape(text)}</pre>"


def plain(text: str) -> str:
    """The text on one line, with nothing in it that could steer a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)


def count(number: int, what: str) -> str:
    """``1 row``, ``336,776 rows``."""
    many = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{number:,} {what if number == 1 else many}"


def size(number: float) -> str:
    """Bytes for people: ``1.4 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def when(moment: Micros) -> str:
    """A moment to the second, UTC."""
    return moment_text(moment)


def ago(moment: Micros) -> str:
    """How long ago a moment was: ``3 minutes ago``."""
    seconds = int((datetime.now(UTC) - to_datetime(moment)).total_seconds())
    for length, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            return f"{count(seconds // length, name) if name != 'day' else _days(seconds // length)} ago"
    return "just now"


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def _clip(cell: object) -> str:
    return _shortened(plain(str(cell)), _CELL)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def _pad(text: str, width: int, to_right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if to_right else text + space
