"""Where a text begins to end its lines in another way, for the people who have to mend it."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from pathlib import Path

_NAMES = {b"\r\n": "CR LF", b"\n": "LF", b"\r": "CR"}
_USUAL = {b"\r\n": rb"\r\n", b"\n": rb"\n", b"\r": rb"\r(?!\n)"}
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherEnd:
    """A line that ends otherwise than those before it.

    Attributes
    ----------
    line
        Its number, as an editor counts.
    end, usual
        How it ends, and how the others do: ``"LF"``, ``"CR LF"`` or ``"CR"``.
    """

    line: int
    end: str
    usual: str


def first_other_end(text: Path, delimiter: bytes, quote: bytes) -> OtherEnd | None:
    """The first line of a text that ends otherwise than the first one; line breaks in quotes do not count.

    Parameters
    ----------
    text
        A file that is not empty.
    delimiter, quote
        One character each; ``quote`` may be empty.
    """
    with text.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        first = _end_at(data, _eaten(data, delimiter, quote))
        if first is None:
            return None
        place = _eaten(data, delimiter, quote, _USUAL[first])
        other = _end_at(data, place)
        if other is None:
            return None
        return OtherEnd(line=_count(data, first[-1:], place) + 1, end=_NAMES[other], usual=_NAMES[first])


def _eaten(data: mmap.mmap, delimiter: bytes, quote: bytes, usual: bytes = rb"(?!)") -> int:
    """How far fields and the usual line ends reach from the start."""
    edges, q = rb"%s\r\n" % re.escape(delimiter), re.escape(quote)
    parts = [rb"[^\r\n%s]++" % q, usual]
    if quote:
        # A quote opens a field at its start alone; elsewhere it is a character like others.
        parts += [rb"(?<![^%s])%s(?:[^%s]|%s%s)*+%s?" % (edges, q, q, q, q, q), rb"(?<=[^%s])%s" % (edges, q)]
    found = re.match(rb"(?:%s)*+" % b"|".join(parts), data, re.DOTALL)
    return found.end() if found else 0


def _end_at(data: mmap.mmap, place: int) -> bytes | None:
    end = data[place : place + 2]
    return next((known for known in _NAMES if end.startswith(known)), None)


def _count(data: mmap.mmap, char: bytes, stop: int) -> int:
    return sum(data[start : min(start + _CHUNK, stop)].count(char) for start in range(0, stop, _CHUNK))
