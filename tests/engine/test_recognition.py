"""What a file is, by its first bytes and its name, and what is refused before it is cut into fields."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from jupyter_datasets.engine.readers import ReadOptions, check_file, open_source
from jupyter_datasets.errors import ErrorKind, FileContentError, InvalidInputError, NotFoundError

DOCUMENTS = {
    "an object": '{"a": 1,\n "b": [2]}',
    "JSON lines": '{"a": 1}\n{"a": 2}\n',
    "an empty object": "{}\n",
    "a list of objects": '\n[\n  {"a": 1},\n  {"a": 2}\n]\n',
    "a list of lists": json.dumps([[i, i] for i in range(20_000)]),
    "a list of numbers": "[1, 2, 3]\n",
    "a page": "<!DOCTYPE html>\n<html><body>Not found</body></html>\n",
    "a page without a type": "  <HTML>\n",
    "XML": '<?xml version="1.0"?>\n<a/>\n',
}
TABLES = {
    "names in angle brackets": "<DATE>\t<TIME>\n2026-01-31\t12:00:00\n",
    "a name in brackets": "[id],name\n1,x\n",
    "a name in braces": "{id},name\n1,x\n",
    "JSON in the second column": 'id,doc\n1,"{""a"": 1}"\n',
    "a control character between the fields": "a\x01b\n1\x012\n",
}


def write(folder: Path, content: bytes | str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def names(path: Path, **options: str) -> list[str]:
    """The columns that the reader finds."""
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    source = open_source(path, ReadOptions(**options), present=None, scratch=scratch, memory_mib=512, threads=1)
    return [column.name for column in source.columns]


def refusal(path: Path, **options: str) -> FileContentError:
    with pytest.raises(FileContentError) as caught:
        names(path, **options)
    return caught.value


@pytest.mark.parametrize("what", DOCUMENTS)
def test_a_document_is_no_table(tmp_path: Path, what: str) -> None:
    """JSON and pages of the web are refused by what they are, with what can be imported, whatever they are called."""
    word = "HTML" if DOCUMENTS[what].lstrip().startswith("<") else "JSON"
    for name in ("t.csv", "t.json", "t.txt"):
        error = refusal(write(tmp_path, DOCUMENTS[what], name))
        assert error.kind is ErrorKind.FILE_FORMAT
        assert error.message == f"{name} is {word}." or error.message == f"{name} is HTML or XML."
        assert "CSV and Parquet" in error.next_step


def test_a_document_is_seen_in_any_encoding_and_packing(tmp_path: Path) -> None:
    """A mark at the start, UTF-16 and compression hide nothing, and the error names the user's file."""
    text = DOCUMENTS["an object"]
    assert "JSON" in str(refusal(write(tmp_path, text.encode("utf-8-sig"))))
    assert "JSON" in str(refusal(write(tmp_path, text.encode("utf-16"))))
    assert "JSON" in str(refusal(write(tmp_path, text.encode("utf-16-le")), encoding="utf-16-le"))
    assert refusal(write(tmp_path, gzip.compress(text.encode()), "t.csv.gz")).message == "t.csv.gz is JSON."
    assert refusal(write(tmp_path, gzip.compress(b"%PDF-1.7"), "t.csv.gz")).message == "t.csv.gz is a PDF document."


def test_the_user_may_know_better(tmp_path: Path) -> None:
    """With the format given, a text is a table whatever it begins with and whatever its name says."""
    assert names(write(tmp_path, "<html>,b\n1,2\n"), format="csv") == ["<html>", "b"]
    assert names(write(tmp_path, "a,b\n1,2\n", "t.zip"), format="csv") == ["a", "b"]


@pytest.mark.parametrize("what", TABLES)
def test_a_table_may_begin_like_a_document(tmp_path: Path, what: str) -> None:
    """Brackets alone make no document, and a control character or two no binary file."""
    delimiter = {"delimiter": "\x01"} if "\x01" in TABLES[what] else {}
    assert len(names(write(tmp_path, TABLES[what]), **delimiter)) == 2


@pytest.mark.parametrize("name", ["t.zip", "t.csv.gz", "t.CSV.ZST"])
def test_a_text_that_is_called_an_archive_is_refused(tmp_path: Path, name: str) -> None:
    """It is more often a message than the table, so the user has to say that it is one."""
    error = refusal(write(tmp_path, "a,b\n1,2\n", name))
    assert error.message == f"{name} is plain text, not an archive as its name says."
    assert "format='csv'" in error.next_step


def test_bytes_that_no_text_holds_are_a_binary_file(tmp_path: Path) -> None:
    """Garbage is called so, with and without NUL bytes, rather than text in another encoding."""
    garbage = random.Random(7).randbytes(3000)
    assert "binary file" in str(refusal(write(tmp_path, garbage)))
    error = refusal(write(tmp_path, garbage.replace(b"\0", b"")))
    assert (error.kind, error.message) == (ErrorKind.FILE_FORMAT, "t.csv is a binary file of no known kind.")


def test_a_look_tells_what_it_can_without_reading(tmp_path: Path) -> None:
    """The check before an import refuses what the import would refuse, as far as the first bytes tell."""
    for error, path in {
        NotFoundError: tmp_path / "none.csv",
        InvalidInputError: tmp_path,
        FileContentError: write(tmp_path, DOCUMENTS["XML"]),
    }.items():
        with pytest.raises(error):
            check_file(path, ReadOptions())
    assert check_file(write(tmp_path, "a\n1\n2,3\n"), ReadOptions()) == "text"
