"""What is left of an import that failed: nothing, or what the message says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        (b'{"a": 1}', []),
        (b"\x89PNG and so on", []),
        (b"", []),
        (b"a,b\n1,2\n", ["--encoding", "none"]),
        (b"a,b\n1,2\n", ["--type", "a=NO_TYPE"]),
        (b"a,b\n1,2\n", ["t.9 lives?", "--create"]),
    ],
)
def test_what_is_seen_at_once_is_told_before_a_dataset_is_made(
    run: Run, tmp_path: Path, content: bytes, arguments: list[str]
) -> None:
    """A file that is no table, an option or a name that cannot be: no dataset, and nothing in the bin."""
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    shown = run("import", file, *arguments)
    assert shown.code == 1
    assert "bin" not in shown.err
    assert (run("ls", "--json").data, run("restore", "--list", "--json").data) == ([], [])


def test_what_is_seen_late_leaves_an_empty_dataset_in_the_bin_and_says_so(run: Run, tmp_path: Path) -> None:
    """The name is free again, and the message tells what lies in the bin."""
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,2\n3\n")
    shown = run("import", file)
    assert shown.code == 1
    assert "The empty dataset 't' that was made for it is in the bin." in shown.err
    assert [d["name"] for d in run("restore", "--list", "--json").data] == ["t"]
    file.write_text("a,b\n1,2\n")
    assert run("import", file).code == 0


def test_a_dataset_that_was_there_stays(run: Run, tmp_path: Path) -> None:
    """A failed import into it is no reason to delete it, nor to speak of the bin."""
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,2\n3\n")
    run("create", "t")
    assert "bin" not in run("import", file, "t").err
    assert [d["name"] for d in run("ls", "--json").data] == ["t"]
