"""The connections that queries run on."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from jupyter_datasets.engine.pool import Engine


def test_what_does_not_fit_into_memory_goes_to_a_private_folder_until_the_engine_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is put into the folder in which the user works."""
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    engine = Engine(1, lambda _: None)
    with engine.cursor() as connection:
        connection.execute("SET memory_limit = '64MiB'")
        connection.execute("CREATE TABLE much AS SELECT hash(range) AS h FROM range(16_000_000)")
        (folder,) = temporary.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert list(folder.iterdir())
    engine.close()
    assert list(temporary.iterdir()) == []
    assert list(here.iterdir()) == []
