"""Tiny tasks for the tests of children, pool and runner; run in child processes."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import duckdb

from jupyter_datasets.errors import ErrorKind, FileContentError
from jupyter_datasets.services.jobs.reporter import Reporter

Plan = dict[str, Any]


def add(plan: Plan, reporter: Reporter) -> Plan:
    reporter.stage("adding", total=len(plan["numbers"]), unit="steps")
    reporter.advance(len(plan["numbers"]), rows=1, bytes=8)
    return {"sum": sum(plan["numbers"])}


def count(plan: Plan, reporter: Reporter) -> Plan:
    """Count to ``n`` in ``seconds``; leaves ``folder`` behind, where one is named. Its message is its process id."""
    reporter.message(str(os.getpid()))
    if plan.get("folder"):
        Path(plan["folder"]).mkdir()
    reporter.stage("counting", total=plan["n"], unit="rows")
    for _ in range(plan["n"]):
        time.sleep(plan["seconds"] / plan["n"])
        reporter.advance(1, rows=1)
    return {"counted": plan["n"]}


def wait_for_file(plan: Plan, _: Reporter) -> Plan:
    while not Path(plan["path"]).exists():
        time.sleep(0.01)
    return {}


def tell_folders(_: Plan, __: Reporter) -> Plan:
    return {"works in": os.getcwd(), "puts temporary files in": tempfile.gettempdir()}


def refuse(_: Plan, reporter: Reporter) -> Plan:
    reporter.message("about to refuse")
    raise FileContentError("Row 7 is ragged.", kind=ErrorKind.FILE_RAGGED, next_step="Mend it.", details={"row": 7})


def raise_foreign(_: Plan, __: Reporter) -> Plan:
    raise ZeroDivisionError("no such luck\n" + "x" * 10_000)


def run_out_of_space(_: Plan, __: Reporter) -> Plan:
    raise OSError(28, "No space left on device")


def give_no_json(_: Plan, __: Reporter) -> Plan:
    return {"set": {1, 2}}


def die(plan: Plan, _: Reporter) -> Plan:
    sys.stdout.write("last words")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.Signals[plan["signal"]])
    time.sleep(10)
    return {}


def leave(plan: Plan, _: Reporter) -> Plan:
    os._exit(plan["code"])


def allocate(plan: Plan, _: Reporter) -> Plan:
    held = []
    for _step in range(plan["mib"] // 16):
        held.append(b"x" * (16 << 20))
        time.sleep(0.01)
    return {"held": len(held)}


def ignore_cancel(plan: Plan, reporter: Reporter) -> Plan:
    reporter.stage("ignoring")
    end = time.monotonic() + plan["seconds"]
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except BaseException:
            continue
    return {}


def query(plan: Plan, reporter: Reporter) -> Plan:
    """A long query in another thread, which only the callback can end."""
    connection = duckdb.connect(config={"threads": 1})
    reporter.on_cancel(connection.interrupt)
    reporter.stage("querying")
    ended = threading.Event()

    def run() -> None:
        try:
            connection.execute("SELECT max(hash(i)) FROM range(100_000_000_000) t(i)").fetchall()
        except duckdb.InterruptException:
            Path(plan["path"]).write_text("interrupted")
        ended.set()

    threading.Thread(target=run).start()
    try:
        ended.wait()  # a join that is interrupted would take the thread for ended
    finally:
        ended.wait()
    return {}


def make_noise(_: Plan, __: Reporter) -> Plan:
    for _line in range(20_000):
        sys.stdout.write("noise " * 10 + "\n")
        sys.stderr.write("noise " * 10 + "\n")
    return {"quiet": False}


def echo(plan: Plan, _: Reporter) -> Plan:
    return plan


def describe(_: Plan, __: Reporter) -> Plan:
    return {
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "nice": os.nice(0),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "modules": sorted(sys.modules),
        "path": sys.path,
    }
