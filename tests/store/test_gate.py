"""The gate lets in many writers, or one who deletes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_datasets.errors import StorageError, StoreBusyError
from jupyter_datasets.store.gate import Gate

OTHER = """
import sys
from pathlib import Path
from jupyter_datasets.store.gate import Gate
with Gate(Path(sys.argv[1])).writing():
    print("inside", flush=True)
    sys.stdin.read()
"""


def test_writers_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Nor does one that is inside already."""
    gate = Gate(tmp_path / "staging")
    with gate.writing(), gate.writing(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: _pass(gate)).result(5)


def _pass(gate: Gate) -> bool:
    with gate.writing():
        return True


def test_who_deletes_waits_for_writers_and_gives_up(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    with gate.writing(), pytest.raises(StoreBusyError), gate.deleting(0.05):
        pass
    with gate.deleting(0.05):
        pass


def test_writers_wait_for_who_deletes(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        with gate.deleting(1):
            waiting = pool.submit(lambda: _pass(gate))
            with pytest.raises(TimeoutError):
                waiting.result(0.1)
        assert waiting.result(5)


def test_it_holds_between_processes_and_ends_with_them(tmp_path: Path) -> None:
    """A writer that is killed stands in nobody's way."""
    writer = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "inside\n"
        with pytest.raises(StoreBusyError), Gate(tmp_path).deleting(0.05):
            pass
        writer.kill()
    with Gate(tmp_path).deleting(1):
        pass


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_made_is_our_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError), Gate(tmp_path / "staging").writing():
        pass
