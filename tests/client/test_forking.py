"""A process that is forked while a repository is open: it ends by itself, and nothing of its parent's is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The parent works in the store, perhaps with a job under way, and forks; then it goes on.
SCRIPT = """
import multiprocessing, os, sys, tempfile
from pathlib import Path
import jupyter_datasets as jd

def folders():
    return sorted(each.name for each in Path(tempfile.gettempdir()).glob("jupyter-datasets-*"))

def work():
    try:
        repo["trips"]
    except jd.StoreBusyError as error:
        print("refused:", error.details["pid"] == os.getppid(), flush=True)
    repo.close()

store, file, job_runs = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "True"
repo = jd.connect(store)
trips = repo.create("trips")
with trips.edit() as edit:
    edit["trips"].append({"n": [1, 2]})
repo.sql("SELECT sum(n) FROM trips").to_arrow()
job = trips.import_file(file)
while not job.progress.rows:
    pass
if not job_runs:
    job.result()
before = folders()
child = multiprocessing.get_context("fork").Process(target=work)
child.start()
child.join(20)
print("ended:", child.exitcode, flush=True)
child.kill()
assert len(before) >= 2 and folders() == before, (before, folders())
print("rows:", job.result().rows, trips.table("trips").num_rows)
print("sum:", repo.sql("SELECT sum(n) FROM trips").fetchall())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("job_runs", [True, False])
def test_a_forked_child_ends_and_leaves_everything_to_its_parent(store: Path, tmp_path: Path, job_runs: bool) -> None:
    """It is refused the store, may close its copy, and does not wait for jobs that only its parent can end."""
    file, scratch = tmp_path / "large.csv", tmp_path / "scratch"
    file.write_text("n\n" + "1\n" * 1_500_000)
    scratch.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(store), str(file), str(job_runs)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == ["refused: True", "ended: 0", "rows: 1500000 2", "sum: [(3,)]"]


RAW = """
import os, sys
import jupyter_datasets as jd
with jd.connect(sys.argv[1]) as repo:
    trips = repo.create("trips")
    job = trips.import_file(sys.argv[2])
    while not job.progress.rows:
        pass
    if not os.fork():
        sys.exit()
    os.wait()
    print(job.result().rows)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_that_leaves_by_sys_exit_hangs_neither_at_the_block_nor_at_its_end(store: Path, tmp_path: Path) -> None:
    """The parent's job goes on and succeeds."""
    file = tmp_path / "large.csv"
    file.write_text("n\n" + "1\n" * 1_500_000)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RAW, str(store), str(file)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "1500000\n"), ended.stderr
