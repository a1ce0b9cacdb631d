from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_datasets.errors import (
    DatasetsError,
    ErrorKind,
    FileContentError,
    InternalError,
    JobCancelledError,
    JobFailedError,
    StorageError,
)
from jupyter_datasets.services.jobs.models import Progress
from jupyter_datasets.workers.pool import Pool


class Watcher:
    """An observer that keeps what it saw, and stops the task once ``stop`` says so."""

    def __init__(self, stop: Callable[[Watcher], bool] = lambda _: False) -> None:
        self.seen: list[Progress] = []
        self._stop = stop

    def progress(self, progress: Progress) -> None:
        self.seen.append(progress)

    def going(self) -> bool:
        return not self._stop(self)


def perform(pool: Pool, task: str, plan: dict[str, Any] | None = None, watcher: Watcher | None = None) -> Any:
    with pool.lease() as child:
        return child.perform(f"sample_tasks:{task}", plan or {}, watcher or Watcher())


def started(watcher: Watcher) -> bool:
    return any(progress.stage for progress in watcher.seen)


def test_a_task_gets_its_plan_and_gives_its_result(pool: Pool) -> None:
    assert perform(pool, "add", {"numbers": [1, 2, 3]}) == {"sum": 6}


def test_a_child_works_in_a_private_folder_that_goes_with_it(pool: Pool) -> None:
    found = perform(pool, "tell_folders")
    folder = Path(found["works in"])
    assert found["puts temporary files in"] == str(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    pool.close()
    assert not folder.exists()


def test_plans_and_results_of_many_megabytes_pass(pool: Pool) -> None:
    plan = {"text": ["é" * 1000] * 5000}
    assert perform(pool, "echo", plan) == plan


def test_the_last_progress_of_a_short_task_is_seen(pool: Pool) -> None:
    watcher = Watcher()
    perform(pool, "add", {"numbers": [1, 2]}, watcher)
    last = watcher.seen[-1]
    assert (last.stage, last.done, last.total, last.rows, last.bytes) == ("adding", 2, 2, 1, 8)


def test_progress_comes_while_the_task_runs(pool: Pool) -> None:
    watcher = Watcher()
    perform(pool, "count", {"n": 20, "seconds": 0.8}, watcher)
    counts = [progress.done for progress in watcher.seen]
    assert counts == sorted(counts)
    assert len(set(counts)) >= 4


def test_an_error_of_ours_arrives_whole(pool: Pool) -> None:
    with pytest.raises(FileContentError, match="ragged") as caught:
        perform(pool, "refuse")
    assert caught.value.kind is ErrorKind.FILE_RAGGED
    assert (caught.value.next_step, caught.value.details) == ("Mend it.", {"row": 7})


def test_a_foreign_exception_becomes_short_and_shows_no_traceback(pool: Pool) -> None:
    with pytest.raises(InternalError, match="ZeroDivisionError: no such luck") as caught:
        perform(pool, "raise_foreign")
    assert len(str(caught.value)) < 600
    assert "Traceback" not in str(caught.value)


def test_a_full_disk_is_a_storage_error(pool: Pool) -> None:
    with pytest.raises(StorageError) as caught:
        perform(pool, "run_out_of_space")
    assert caught.value.kind is ErrorKind.STORAGE_FULL


@pytest.mark.parametrize("task", ["sample_tasks:missing", "no_such_module:task"])
def test_a_task_that_cannot_be_loaded_is_named(pool: Pool, task: str) -> None:
    with pool.lease() as child, pytest.raises(InternalError, match=task):
        child.perform(task, {}, Watcher())


def test_a_result_that_is_not_json_is_our_mistake(pool: Pool) -> None:
    with pytest.raises(InternalError, match="TypeError"):
        perform(pool, "give_no_json")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGTERM"])
def test_a_child_that_dies_is_reported_by_its_signal(pool: Pool, name: str) -> None:
    with pytest.raises(JobFailedError, match=name) as caught:
        perform(pool, "die", {"signal": name})
    assert caught.value.details["signal"] == name
    assert "last words" in caught.value.details["stderr"]
    assert caught.value.next_step
    assert perform(pool, "add", {"numbers": [1]}) == {"sum": 1}


def test_a_child_that_exits_in_the_middle_is_reported(pool: Pool) -> None:
    with pytest.raises(JobFailedError, match="code 3"):
        perform(pool, "leave", {"code": 3})


def test_a_task_above_the_ceiling_is_killed() -> None:
    pool = Pool(modules=["sample_tasks"], ceiling=256 << 20)
    with pytest.raises(JobFailedError, match="256 MiB are the most") as caught:
        perform(pool, "allocate", {"mib": 2048})
    pool.close()
    assert caught.value.kind is ErrorKind.MEMORY_EXCEEDED
    assert "memory_mib" in caught.value.next_step


def test_a_cancelled_task_ends_within_two_seconds(pool: Pool) -> None:
    perform(pool, "add", {"numbers": []})
    begun = time.monotonic()
    with pytest.raises(JobCancelledError):
        perform(pool, "count", {"n": 1000, "seconds": 60}, Watcher(started))
    assert time.monotonic() - begun < 2.0


def test_a_task_that_ignores_cancelling_is_killed_within_two_seconds(pool: Pool) -> None:
    begun: list[float] = []

    def stop(watcher: Watcher) -> bool:
        if started(watcher):
            begun.append(time.monotonic())
        return bool(begun)

    with pytest.raises(JobCancelledError):
        perform(pool, "ignore_cancel", {"seconds": 30}, Watcher(stop))
    assert time.monotonic() - begun[0] < 2.0


def test_a_task_cancelled_before_it_starts_never_runs(pool: Pool, tmp_path: Path) -> None:
    folder = tmp_path / "left"
    with pytest.raises(JobCancelledError):
        perform(pool, "count", {"n": 1, "seconds": 5, "folder": str(folder)}, Watcher(lambda _: True))
    assert not folder.exists()


def test_cancelling_calls_back_so_that_queries_in_other_threads_end(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "ended"
    with pytest.raises(JobCancelledError):
        perform(pool, "query", {"path": str(path)}, Watcher(started))
    assert path.read_text() == "interrupted"


def test_what_a_task_prints_disturbs_nothing(pool: Pool) -> None:
    assert perform(pool, "make_noise") == {"quiet": False}


def test_a_child_is_modest_and_sees_little_of_the_environment(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("JUPYTER_DATASETS_TOKEN", "secret")
    told = perform(pool, "describe")
    assert "secret" not in told["environment"].values()
    assert told["environment"]["PATH"] == os.environ["PATH"]
    assert told["nice"] >= 10
    assert told["core"] == [0, 0]


def test_a_child_imports_neither_catalog_nor_sqlalchemy(pool: Pool) -> None:
    modules = perform(pool, "describe")["modules"]
    assert {"duckdb", "pyarrow", "sample_tasks"} <= set(modules)
    assert not [name for name in modules if name.startswith(("sqlalchemy", "jupyter_datasets.catalog"))]


def test_a_file_beside_the_user_never_passes_for_a_module(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "duckdb.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    monkeypatch.syspath_prepend(tmp_path)
    assert perform(pool, "add", {"numbers": [4]}) == {"sum": 4}


_PARENT = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from jupyter_datasets.workers.process import ChildProcess

class Watcher:
    def progress(self, progress):
        if progress.stage:
            print(child.pid, flush=True)
    def going(self):
        return True

child = ChildProcess(modules=[], ceiling=1 << 30)
child.perform("sample_tasks:" + sys.argv[2], {"seconds": 60, "n": 1000, "path": "/dev/null"}, Watcher())
"""


@pytest.mark.parametrize("task", ["count", "query"])
def test_no_child_outlives_a_parent_that_is_killed(task: str) -> None:
    command = [sys.executable, "-c", _PARENT, json.dumps(sys.path), task]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    assert gone(pid, within=1.5)


def gone(pid: int, within: float) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("action", ["kill", "enospc"])
def test_faults_reach_the_child(pool: Pool, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    monkeypatch.setenv("JUPYTER_DATASETS_FAULT", f"child.task-start:{action}")
    with pytest.raises(DatasetsError, match="SIGKILL" if action == "kill" else "no room"):
        perform(pool, "add", {"numbers": [1]})
