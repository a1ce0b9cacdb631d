"""The line at which a text begins to end its lines in another way."""

from __future__ import annotations

import gzip
from collections import deque
from pathlib import Path

import pytest

from jupyter_datasets.engine.line_ends import first_other_end
from jupyter_datasets.engine.readers import ReadAgain, ReadOptions, open_source
from jupyter_datasets.errors import ErrorKind, FileContentError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b\r\n1,2\n3", (2, "LF", "CR LF")),
        ("a,b\n1,2\r\n3", (2, "CR LF", "LF")),
        ("a,b\n1,2\r3,4\n", (2, "CR", "LF")),
        ("a\r1\r2\n", (3, "LF", "CR")),
        ("\n\na\r\n", (3, "CR LF", "LF")),
        ("a,b\n" * 300_000 + "1,2\r", (300_001, "CR", "LF")),
        ('a,"x\r\ny"\n1,5" pipe\r2\n', (3, "CR", "LF")),
        ('"say ""hi""\r",b\n1,2\r\n', (2, "CR LF", "LF")),
        ('a,"x\r\ny"\n1,2\n', None),
        ('a,"never closed\r\n\n', None),
        ("a", None),
    ],
)
def test_the_first_line_that_ends_otherwise_is_found(
    tmp_path: Path, text: str, found: tuple[int, str, str] | None
) -> None:
    """Lines are counted as an editor does; breaks in quotes are not ends, and a quote inside a field opens nothing."""
    path = tmp_path / "t.csv"
    path.write_text(text, newline="")
    other = first_other_end(path, b",", b'"')
    assert (None if other is None else (other.line, other.end, other.usual)) == found


def test_delimiter_and_quote_are_those_of_the_file(tmp_path: Path) -> None:
    """A break in other quotes is none either, and without quotes every break counts."""
    path = tmp_path / "t.csv"
    path.write_bytes(b"a:'x\n'\r\n1:2\n")
    other = first_other_end(path, b":", b"'")
    assert other is not None
    assert other.line == 3
    other = first_other_end(path, b":", b"")
    assert other is not None
    assert other.line == 2


def read(path: Path) -> None:
    """Read a file to its end."""
    source = open_source(path, ReadOptions(), present=None, scratch=path.parent, memory_mib=512, threads=1)
    while True:
        try:
            deque(source.batches(), maxlen=0)
            return
        except ReadAgain as again:
            source = again.source


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "odd\nname.csv"])
def test_a_line_end_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    """A carriage return alone among other line ends may be anything, so the line is named; in an archive as well."""
    content = b"a,b\n" + b"1,2\n" * 1000 + b"1,2\r3,4\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with pytest.raises(FileContentError, match="ends its lines in different ways") as caught:
        read(path)
    assert caught.value.kind is ErrorKind.FILE_FORMAT
    assert caught.value.details.get("row") == (1002 if "\n" not in name else None)
