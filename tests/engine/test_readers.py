"""What a file means, and what happens when it is not what it should be."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from jupyter_datasets.engine import conversion, tabular, unpacking
from jupyter_datasets.engine.readers import ColumnType, FileReport, ReadAgain, ReadOptions, Source, open_source
from jupyter_datasets.errors import DatasetsError, ErrorKind, FileContentError, InvalidInputError, NotFoundError


class Reading:
    """A file, read to its end."""

    def __init__(self, source: Source) -> None:
        self.restarts = 0
        while True:
            try:
                batches = list(source.batches())
                break
            except ReadAgain as again:
                self.restarts += 1
                source = again.source
        self.source = source
        self.table = pa.Table.from_batches(batches, source.arrow_schema)

    @property
    def types(self) -> list[str]:
        return [column.type for column in self.source.columns]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.source.columns]

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.table.to_pylist()]

    @property
    def report(self) -> FileReport:
        return self.source.report


class Files:
    """A folder to put files into, and to read them from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.scratch.mkdir()

    def write(self, content: str | bytes, name: str = "t.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def open(self, path: Path, present: Sequence[ColumnType] | None = None, **options: Any) -> Source:
        return open_source(
            path, ReadOptions(**options), present=present, scratch=self.scratch, memory_mib=512, threads=2
        )

    def append(self, content: str, present: Sequence[ColumnType], **options: Any) -> Reading:
        path, read = self.write(content), ReadOptions(**options)
        limits = {"memory_mib": 512, "threads": 2}
        return Reading(open_source(path, read, present=present, appends=True, scratch=self.scratch, **limits))

    def read(self, content: str | bytes, name: str = "t.csv", **options: Any) -> Reading:
        return Reading(self.open(self.write(content, name), **options))

    def refusal(self, content: str | bytes, name: str = "t.csv", **options: Any) -> DatasetsError:
        with pytest.raises(DatasetsError) as caught:
            self.read(content, name, **options)
        assert caught.value.next_step
        return caught.value


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def as_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every file as one of very many columns is read."""
    monkeypatch.setattr(tabular, "NARROW", 0)
    monkeypatch.setattr(tabular, "LONGEST_LINE", 1 << 16)
    monkeypatch.setattr(conversion, "NARROW", 0)
    monkeypatch.setattr("jupyter_datasets.engine.parquet.NARROW", 0)


# --------------------------------------------------------------------------------------------------------------------
# Types and nulls


def test_each_column_takes_the_type_that_all_its_values_fit(files: Files) -> None:
    found = files.read(
        "b,i,big,d,day,t,z,c,zip,s\n"
        "true,1,12345678901234567890,1.5,2026-01-31,2026-01-31 12:00:00,2026-01-31T12:00:00Z,12:00:00,01234,x\n"
        "False,-2,3,2,2026-02-01,2026-02-01T13:00:00.5,2026-02-01T13:00:00Z,13:00:00.5,99999,1\n"
    )
    assert found.types == [
        *("BOOLEAN", "BIGINT", "DECIMAL(38,0)", "DOUBLE", "DATE", "TIMESTAMP"),
        *("TIMESTAMP WITH TIME ZONE", "TIME", "VARCHAR", "VARCHAR"),
    ]
    assert found.rows[1][:4] == (False, -2, 3, 2.0)
    assert found.rows[0][8] == "01234"
    assert found.report.warnings == []


def test_an_empty_field_is_null_and_an_empty_text_in_quotes_is_not(files: Files) -> None:
    assert files.read('a,b\n,x\n"",y\n').rows == [(None, "x"), ("", "y")]


def test_words_for_null_count_in_typed_columns_only_and_are_reported(files: Files) -> None:
    found = files.read('i,d,s\n1,1.5,NA\nNA,NaN,x\n"",NULL,null\nNA,2,N/A\n')
    assert found.types == ["BIGINT", "DOUBLE", "VARCHAR"]
    assert found.table["i"].to_pylist() == [1, None, None, None]
    assert str(found.table["d"].to_pylist()) == "[1.5, nan, None, 2.0]"
    assert found.table["s"].to_pylist() == ["NA", "x", "null", "N/A"]
    assert found.report.nulls == {("i", "NA"): 2, ("i", ""): 1, ("d", "NULL"): 1}
    assert "In column 'i' 'NA' was taken for null 2 times." in found.report.warnings


def test_given_nulls_replace_the_words_in_every_column(files: Files) -> None:
    found = files.read('i,s\n1,-\n-,"-"\n2,NA\n', nulls=["-"])
    assert found.rows == [(1, None), (None, None), (2, "NA")]
    assert found.report.nulls == {}


def test_a_decimal_comma_is_read_when_asked_for(files: Files) -> None:
    found = files.read("a;b;c\n1,5;1.500;2026-01-31\n-2;2;2026-02-01\n", decimal=",")
    assert found.types == ["DOUBLE", "VARCHAR", "DATE"]
    assert found.table["a"].to_pylist() == [1.5, -2.0]


def test_a_column_without_values_at_first_takes_its_type_from_the_whole_file(files: Files) -> None:
    lines = ["a,b,c", *["1,,"] * 30_000, "2,7,"]
    found = files.read("\n".join(lines))
    assert found.types == ["BIGINT", "BIGINT", "VARCHAR"]
    assert found.restarts == 0


# --------------------------------------------------------------------------------------------------------------------
# Surprises


@pytest.mark.parametrize(
    ("late", "kind"),
    [
        ("1.5", "DOUBLE"),
        ("007", "VARCHAR"),
        ("12345678901234567890", "DECIMAL(38,0)"),
        ("x", "VARCHAR"),
        ("1e3", "DOUBLE"),
        ("-0", "DOUBLE"),
        (" 7", "BIGINT"),
    ],
)
def test_a_late_value_widens_a_column_that_nobody_declared(files: Files, late: str, kind: str) -> None:
    found = files.read("\n".join(["a,b", *(f"{i},x" for i in range(1, 100_001)), f"{late},y"]))
    assert found.types == [kind, "VARCHAR"]
    assert found.table.num_rows == found.source.rows_read == 100_001
    assert found.restarts == (kind != "BIGINT")
    if found.restarts:
        widened = found.report.widened["a"]
        assert (widened.before, widened.after, widened.row, widened.value) == ("BIGINT", kind, 100_002, late)
        assert str(found.table["a"][0]) in ("1", "1.0")


def test_all_columns_that_must_widen_do_so_in_one_restart(files: Files) -> None:
    lines = ["a,b,c", *["1,2026-01-31,1.5"] * 50_000, "2.5,2026-01-31,1", *["1,2026-01-31,1"] * 50_000, "1,soon,NA"]
    found = files.read("\n".join(lines))
    assert (found.types, found.restarts) == (["DOUBLE", "VARCHAR", "DOUBLE"], 1)
    assert {name: w.row for name, w in found.report.widened.items()} == {"a": 50_002, "b": 100_003}
    assert found.report.nulls == {("c", "NA"): 1}
    assert any("row 50002 held '2.5'" in sentence for sentence in found.report.warnings)


def test_integers_that_a_double_cannot_hold_become_text_rather_than_lose_digits(files: Files) -> None:
    found = files.read("\n".join(["a", "9007199254740993", *["1"] * 40_000, "1.5"]))
    assert found.types == ["VARCHAR"]
    assert found.rows[0] == ("9007199254740993",)


def test_a_declared_type_fails_and_names_row_column_and_value(files: Files) -> None:
    content = "\n".join(["id,n", *(f"{i},{i}" for i in range(40_000)), "x,1.5"])
    error = files.refusal(content, types={"n": "INTEGER"})
    assert isinstance(error, FileContentError)
    assert error.kind is ErrorKind.FILE_VALUE
    assert (error.details["row"], error.details["column"], error.details["value"]) == (40_002, "n", "1.5")


def test_declared_types_are_kept_whatever_the_values_look_like(files: Files) -> None:
    types = {"ZIP": "varchar", "n": "smallint", "p": "decimal(10,2)", "b": "bool"}
    found = files.read("zip,n,p,b\n1,007,1.50,1\n2,+5,NA,no\n", types=types)
    assert found.types == ["VARCHAR", "SMALLINT", "DECIMAL(10,2)", "BOOLEAN"]
    assert [str(value) for value in found.rows[0]] == ["1", "7", "1.50", "True"]
    assert found.report.nulls == {("p", "NA"): 1}


def test_a_type_for_an_unknown_column_is_refused_with_the_nearest(files: Files) -> None:
    error = files.refusal("delay\n1\n", types={"dely": "BIGINT"})
    assert error.details["suggestions"] == ["delay"]


def test_the_types_of_the_table_are_tried_first(files: Files) -> None:
    present = [
        ColumnType(name="a", type="VARCHAR"),
        ColumnType(name="b", type="INTEGER"),
        ColumnType(name="c", type="DATE"),
    ]
    path = files.write("A,b,c,d\n1,2,2026-01-31,1\n3,4000000000,2026-01-31 12:00:00,2\n")
    found = Reading(files.open(path, present))
    assert found.types == ["VARCHAR", "BIGINT", "TIMESTAMP", "BIGINT"]
    assert found.names == ["A", "b", "c", "d"]
    assert set(found.report.widened) == {"b", "c"}


def test_appended_rows_make_no_column_of_the_table_text(files: Files) -> None:
    """The first such value is refused; a type that is given reads it, and numbers still widen."""
    table = [ColumnType(name="a", type="BIGINT"), ColumnType(name="b", type="VARCHAR")]
    with pytest.raises(FileContentError, match="'007' in row 3 of column 'a', which is no BIGINT") as caught:
        files.append("a,b\n1,x\n007,y\n", table)
    assert caught.value.kind is ErrorKind.FILE_VALUE
    assert "types={'a': 'BIGINT'}" in caught.value.next_step
    assert files.append("a,b\n1,x\n007,y\n", table, types={"a": "BIGINT"}).rows == [(1, "x"), (7, "y")]
    assert files.append("a,b\n1,x\n1.5,y\n", table).types == ["DOUBLE", "VARCHAR"]


HINTS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "a decimal comma": ("a;b\n1,5;x\n-2,25;y\n;z\n", {}, ["decimal=',' and types={'a': 'DOUBLE'}"]),
    "in quotes": ('a,b\n"1,5",x\n"2,5",y\n', {}, ["decimal=',' and types={'a': 'DOUBLE'}"]),
    "a decimal point": ("a;b\n1.5;x\n", {"decimal": ","}, ["decimal='.' and types={'a': 'DOUBLE'}"]),
    "both columns": ("a;b\n1,5;2,5\n", {}, ["Columns 'a', 'b' were"]),
    "zones": ("t,u\n2026-01-01 10:00:00+02:00,1\n2026-07-01T10:00:00-05,2\n", {}, ["types={'t': 'TIMESTAMPTZ'}"]),
    "text": ("a,b\nx,2026\ny,1\n", {}, []),
    "codes": ("a;b\n007;x\n08;y\n", {}, []),
    "some numbers": ("a;b\n1,5;x\ntwo;y\n", {}, []),
    "thousands": ('a;b\n"1,000,000";x\n', {}, []),
    "a declared text": ("a;b\n1,5;x\n", {"types": {"A": "VARCHAR"}}, []),
    "late text": ("a;b\n" + "1,5;x\n" * 100 + "x;y\n", {}, []),
}


@pytest.mark.parametrize(("content", "options", "hints"), HINTS.values(), ids=HINTS.keys())
def test_text_that_an_option_would_read_is_told(
    files: Files, content: str, options: dict[str, Any], hints: list[str]
) -> None:
    """Numbers with another decimal mark and times with zones stay text, and the report says how to read them."""
    found = files.read(content, **options)
    assert len(found.report.notes) == len(hints)
    assert all(hint in note for hint, note in zip(hints, found.report.notes, strict=True))
    assert found.types[0] == "VARCHAR" or not hints


def test_a_text_column_of_the_table_gets_no_hint(files: Files) -> None:
    """It was chosen to be text."""
    path = files.write("a;b\n1,5;x\n")
    found = Reading(files.open(path, [ColumnType(name="A", type="VARCHAR")]))
    assert found.report.notes == []


@pytest.mark.usefixtures("as_wide")
def test_a_wide_file_means_the_same_as_a_narrow_one(files: Files) -> None:
    content = 'i,d,s,t,e\n1,1.5,NA,2026-01-31,\nNA,NaN,"a\nb",2026-02-01,""\n' + '"",2,x,2026-02-02,\n' * 3
    found = files.read(content)
    assert found.types == ["BIGINT", "DOUBLE", "VARCHAR", "DATE", "VARCHAR"]
    assert found.rows[0][0] == 1
    assert found.rows[1][2] == "a\nb"
    assert [row[4] for row in found.rows] == [None, "", None, None, None]
    assert found.report.nulls == {("i", "NA"): 1, ("i", ""): 3}


@pytest.mark.usefixtures("as_wide")
def test_surprises_in_a_wide_file_are_found_like_in_a_narrow_one(files: Files) -> None:
    lines = ["a,b", *(f"{i},{i}" for i in range(30_000)), "1.5,7"]
    found = files.read("\n".join(lines))
    assert (found.types, found.report.widened["a"].row) == (["DOUBLE", "BIGINT"], 30_002)
    assert files.refusal("\n".join(lines), types={"a": "BIGINT"}).details["row"] == 30_002
    assert files.refusal("a,b\n1,2\n3\n").kind is ErrorKind.FILE_RAGGED
    assert files.refusal(b"a,b\n1,\xff\n").kind is ErrorKind.FILE_ENCODING
    assert files.read("a,b").names == ["a", "b"]


# --------------------------------------------------------------------------------------------------------------------
# Header and dialect


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("a,b\n1,2\n", ["a", "b"]),
        ("a,b\nx,y\n", ["a", "b"]),
        ("1,2\n3,4\n", ["column_1", "column_2"]),
        ("country,1990\nx,2\n", ["column_1", "column_2"]),
        ("x,2026-01-31\ny,2026-02-01\n", ["column_1", "column_2"]),
        ("1,b\n1,2\n", ["1", "b"]),
        ("\n\na,b\n1,2\n", ["a", "b"]),
        ('"a\nx",b\n1,2\n', ["a\nx", "b"]),
        ("a,b\r\n1,2\r\n", ["a", "b"]),
        ("a,b\r1,2\r", ["a", "b"]),
        ("\ufeffa,b\n1,2\n", ["a", "b"]),
    ],
)
def test_the_first_line_names_the_columns_unless_it_looks_like_values(
    files: Files, content: str, names: list[str]
) -> None:
    found = files.read(content)
    assert found.names == names
    assert found.table.num_rows == (2 if names[0] == "column_1" else 1)
    assert any("header=True" in warning for warning in found.report.warnings) == (names[0] == "column_1")


def test_header_can_be_told(files: Files) -> None:
    assert files.read("1990,2000\n1,2\n", header=True).names == ["1990", "2000"]
    assert files.read("a,b\nx,y\n", header=False).rows == [("a", "b"), ("x", "y")]
    first = files.read("\n".join(["a", *["1"] * 30_000]), header=False)
    assert (first.types, first.report.widened["column_1"].row) == (["VARCHAR"], 1)


def test_a_header_that_repeats_the_table_is_a_header(files: Files) -> None:
    present = [ColumnType(name="1990", type="BIGINT"), ColumnType(name="2000", type="BIGINT")]
    assert Reading(files.open(files.write("1990,2000\n1,2\n"), present)).rows == [(1, 2)]


def test_empty_and_doubled_names_are_repaired_and_reported(files: Files) -> None:
    found = files.read("a,A,,a_2, \n1,2,3,4,5\n", header=True)
    assert found.names == ["a", "A_3", "column_3", "a_2", "column_5"]
    assert found.report.renamed == {2: "A_3", 3: "column_3", 5: "column_5"}
    assert len(found.report.warnings) == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(files: Files, delimiter: str) -> None:
    rows = [f"name{delimiter}note{delimiter}n", *(f'"x, y; z"{delimiter}a b{delimiter}{i}' for i in range(5))]
    found = files.read("\n".join(rows))
    assert found.names == ["name", "note", "n"]
    assert found.rows[4] == ("x, y; z", "a b", 4)


def test_other_delimiters_and_quotes_can_be_told(files: Files) -> None:
    assert files.read("a:b\n'x:y':2\n", delimiter=":", quote="'").rows == [("x:y", 2)]
    assert files.read('a,b\n"x,2\n', quote="").rows == [('"x', 2)]


def test_line_breaks_and_doubled_quotes_in_quotes_are_kept(files: Files) -> None:
    assert files.read('a,b\n"x\r\ny","say ""hi"""\n').rows == [("x\r\ny", 'say "hi"')]


def test_a_header_alone_gives_no_rows(files: Files) -> None:
    found = files.read("a,b\n")
    assert (found.names, found.types, found.rows) == (["a", "b"], ["VARCHAR", "VARCHAR"], [])
    assert any("no rows" in warning for warning in found.report.warnings)


# --------------------------------------------------------------------------------------------------------------------
# Bad input


def test_a_ragged_row_is_refused_with_its_line_and_its_fields(files: Files) -> None:
    error = files.refusal("a,b\n" + "1,2\n" * 500_000 + "1,2,3\n")
    assert error.kind is ErrorKind.FILE_RAGGED
    assert (error.details["row"], error.details["expected"], error.details["found"]) == (500_002, 2, 3)
    assert files.refusal("a,b\n1,2\n3\n").details["found"] == 1


@pytest.mark.parametrize("content", ["", "\n\n", " \n"])
def test_an_empty_file_is_refused(files: Files, content: str) -> None:
    assert files.refusal(content).kind is ErrorKind.FILE_EMPTY


def test_text_that_is_not_utf8_is_refused_with_line_and_offer(files: Files) -> None:
    for lines in (1, 200_000):
        error = files.refusal(b"a,b\n" + b"1,2\n" * lines + "1,Zürich\n".encode("latin-1"))
        assert error.kind is ErrorKind.FILE_ENCODING
        assert error.details["row"] == lines + 2
        assert "latin-1" in error.next_step
        assert "cp1252" in error.next_step


def test_other_encodings_are_read_when_asked_for_or_marked(files: Files) -> None:
    content = "a,b\nZürich,1\n"
    assert files.read(content.encode("latin-1"), encoding="latin-1").rows == [("Zürich", 1)]
    assert files.read("a\n€\n".encode("cp1252"), encoding="cp1252").rows == [("€",)]
    assert files.read(content.encode("utf-16")).rows == [("Zürich", 1)]
    assert files.read(content.encode("utf-16-be"), encoding="utf-16-be").rows == [("Zürich", 1)]
    assert files.refusal(b"a\nx\n\x81\n", encoding="cp1252").details["row"] == 3


def test_utf16_without_a_mark_is_refused(files: Files) -> None:
    error = files.refusal("a,b\nx,1\n".encode("utf-16-le"))
    assert error.kind is ErrorKind.FILE_ENCODING
    assert "utf-16-le" in error.next_step


@pytest.mark.parametrize("content", ['a,b\n1,"2\n3,4\n', 'a,b\n1,"2" x\n3,4\n', "a\n" + "x" * (17 << 20) + "\n"])
def test_text_that_cannot_be_cut_is_refused(files: Files, content: str) -> None:
    error = files.refusal(content)
    assert error.kind is ErrorKind.FILE_FORMAT
    assert len(str(error)) < 400


def test_a_binary_file_is_recognised(files: Files) -> None:
    assert "PNG" in str(files.refusal(b"\x89PNG\r\n\x1a\n" + bytes(100)))
    assert files.refusal(bytes(range(1, 256)) * 10 + bytes(3)).kind is ErrorKind.FILE_ENCODING


def test_what_cannot_be_opened_is_refused(files: Files) -> None:
    with pytest.raises(NotFoundError, match="no file"):
        files.open(files.folder / "none.csv")
    with pytest.raises(InvalidInputError, match="folder"):
        files.open(files.folder)
    os.mkfifo(files.folder / "pipe")
    with pytest.raises(InvalidInputError, match="regular"):
        files.open(files.folder / "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused(files: Files) -> None:
    path = files.write("a\n1\n")
    path.chmod(0)
    with pytest.raises(InvalidInputError, match="permission"):
        files.open(path)


@pytest.mark.parametrize("name", ["data_*.csv", "a[1].csv", "q?.csv", "it's.csv", "a\\b.csv", "k=1.csv", "é.csv"])
def test_a_name_never_reads_its_neighbours_nor_adds_columns(files: Files, name: str) -> None:
    for other in ("data_1.csv", "a1.csv", "qx.csv"):
        files.write("a\n1\n", other)
    found = files.read("a\n7\n", name)
    assert (found.names, found.rows) == (["a"], [(7,)])


# --------------------------------------------------------------------------------------------------------------------
# Compressed files


def zipped(files: Files, members: dict[str, bytes], name: str = "t.zip") -> Path:
    path = files.folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def test_compressed_files_are_unpacked(files: Files) -> None:
    content = b"a,b\n1,x\n"
    assert files.read(gzip.compress(content), "t.csv.gz").rows == [(1, "x")]
    assert files.read(pa.compress(content, "zstd", asbytes=True), "t.csv.zst").rows == [(1, "x")]
    assert Reading(files.open(zipped(files, {"../../t.csv": content, "__MACOSX/t": b"x"}))).rows == [(1, "x")]
    unnamed = files.read(gzip.compress(content), "t.csv")
    assert unnamed.rows == [(1, "x")]
    assert "compressed" in unnamed.report.warnings[0]


def test_damaged_archives_are_refused(files: Files) -> None:
    content = os.urandom(100_000).hex().encode()
    for packed, name in ((gzip.compress(content), "t.csv.gz"), (pa.compress(content, "zstd", asbytes=True), "t.zst")):
        assert "cut short" in str(files.refusal(packed[: len(packed) // 2], name))
    assert "cut short" in str(files.refusal(zipped(files, {"t.csv": content}).read_bytes()[:9000], "u.zip"))
    broken = bytearray(gzip.compress(content))
    broken[-6] ^= 1
    assert "damaged" in str(files.refusal(bytes(broken), "t.csv.gz"))


def test_an_archive_must_hold_one_table(files: Files) -> None:
    for members in ({"a.csv": b"a\n", "b.csv": b"b\n"}, {}, {"[Content_Types].xml": b"<", "x": b""}):
        with pytest.raises(FileContentError) as caught:
            files.open(zipped(files, members))
        assert caught.value.kind is ErrorKind.FILE_FORMAT
    assert "archive in an archive" in str(files.refusal(gzip.compress(gzip.compress(b"a\n1\n")), "t.csv.gz"))


def test_a_bomb_is_refused_before_it_fills_the_disk(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_BYTES", 4 << 20)
    bomb = b"0" * (64 << 20)
    assert "200 times" in str(files.refusal(gzip.compress(bomb), "t.csv.gz"))
    assert (files.scratch / "unpacked").stat().st_size < len(bomb) // 4
    (files.scratch / "unpacked").unlink()
    with pytest.raises(FileContentError, match="200 times"):
        files.open(zipped(files, {"t.csv": bomb}))
    assert not (files.scratch / "unpacked").exists()


# --------------------------------------------------------------------------------------------------------------------
# Parquet


def parquet(files: Files, table: pa.Table, name: str = "t.parquet") -> Path:
    path = files.folder / name
    pq.write_table(table, path)
    return path


def test_parquet_keeps_names_types_and_values(files: Files) -> None:
    table = pa.table({"i": pa.array([1, None], pa.int16()), "s": [{"x": [1, 2]}, None], "b": [True, False]})
    found = Reading(files.open(parquet(files, table)))
    assert found.types == ["SMALLINT", "STRUCT(x BIGINT[])", "BOOLEAN"]
    assert found.table.to_pylist() == table.to_pylist()
    assert found.source.bytes_read == found.source.size


def test_doubled_and_empty_names_in_parquet_are_repaired(files: Files) -> None:
    table = pa.Table.from_arrays([pa.array([i]) for i in range(4)], names=["a", "A", "", "a"])
    found = Reading(files.open(parquet(files, table)))
    assert (found.names, found.rows) == (["a", "A_2", "column_3", "a_3"], [(0, 1, 2, 3)])


def test_declared_types_of_parquet_columns_must_hold_all_values(files: Files) -> None:
    path = parquet(files, pa.table({"a": [1, 2, 300], "d": [1.0, 2.0, 2.5], "s": ["1", "2", None]}))
    found = Reading(files.open(path, types={"a": "SMALLINT", "s": "BIGINT"}))
    assert found.types == ["SMALLINT", "DOUBLE", "BIGINT"]
    for column, kind, row in (("a", "TINYINT", 3), ("d", "BIGINT", 3)):
        with pytest.raises(FileContentError) as caught:
            Reading(files.open(path, types={column: kind}))
        assert (caught.value.kind, caught.value.details["row"]) == (ErrorKind.FILE_VALUE, row)
    with pytest.raises(InvalidInputError, match="no column"):
        files.open(path, types={"x": "BIGINT"})


@pytest.mark.parametrize(("unit", "micros"), [("s", 10**6), ("ms", 1000), ("us", 1)])
def test_spans_of_time_in_parquet_are_intervals(files: Files, unit: str, micros: int) -> None:
    """They are kept to the microsecond; those that travel as no interval are refused with their row."""
    found = Reading(files.open(parquet(files, pa.table({"d": pa.array([5, None, -1], pa.duration(unit))}))))
    assert found.types == ["INTERVAL"]
    assert [row[0] and row[0].nanoseconds for row in found.rows] == [5 * micros * 1000, None, -micros * 1000]
    limit = (2**63 - 1) // 1000 // micros
    for sign in (1, -1):
        found = Reading(files.open(parquet(files, pa.table({"d": pa.array([sign * limit], pa.duration(unit))}))))
        assert found.rows[0][0].nanoseconds == sign * limit * micros * 1000
        longer = pa.table({"d": pa.array([0, sign * (limit + 1)], pa.duration(unit))})
        with pytest.raises(FileContentError, match="row 2 of column 'd', which is no INTERVAL"):
            Reading(files.open(parquet(files, longer)))


def test_nanoseconds_in_parquet_are_intervals_when_nothing_is_lost(files: Files) -> None:
    """A part of a microsecond is refused; as the number that is stored the user may have it."""
    whole = parquet(files, pa.table({"d": pa.array([2000, None, -1000], pa.duration("ns"))}))
    assert [row[0] and row[0].nanoseconds for row in Reading(files.open(whole)).rows] == [2000, None, -1000]
    part = parquet(files, pa.table({"d": pa.array([2000, -1001], pa.duration("ns"))}))
    with pytest.raises(FileContentError, match="'-1001' in row 2 of column 'd'"):
        Reading(files.open(part))
    assert Reading(files.open(part, types={"d": "BIGINT"})).rows == [(2000,), (-1001,)]


_LONG = pa.array([Decimal(10) ** 40], pa.decimal256(41, 0))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (_LONG, "decimal256(41, 0)"),
        (pa.array([_LONG.to_pylist()], pa.list_(_LONG.type)), "decimal256(41, 0)"),
        (pa.array([{"s": 1}], pa.struct([("s", pa.duration("s"))])), "duration[s]"),
        (pa.array(pd.period_range("2024-01", periods=1, freq="M")), "period"),
    ],
    ids=["decimal", "list", "struct", "period"],
)
def test_parquet_columns_that_would_be_other_values_are_refused(files: Files, values: pa.Array, kind: str) -> None:
    """The error names the column and its type, and says what to do."""
    with pytest.raises(FileContentError, match="column 'x'") as caught:
        files.open(parquet(files, pa.table({"n": [1], "x": values})))
    assert caught.value.kind is ErrorKind.UNSUPPORTED_TYPE
    assert caught.value.details["type"] == kind
    assert "Write the file again" in caught.value.next_step


def test_digits_are_not_lost_to_a_declared_type_and_short_decimals_are_kept(files: Files) -> None:
    with pytest.raises(FileContentError, match="decimal256"):
        files.open(parquet(files, pa.table({"x": _LONG})), types={"x": "VARCHAR"})
    short = pa.table({"x": pa.array([Decimal("1.25")], pa.decimal256(38, 2))})
    found = Reading(files.open(parquet(files, short)))
    assert (found.types, found.rows) == (["DECIMAL(38,2)"], [(Decimal("1.25"),)])


def test_a_parquet_column_without_values_is_text_or_what_the_table_says(files: Files) -> None:
    """It is told; a declared type goes before that of the table."""
    path = parquet(files, pa.table({"n": [1, 2], "x": pa.nulls(2)}))
    found = Reading(files.open(path))
    assert (found.types, found.rows) == (["BIGINT", "VARCHAR"], [(1, None), (2, None)])
    assert found.report.warnings == ["Column 'x' holds no values; it is VARCHAR."]
    present = [ColumnType(name="x", type="DATE")]
    assert Reading(files.open(path, present)).types == ["BIGINT", "DATE"]
    assert Reading(files.open(path, present, types={"x": "DOUBLE"})).types == ["BIGINT", "DOUBLE"]


@pytest.mark.usefixtures("as_wide")
def test_wide_parquet_means_the_same_as_narrow(files: Files) -> None:
    test_parquet_keeps_names_types_and_values(files)
    test_doubled_and_empty_names_in_parquet_are_repaired(files)
    test_declared_types_of_parquet_columns_must_hold_all_values(files)
    test_spans_of_time_in_parquet_are_intervals(files, "ms", 1000)
    test_nanoseconds_in_parquet_are_intervals_when_nothing_is_lost(files)
    test_a_parquet_column_without_values_is_text_or_what_the_table_says(files)
    encoded = pa.table({"d": pa.array(["x", None, "y"]).dictionary_encode()})
    assert Reading(files.open(parquet(files, encoded))).rows == [("x",), (None,), ("y",)]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_ten_thousand_columns_are_read(files: Files, kind: str) -> None:
    table = pa.table({f"c{i}": pa.array([i, i + 1, None]) for i in range(10_000)})
    if kind == "parquet":
        path = parquet(files, table)
    else:
        path = files.folder / "t.csv"
        pa_csv.write_csv(table, path)
    found = Reading(files.open(path))
    assert set(found.types) == {"BIGINT"}
    assert found.table.equals(table)


def test_damaged_parquet_is_refused(files: Files) -> None:
    content = parquet(
        files, pa.table({"a": list(range(100_000)), "s": [f"{i:x}" for i in range(100_000)]})
    ).read_bytes()
    middle = bytearray(content)
    middle[4:3000] = bytes(2996)
    for damaged in (content[:-100], content[: len(content) // 2], content[:10], bytes(middle)):
        assert files.refusal(damaged, "t.parquet").kind is ErrorKind.FILE_FORMAT


def test_a_file_is_read_as_what_it_is_or_refused(files: Files) -> None:
    path = parquet(files, pa.table({"a": [1]}), "t.csv")
    found = Reading(files.open(path))
    assert found.rows == [(1,)]
    assert "is a Parquet file" in found.report.warnings[0]
    with pytest.raises(FileContentError, match="not text"):
        files.open(path, format="csv")
    assert "not a Parquet file" in str(files.refusal("a\n1\n", "t.parquet"))
    assert files.read("a\n1\n", "t.parquet", format="csv").rows == [(1,)]
    assert Reading(files.open(files.write(gzip.compress(path.read_bytes()), "t.parquet.gz"))).rows == [(1,)]


# --------------------------------------------------------------------------------------------------------------------
# Walls


def test_reading_reaches_no_other_file(files: Files) -> None:
    other = files.write("a\n1\n", "other.csv")
    source = files.open(files.write("a\n1\n"))
    connection = source._connection  # type: ignore[attr-defined]  # the wall itself is under test
    with pytest.raises(duckdb.PermissionException):
        connection.execute(f"FROM read_csv('{other}')").fetchall()
    with pytest.raises(duckdb.Error):
        connection.execute("FROM read_csv('https://127.0.0.1:1/x.csv')").fetchall()


def test_progress_ends_at_the_size_of_the_file(files: Files) -> None:
    path = files.write(gzip.compress(b"a,b\n" + b"12345,abcdefgh\n" * 300_000), "t.csv.gz")
    source = files.open(path)
    seen = []
    for _ in source.batches():
        seen.append(source.bytes_read)
    assert seen == sorted(seen)
    assert 0 < seen[0] < source.size == source.bytes_read == path.stat().st_size


def test_rows_keep_the_order_of_the_file_whatever_the_threads(files: Files) -> None:
    """Words for null in several columns make the checks long; two threads read a file of several buffers."""
    lines = (f"{n},{'NA' if n % 7 == 0 else n},{'NULL' if n % 11 == 0 else n * 2}" for n in range(400_000))
    found = files.read("\n".join(["n,a,b", *lines]) + "\n").table.column("n")
    assert found.to_pylist() == list(range(400_000))
