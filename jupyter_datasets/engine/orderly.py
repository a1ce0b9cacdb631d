"""Texts in which every quote opens or closes a field: those that PyArrow's quick parser reads as they are meant.

It takes ``"ab"c`` for ``abc`` and any carriage return for the end of a line, where DuckDB's parser would refuse. So the
bytes are looked at on their way into it.
"""

from __future__ import annotations

import codecs
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

_CR, _LF = b"\r", b"\n"
_CHUNK = 1 << 18  # bytes that fit into a processor's cache, with what is computed from them


class Disorderly(Exception):
    """The text is not orderly, or PyArrow finds another fault in it; DuckDB's parser shall have it."""


class OrderlyText(io.RawIOBase):
    """A file without its mark, checked while it is read.

    Parameters
    ----------
    path
        The text.
    delimiter, quote
        One ASCII character; ``quote`` may be empty.

    Raises
    ------
    Disorderly
        From ``read``, once it is seen.
    """

    def __init__(self, path: Path, delimiter: str, quote: str) -> None:
        self._file = path.open("rb", buffering=0)
        if self._file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            self._file.seek(0)
        self._quote = ord(quote) if quote else None
        self._edges = np.zeros(256, dtype=np.bool_)
        self._edges[[ord(char) for char in ("\r", "\n", delimiter, *quote)]] = True
        self._open = 0
        # Stands for the start and the end of the text, where a quote may be as well.
        self._edge = delimiter.encode()
        # The byte that waits for its successor, and the one before it.
        self._last = self._edge
        self._lone_cr = self._lf = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size) or b""
        for start in range(0, len(data), _CHUNK):
            self._check(data[start : start + _CHUNK])
        if not data:
            self._check_end()
        return data

    def close(self) -> None:
        self._file.close()
        super().close()

    def _check(self, data: bytes) -> None:
        window = self._last + data
        self._check_quotes(window)
        self._check_lines(window[:-1])
        self._last = window[-2:]

    def _check_end(self) -> None:
        window = self._last + self._edge
        self._check_quotes(window)
        self._check_lines(window)
        if self._open:
            raise Disorderly("A quote is not closed.")

    def _check_quotes(self, window: bytes) -> None:
        """Judge the quotes between the first byte and the last, which are their neighbours."""
        if self._quote is None:
            return
        data = np.frombuffer(window, np.uint8)
        quotes = np.flatnonzero(data[1:-1] == self._quote) + 1
        opening, closing = quotes[self._open :: 2], quotes[1 - self._open :: 2]
        if not (self._at_edges(data, opening - 1) and self._at_edges(data, closing + 1)):
            raise Disorderly("A quote stands within a field.")
        self._open = (self._open + quotes.size) % 2

    def _at_edges(self, data: npt.NDArray[np.uint8], places: npt.NDArray[np.int64]) -> bool:
        return bool(self._edges[data[places]].all())

    def _check_lines(self, window: bytes) -> None:
        """Look for carriage returns that stand alone; the last byte's successor is not known yet."""
        self._lf = self._lf or _LF in window
        if _CR in window:
            alone = window.count(_CR) - window.count(_CR + _LF) - window.endswith(_CR)
            self._lone_cr = self._lone_cr or alone > 0
        if self._lone_cr and self._lf:
            raise Disorderly("A carriage return stands within a line.")
