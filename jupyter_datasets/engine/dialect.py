"""How a text file is cut into rows and fields: delimiter, quote, and the first record."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_datasets.engine.failures import LONGEST_LINE, encoding_error, file_error
from jupyter_datasets.engine.options import ReadOptions
from jupyter_datasets.errors import ErrorKind

_DELIMITERS = (",", ";", "\t", "|")
_HEAD = 1 << 18
_LINES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """How to cut a text.

    Attributes
    ----------
    delimiter, quote
        One character; ``quote`` may be empty.
    blank
        Blank lines before the first record.
    first
        Fields of the first record.
    """

    delimiter: str
    quote: str
    blank: int
    first: tuple[str, ...]


def find_dialect(text: Path, options: ReadOptions, shown: Path) -> Dialect:
    """Look at the start of a UTF-8 text.

    Parameters
    ----------
    text
        The file to look at.
    options
        What the user said.
    shown
        The file that the user knows, for errors.

    Raises
    ------
    FileContentError
        There is no record, or no end of the first within :data:`~jupyter_datasets.engine.failures.LONGEST_LINE`.
    """
    head = _head(text, shown)
    quote = '"' if options.quote is None else options.quote
    stripped = head.lstrip("\r\n")
    if not stripped.strip():
        raise file_error(shown, "holds no text", ErrorKind.FILE_EMPTY, "Check that it was written to its end.")
    delimiter = options.delimiter or _delimiter(stripped, quote, tab_first=text.suffix.lower() in (".tsv", ".tab"))
    first = _first_record(stripped, delimiter, quote, shown)
    blank = len(re.findall(r"\r\n|\r|\n", head[: len(head) - len(stripped)]))
    return Dialect(delimiter=delimiter, quote=quote, blank=blank, first=first)


def _head(text: Path, shown: Path) -> str:
    with text.open("rb") as file:
        data = file.read(_HEAD)
        if not re.search(rb"[\r\n].*[^\r\n]", data, re.DOTALL):
            data += file.read(LONGEST_LINE)
        whole = not file.read(1)
    try:
        # Where the head ends, it may cut a character.
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=whole)
    except UnicodeDecodeError as error:
        raise encoding_error(shown, data.count(b"\n", 0, error.start) + 1) from error


def _delimiter(head: str, quote: str, *, tab_first: bool) -> str:
    """The delimiter that most lines hold equally often; of those, the one that cuts into most fields."""
    lines = [line for line in re.split(r"\r\n|\r|\n", _without_quoted(head, quote)) if line][:_LINES]
    if len(lines) > 2 and len(head) >= _HEAD // 2:
        lines.pop()
    order = ("\t", *_DELIMITERS) if tab_first else _DELIMITERS

    def score(delimiter: str) -> tuple[float, int]:
        counts = Counter(line.count(delimiter) for line in lines)
        expected = lines[0].count(delimiter)
        return (counts[expected] / len(lines), expected) if expected else (0.0, 0)

    return max(order, key=score)


def _without_quoted(head: str, quote: str) -> str:
    if not quote:
        return head
    q = re.escape(quote)
    return re.sub(rf"(^|[,;\t|\r\n]){q}(?:[^{q}]|{q}{q})*(?:{q}|\Z)", r"\1", head)


def _first_record(head: str, delimiter: str, quote: str, shown: Path) -> tuple[str, ...]:
    text = io.StringIO(head, newline=None)
    try:
        if not quote:
            return tuple(next(csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)))
        return tuple(next(csv.reader(text, delimiter=delimiter, quotechar=quote)))
    except csv.Error as error:
        raise file_error(
            shown,
            f"cannot be cut into fields in its first line: {error}",
            ErrorKind.FILE_FORMAT,
            "Give delimiter and quote.",
            row=1,
        ) from error


def looks_like_names(first: Sequence[str], typed_values: Sequence[bool], typed_columns: Sequence[bool]) -> bool:
    """Whether the first record names the columns.

    It does if it has a text where the column below holds another type; otherwise if nothing in it looks like a number,
    a date or another typed value. A file of texts alone therefore has a header.

    Parameters
    ----------
    first
        The record.
    typed_values
        Whether each of its fields is a value of another type than text.
    typed_columns
        Whether each column below, as far as it was looked at, has another type than text.
    """
    contradicts = any(
        column and text.strip() and not value
        for text, value, column in zip(first, typed_values, typed_columns, strict=True)
    )
    return contradicts or not any(typed_values)
