"""Messages that name options of Python are told in the command line's own words."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from jupyter_datasets.cli.__main__ import command_parser
from jupyter_datasets.cli.spelling import READING, as_flags
from tests.cli.conftest import Run


def test_arguments_become_flags() -> None:
    """A value is quoted for a shell where it must be, a switch has two names, and other words stay as they are."""
    assert as_flags("Give header=True, or encoding='latin-1'.") == "Give --header, or --encoding latin-1."
    assert as_flags("header=False quote='' delimiter=';'") == "--no-header --quote '' --delimiter ';'"
    assert as_flags("a=1, other='x', 'header' and encoding") == "a=1, other='x', 'header' and encoding"


def test_types_become_a_flag_for_each_column() -> None:
    """However hostile a column's name is."""
    assert as_flags("Give types={'a': 'DOUBLE', 'b c': 'DECIMAL(9,2)'}.") == (
        "Give --type a=DOUBLE --type 'b c=DECIMAL(9,2)'."
    )
    name = """it's "x" \\ ; rm"""
    assert as_flags(f"types={ {name: 'DATE'} }") == f"--type {shlex.quote(f'{name}=DATE')}"
    assert as_flags("types={} and types={1: 'x'}") == "types={} and types={1: 'x'}"


@pytest.mark.parametrize("name", READING)
def test_every_option_that_is_told_is_a_flag_of_import(name: str) -> None:
    """What a message offers can be typed."""
    assert f"--{name}" in command_parser("import").format_help()


@pytest.mark.parametrize(
    ("content", "flag"),
    [
        ("a,b\nZürich,1\n".encode("latin-1"), "--encoding latin-1"),
        ("a,b\nx,1\n".encode("utf-16-le"), "--encoding utf-16-le"),
        (b'a,b\n1,"2\n', "--quote ''"),
        (b'{"a": 1}\n', "--format csv"),
    ],
)
def test_the_next_step_of_an_error_can_be_typed(run: Run, tmp_path: Path, content: bytes, flag: str) -> None:
    """A file that cannot be read names the flag that may help, for people and in JSON, and in the job afterwards."""
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    run("create", "t")
    assert flag in run("import", file, "t").err
    assert flag in run("import", file, "t", "--json").data["error"]["next_step"]
    assert flag in run("jobs", "show", run("jobs", "--json").data[0]["id"]).out


def test_a_warning_can_be_heeded(run: Run, tmp_path: Path) -> None:
    """The note about a missing header names the flag, which is taken."""
    file = tmp_path / "t.csv"
    file.write_text("1,2\n3,4\n")
    shown = run("import", file)
    assert "give --header." in shown.out
    assert run("import", file, "--header", "--json").data["rows"] == 1


def test_a_hint_about_text_can_be_heeded(run: Run, tmp_path: Path) -> None:
    """A decimal comma and zones are told with flags, which read the values when the file is imported again."""
    file = tmp_path / "t.csv"
    file.write_text("a;b\n1,5;2026-01-01 10:00:00+02:00\n2,5;2026-01-01 10:00:00-05:00\n")
    shown = run("import", file)
    assert "--decimal , and --type a=DOUBLE." in shown.out
    assert "--type b=TIMESTAMPTZ." in shown.out
    again = run("import", file, "--decimal", ",", "--type", "a=DOUBLE", "--type", "b=TIMESTAMPTZ", "--json")
    assert again.data["warnings"] == []
    assert [c["type"] for c in run("show", "t.t", "--json").data["columns"]] == ["DOUBLE", "TIMESTAMP WITH TIME ZONE"]


def test_the_format_can_be_told(run: Run, tmp_path: Path) -> None:
    """A text that is called otherwise is read with ``--format csv``, as the refusal says."""
    file = tmp_path / "t.zip"
    file.write_text("a,b\n1,2\n")
    assert "--format csv" in run("import", file).err
    assert run("import", file, "--format", "csv", "--json").data["rows"] == 1
