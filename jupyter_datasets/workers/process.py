"""One child process, seen from its parent."""

from __future__ import annotations

import logging
import os
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from jupyter_datasets.engine import scratch
from jupyter_datasets.services.jobs.models import Progress
from jupyter_datasets.services.jobs.service import cancelled
from jupyter_datasets.wire import error_from_json
from jupyter_datasets.workers.failures import from_exit, memory_exceeded
from jupyter_datasets.workers.messages import Inbox, Message, encode

TICK = 0.05  # seconds between two looks at a running task
CANCEL_GRACE = 1.2  # seconds from asking a task to stop to killing it; the whole cancel has 2 s, on a busy machine too
_MEMORY_INTERVAL = 0.2  # seconds
_STDERR_KEPT = 64 << 10
_CHUNK = 1 << 16
_CLOSE_GRACE = 0.2  # seconds
_KEPT_VARIABLES = re.compile(
    r"PATH|HOME|LANG|LC_.*|JUPYTER_DATASETS_FAULT|PYTHONPATH|PYTHONHOME|LD_LIBRARY_PATH|DYLD_.*"
)
_log = logging.getLogger(__name__)


class Observer(Protocol):
    """Who watches a task from this side."""

    def progress(self, progress: Progress) -> None:
        """Take the newest progress."""

    def going(self) -> bool:
        """Whether the task shall go on; asked many times a second."""


class ChildProcess:
    """A child that runs one task at a time. Used by one thread at a time.

    It works in a temporary folder of its own, which goes with it however it ends.

    Parameters
    ----------
    modules
        What the child imports ahead of time.
    ceiling
        Bytes of memory of its own above which the child is killed. (A limit on address space cannot do this: DuckDB and
        Arrow reserve five times what they use.)
    """

    def __init__(self, *, modules: Sequence[str], ceiling: int) -> None:
        self._ceiling = ceiling
        self._harmed = False
        self._stop_at: float | None = None
        self._memory_at = 0.0
        self._outbox = bytearray()
        self._inbox = Inbox()
        self._stderr = b""
        folder = scratch.new_folder()
        self._remove_folder = scratch.goes_with(self, folder)
        self._process, self._stdin, self._answers, self._errors = _spawn(folder)
        self._selector = selectors.DefaultSelector()
        for descriptor in (self._answers, self._errors):
            self._selector.register(descriptor, selectors.EVENT_READ)
        self._post({"hello": {"path": [p for p in sys.path if os.path.isabs(p)], "modules": list(modules)}})

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def reusable(self) -> bool:
        """Whether it can take another task: it lives, no task in it was cancelled, and little memory stayed behind."""
        return not self._harmed and self._process.poll() is None and _own_memory(self.pid) < self._ceiling // 2

    def perform(self, task: str, plan: Message, observer: Observer) -> Message:
        """Run ``module:function`` on the plan and give its result.

        Raises
        ------
        JobCancelledError
            When the observer stopped it.
        DatasetsError
            What the task raised; JobFailedError when the child died or used too much memory.
        """
        self._post({"task": task, "plan": plan})
        answer = self._await_answer(observer)
        if self._stop_at is not None or "cancelled" in answer:
            raise cancelled()
        if "error" in answer:
            _log.debug("A task failed:\n%s", answer["traceback"])
            raise error_from_json(answer["error"])
        result: Message = answer["result"]
        return result

    def _await_answer(self, observer: Observer) -> Message:
        while True:
            for message in self._poll():
                if "progress" not in message:
                    return message
                observer.progress(Progress.model_validate(message["progress"]))
            self._check_life()
            self._check_stop(observer)
            self._check_memory()

    def _check_life(self) -> None:
        if self._answers in self._selector.get_map():
            return
        self._harmed = True
        code = self._process.wait()
        stderr = self._last_words()
        _log.debug("A child ended with code %s; its last words:\n%s", code, stderr)
        raise cancelled() if self._stop_at is not None else from_exit(code, stderr)

    def _check_stop(self, observer: Observer) -> None:
        if self._stop_at is None:
            if not observer.going():
                self._harmed = True  # the task may be interrupted anywhere, in the middle of an import too
                self._stop_at = time.monotonic() + CANCEL_GRACE
                self._post({"cancel": True})
        elif time.monotonic() > self._stop_at:
            self.kill()
            raise cancelled()

    def _check_memory(self) -> None:
        if time.monotonic() < self._memory_at:
            return
        self._memory_at = time.monotonic() + _MEMORY_INTERVAL
        if (used := _own_memory(self.pid)) > self._ceiling:
            self.kill()
            raise memory_exceeded(used, self._ceiling)

    def kill(self) -> None:
        """End the child at once."""
        self._harmed = True
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the child and let go of its pipes. It goes by itself when its input closes, else it is killed."""
        self._harmed = True
        self._selector.close()
        os.close(self._stdin)
        try:
            self._process.wait(_CLOSE_GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
        os.close(self._answers)
        os.close(self._errors)
        self._remove_folder()

    def _post(self, message: Message) -> None:
        if not self._outbox:
            self._selector.register(self._stdin, selectors.EVENT_WRITE)
        self._outbox += encode(message)

    def _poll(self) -> list[Message]:
        """Write and read what can be written and read within a tick; the messages that came."""
        messages: list[Message] = []
        for key, _ in self._selector.select(TICK):
            if key.fd == self._stdin:
                self._write()
            elif key.fd == self._errors:
                self._keep_stderr()
            else:
                messages += self._inbox.feed(self._read(key.fd))
        return messages

    def _write(self) -> None:
        try:
            del self._outbox[: os.write(self._stdin, self._outbox[:_CHUNK])]
        except BrokenPipeError:  # it died, which its other pipes will tell
            self._outbox.clear()
        if not self._outbox:
            self._selector.unregister(self._stdin)

    def _keep_stderr(self) -> None:
        self._stderr = (self._stderr + self._read(self._errors))[-_STDERR_KEPT:]

    def _last_words(self) -> str:
        with suppress(BlockingIOError):
            while self._errors in self._selector.get_map():
                self._keep_stderr()
        return self._stderr.decode(errors="replace")

    def _read(self, descriptor: int) -> bytes:
        data = os.read(descriptor, _CHUNK)
        if not data:
            self._selector.unregister(descriptor)
        return data


def _spawn(folder: str) -> tuple[subprocess.Popen[bytes], int, int, int]:
    """Start a child in a folder; the process and this side's ends of its input, its answers and its stderr."""
    input_end, stdin = os.pipe()
    answers, answers_end = os.pipe()
    errors, errors_end = os.pipe()
    try:
        process = subprocess.Popen(
            # -P: a file in the user's folder must not pass for one of our modules.
            [sys.executable, "-P", "-m", "jupyter_datasets.workers.child", str(answers_end), str(os.getpid())],
            stdin=input_end,
            stdout=errors_end,
            stderr=errors_end,
            pass_fds=(answers_end,),
            env={**_environment(), "TMPDIR": folder},
            cwd=folder,
            process_group=0,  # Ctrl-C in the terminal is for us, and we decide
        )
    except OSError:
        for descriptor in (stdin, answers, errors):
            os.close(descriptor)
        raise
    finally:
        for descriptor in (input_end, answers_end, errors_end):
            os.close(descriptor)
    for descriptor in (stdin, answers, errors):
        os.set_blocking(descriptor, False)
    return process, stdin, answers, errors


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if _KEPT_VARIABLES.fullmatch(name)}
    root = Path(__file__).parents[2]
    if root.name not in ("site-packages", "dist-packages"):  # else it is found anyway, and must not precede the rest
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [kept.get("PYTHONPATH"), str(root)]))
    return kept


def _own_memory(pid: int) -> int:
    """Bytes of memory of the process's own: without pages of files, which the system can take back."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return _resident_memory(pid)
    return sum(int(amount) << 10 for amount in re.findall(r"Rss(?:Anon|Shmem):\s+(\d+) kB", status))


def _resident_memory(pid: int) -> int:
    """The same where there is no ``/proc``, pages of files included; 0 when the process is gone."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return int(told.stdout.strip() or 0) << 10
