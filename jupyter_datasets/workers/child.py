"""The main of a worker's child process: ``python -m jupyter_datasets.workers.child <fd for answers> <parent's pid>``.

Requests come as JSON lines on stdin: ``{"hello": {"path", "modules"}}`` first, then ``{"task", "plan"}`` for each task
and ``{"cancel": true}``. Answers go as JSON lines to their own descriptor: ``progress`` many times, then one of
``result``, ``error`` and ``cancelled``. What tasks print goes to stderr. The process ends with its parent.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import logging
import os
import queue
import resource
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jupyter_datasets import faults
from jupyter_datasets.errors import InternalError
from jupyter_datasets.services.jobs.reporter import Reporter
from jupyter_datasets.wire import error_to_json
from jupyter_datasets.workers.failures import from_exception
from jupyter_datasets.workers.messages import Inbox, Message, encode

NICENESS = 10
PROGRESS_INTERVAL = 0.1  # seconds
_PARENT_CHECK = 1.0  # seconds
_PRELOAD = ("duckdb", "pyarrow", "pyarrow.parquet")
_log = logging.getLogger(__name__)


class TaskCancelled(BaseException):
    """Raised in the main thread in the middle of a task; not an ``Exception``, so that tasks let it through."""


class Answers:
    """The way back to the parent; whole lines from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb")
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Send one message."""
        line = encode(message)
        with self._lock:
            self._file.write(line)
            self._file.flush()


class Worker:
    """Runs one task after the other in the main thread, while another thread listens to the parent.

    The parent never uses a child again in which it cancelled a task.
    """

    def __init__(self, answers: Answers, parent: int) -> None:
        self._answers = answers
        self._parent = parent
        self._requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._reporter = Reporter()
        self._cancelled = False
        self._interruptible = False

    def serve(self) -> None:
        """Take requests until the parent goes away, which ends the process from the listening thread."""
        signal.signal(signal.SIGINT, self._interrupt)
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        _settle(self._requests.get()["hello"])
        while True:
            self._answers.send(self._answer(self._requests.get()))

    def _answer(self, request: Message) -> Message:
        self._reporter = Reporter()
        try:
            with self._progress():
                result = self._run(request)
            json.dumps(result)
        except (TaskCancelled, KeyboardInterrupt):
            return {"cancelled": True}
        except Exception as error:
            return {"error": error_to_json(from_exception(error)), "traceback": traceback.format_exc()}
        return {"result": result}

    def _run(self, request: Message) -> Any:
        task = _load(request["task"])
        faults.reach("child.task-start")
        try:
            self._interruptible = True
            if self._cancelled:
                raise TaskCancelled
            return task(request["plan"], self._reporter)
        finally:
            self._interruptible = False

    def _interrupt(self, *_: object) -> None:
        if self._interruptible and self._cancelled:
            self._interruptible = False
            raise TaskCancelled

    @contextmanager
    def _progress(self) -> Iterator[None]:
        """Send the progress several times a second, and once more at the end."""
        done = threading.Event()
        thread = threading.Thread(target=self._send_progress, args=(self._reporter, done), name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _send_progress(self, reporter: Reporter, done: threading.Event) -> None:
        last = None
        while last is None or not done.is_set():
            done.wait(PROGRESS_INTERVAL)
            if self._cancelled:  # again, for an interrupt between two queries is lost on DuckDB
                self._call_back()
            progress = reporter.snapshot()
            if progress != last:
                self._answers.send({"progress": progress.model_dump()})
            last = progress

    def _listen(self) -> None:
        """Read requests; end the process as soon as the parent's pipe closes or the parent is another one."""
        inbox = Inbox()
        while os.getppid() == self._parent:
            if not select.select([0], [], [], _PARENT_CHECK)[0]:
                continue
            data = os.read(0, 1 << 16)
            if not data:
                break
            for message in inbox.feed(data):
                self._take(message)
        os._exit(0)

    def _take(self, message: Message) -> None:
        if "cancel" in message:
            self._cancel()
        else:
            self._requests.put(message)

    def _cancel(self) -> None:
        self._cancelled = True
        self._call_back()
        # Sent to the main thread itself, so that a system call in which it waits ends too.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _call_back(self) -> None:
        for error in self._reporter.cancel():
            _log.debug("A callback on cancelling failed.", exc_info=error)


def _settle(hello: Message) -> None:
    """Be modest, leave no core file, and import ahead of time what tasks need."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # if memory runs out, this process shall go and not the user's
        Path("/proc/self/oom_score_adj").write_text("500")
    faulthandler.enable()
    known = set(sys.path)
    sys.path += [folder for folder in hello["path"] if folder not in known]
    _preload([*_PRELOAD, *hello["modules"]])


def _preload(modules: Sequence[str]) -> None:
    for module in modules:
        with suppress(ImportError):  # the task that needs it will tell
            importlib.import_module(module)


def _load(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise InternalError(f"The task {name!r} could not be loaded: {error}") from error
    return found  # type: ignore[no-any-return]  # what a registry names as a task is one


if __name__ == "__main__":
    Worker(Answers(int(sys.argv[1])), int(sys.argv[2])).serve()
