"""The quick parser of text reads what the careful one reads, or leaves the text to it."""

from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_datasets.engine.dialect import Dialect
from jupyter_datasets.engine.orderly import Disorderly, OrderlyText
from jupyter_datasets.engine.tabular import TextFile, read_texts
from jupyter_datasets.errors import FileContentError

FIELDS = st.text(alphabet='a"', max_size=3) | st.text(alphabet="a,\r\n", max_size=3).map(lambda text: f'"{text}"')


def lines_of(width: int) -> st.SearchStrategy[tuple[int, list[str]]]:
    """So many columns, and lines of so many fields."""
    lines = st.lists(st.lists(FIELDS, min_size=width, max_size=width).map(",".join), max_size=5)
    return st.tuples(st.just(width), lines)


def rows(path: Path, width: int = 2, *, trusted: bool) -> list[dict[str, str | None]]:
    """The file's rows by one of the parsers."""
    dialect = Dialect(delimiter=",", quote='"', blank=0, first=tuple(f"t{i}" for i in range(width)))
    file = TextFile(path=path, shown=path, dialect=dialect, header=True, nulls=(), trusted=trusted)
    with duckdb.connect() as connection:
        return [row for batch in read_texts(file, connection, range(width)) for row in batch.to_pylist()]


@given(text=lines_of(1) | lines_of(2), end=st.sampled_from(["\n", "\r\n", "\r"]))
@example(text=(2, ['"a""a",a']), end="\n")
@example(text=(2, ['"a"a,a']), end="\n")
@example(text=(2, ['a,"a,"a']), end="\n")
@example(text=(2, ['a,""a']), end="\n")
@example(text=(2, ['a,a"', '"a,a']), end="\n")
@example(text=(1, ["a", "", '""', ""]), end="\n")
@settings(max_examples=300, deadline=None)
def test_what_the_quick_parser_takes_it_reads_like_the_careful_one(
    tmp_path_factory: pytest.TempPathFactory, text: tuple[int, list[str]], end: str
) -> None:
    width, lines = text
    path = tmp_path_factory.mktemp("orderly") / "t.csv"
    header = ",".join(f"t{i}" for i in range(width))
    path.write_bytes(end.join([header, *lines, ""]).encode())
    try:
        quick = rows(path, width, trusted=True)
    except Disorderly:
        return
    with path.open(newline="") as source:
        # A blank line is no row of several columns, and a null in a single one.
        expected = [row or [""] for row in csv.reader(source, strict=True) if row or width == 1][1:]
    assert [[value or "" for value in row.values()] for row in quick] == expected
    with suppress(FileContentError):  # it is refused where line ends within quotes differ from those between
        assert quick == rows(path, width, trusted=False)


@pytest.mark.parametrize(
    "text", ['5" pipe,1\n', '"a"b,1\n', '"a" ,1\n', '"a,1\n', '"a,"b,1\n', "a\rb,1\nc,1\n", "a,1\nb,1\r"]
)
@pytest.mark.parametrize("block", [1, 2, 3, 5, 100])
def test_disorder_is_seen_wherever_blocks_end(tmp_path: Path, text: str, block: int) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, newline="")
    with OrderlyText(path, ",", '"') as source, pytest.raises(Disorderly):
        b"".join(iter(lambda: source.read(block), b""))


@pytest.mark.parametrize(
    "text", ['"a""b","c,d"\r\n"",1\r\n', "a,b\rc,d\r", '\ufeff"a",b\n"x\ny",""\n', '"""",1\na,"b"', ""]
)
@pytest.mark.parametrize("block", [1, 2, 3, 5, 100])
def test_order_is_seen_wherever_blocks_end(tmp_path: Path, text: str, block: int) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, newline="", encoding="utf-8")
    with OrderlyText(path, ",", '"') as source:
        assert b"".join(iter(lambda: source.read(block), b"")) == text.removeprefix("\ufeff").encode()


def test_lines_may_end_in_different_ways(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"t0,t1\n1,2\r\n3,4\n")
    assert rows(path, trusted=True) == [{"t0": "1", "t1": "2"}, {"t0": "3", "t1": "4"}]
    with pytest.raises(FileContentError, match="ends its lines in different ways"):
        rows(path, trusted=False)
