"""A call that is sent again with its key is done once."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jupyter_datasets.client.http import HttpTransport
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError, StorageError
from jupyter_datasets.server.repeats import Repeats
from jupyter_datasets.services.datasets.service import DatasetService
from tests.client.conftest import append, rows
from tests.server.conftest import Ask
from tests.server.serving import TOKEN, serving

KEY = {"Idempotency-Key": "first"}


async def test_the_same_call_gets_the_first_answer(ask: Ask, tmp_path: Path) -> None:
    """For everything that creates: datasets, references, edits, commits, uploads, jobs."""
    (tmp_path / "a.csv").write_text("n\n1\n")

    async def twice(path: str, body: Any) -> Any:
        first, second = [await ask("post", path, body, headers={"Idempotency-Key": path}) for _ in range(2)]
        assert (first.status, first.content) == (second.status, second.content), path
        assert first.status in (200, 201), first.content
        return first.json

    await twice("/datasets", {"name": "trips"})
    edit = await twice("/datasets/trips/edits", {})
    await ask("put", f"/datasets/trips/edits/{edit['id']}/files/a", b"a", headers={"Content-Type": BYTES})
    assert (await twice(f"/datasets/trips/edits/{edit['id']}/commit", {"message": "m"}))["commit"]["message"] == "m"
    await twice("/datasets/trips/refs", {"name": "v1", "kind": "tag"})
    await twice("/uploads", {"name": "a", "bytes": 1})
    await twice("/jobs", {"dataset": "trips", "source": {"path": str(tmp_path / "a.csv")}})
    assert len((await ask("get", "/jobs")).json["items"]) == 1


BYTES = "application/octet-stream"


async def test_a_key_stands_for_one_call(ask: Ask) -> None:
    """With another body or path it is refused, and named."""
    assert (await ask("post", "/datasets", {"name": "a"}, headers=KEY)).status == 201
    for path, body in (("/datasets", {"name": "b"}), ("/uploads", {"name": "a", "bytes": 1})):
        found = await ask("post", path, body, headers=KEY)
        assert (found.status, found.error["details"]) == (400, {"key": "first"})
        assert found.error["next_step"]
    for key in ("", "a b", "x" * 256, "\xe4"):
        found = await ask("post", "/datasets", {"name": "b"}, headers={"Idempotency-Key": key})
        assert (found.status, found.error["kind"]) == (400, "invalid-argument"), key
    assert [d["name"] for d in (await ask("get", "/datasets", headers=KEY)).json["items"]] == ["a"]


async def test_a_call_that_comes_while_the_first_is_at_work_waits(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both get its answer."""
    create = DatasetService.create
    monkeypatch.setattr(DatasetService, "create", lambda *a, **k: (time.sleep(0.5), create(*a, **k))[1])
    both = await asyncio.gather(*(ask("post", "/datasets", {"name": "a"}, headers=KEY) for _ in range(2)))
    assert [each.status for each in both] == [201, 201]
    assert both[0].content == both[1].content


async def test_a_refusal_is_an_answer_and_a_fault_is_none(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused is refused again; what the server failed to do may be tried again."""
    with monkeypatch.context() as patch:
        patch.setattr(DatasetService, "create", lambda *_: 1 / 0)
        assert (await ask("post", "/datasets", {"name": "a"}, headers=KEY)).status == 500
    assert (await ask("post", "/datasets", {"name": "a"}, headers=KEY)).status == 201
    for _ in range(2):
        found = await ask("post", "/datasets", {"name": "a"}, headers={"Idempotency-Key": "second"})
        assert (found.status, found.error["kind"]) == (409, "dataset-exists")
        await ask("delete", "/datasets/a")


async def test_what_is_remembered_has_bounds() -> None:
    """In number, the oldest going first, and in time; what is at work is never forgotten."""
    done: list[str] = []

    async def work(name: str) -> str:
        done.append(name)
        return name

    few = Repeats(most=2)
    for name in "aabca":
        assert await few.once(name, b"", lambda name=name: work(name)) == name
    assert "".join(done) == "abca"
    short = Repeats(seconds=0.0)
    await short.once("a", b"", lambda: work("x"))
    await short.once("a", b"other", lambda: work("y"))
    assert done[-2:] == ["x", "y"]
    with pytest.raises(InvalidInputError):
        await few.once("a", b"other", lambda: work("z"))


# --------------------------------------------------------------------------------------------------- the client's half


class Breaker:
    """A way to a server that breaks off when it has taken a call and before it gives the answer."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}{self._target.path}"
        self.breaks = b""
        self.broken = 0
        self.closed_afterwards = False

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        far = socket.create_connection((self._target.hostname or "", self._target.port or 0))
        to_break = threading.Event()
        threading.Thread(target=self._ask, args=(near, far, to_break), daemon=True).start()
        with near, far, suppress(OSError):
            while (answer := far.recv(1 << 20)) and not to_break.is_set():
                near.sendall(answer)
            near.shutdown(socket.SHUT_RDWR)
            far.shutdown(socket.SHUT_RDWR)

    def _ask(self, near: socket.socket, far: socket.socket, to_break: threading.Event) -> None:
        with suppress(OSError):
            while sent := near.recv(1 << 20):
                if self.breaks and self.breaks in sent:
                    self.breaks, self.broken = b"", self.broken + 1
                    to_break.set()
                    if self.closed_afterwards:
                        self.close()
                far.sendall(sent)
            far.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@contextmanager
def breaking(url: str) -> Iterator[Breaker]:
    breaker = Breaker(url)
    threading.Thread(target=breaker.serve, daemon=True).start()
    yield breaker
    breaker.close()


@pytest.fixture
def breaker(store: Path) -> Iterator[Breaker]:
    with serving(store) as served, breaking(served.url) as made:
        yield made


@pytest.fixture
def repo(breaker: Breaker) -> Iterator[Repository]:
    with Repository(HttpTransport(breaker.url, TOKEN)) as made:
        yield made


def test_a_commit_whose_answer_is_lost_is_made_once(repo: Repository, breaker: Breaker) -> None:
    """The client sends it again by itself and gets the commit."""
    trips = repo.create("trips")
    breaker.breaks = b"/commit HTTP"
    assert append(trips, 1, message="the only one").message == "the only one"
    breaker.breaks = b"/refs HTTP"
    trips.tag("v1")
    breaker.breaks = b"/undo HTTP"
    append(trips, 2)
    append(trips, 3)
    trips.undo("main")
    assert breaker.broken == 3
    assert rows(trips) == [1, 2]


def test_a_refusal_whose_answer_is_lost_is_told(repo: Repository, breaker: Breaker) -> None:
    """And not that the edit is over, which is what the second commit would be told."""
    trips = repo.create("trips")
    append(trips, 1)
    edit = repo._transport.begin_edit("trips", "main").id
    repo._transport.drop_table(edit, "trips")
    append(trips, 2)
    breaker.breaks = b"/commit HTTP"
    with pytest.raises(ConflictError) as caught:
        repo._transport.commit_edit(edit, "")
    assert (breaker.broken, caught.value.kind) == (1, ErrorKind.REF_MOVED)


def test_nothing_is_sent_to_a_server_that_has_come_anew(repo: Repository, breaker: Breaker) -> None:
    """One that was gone remembers no key: the client says that it does not know what was done."""
    trips = repo.create("trips")
    append(trips, 1)
    breaker.breaks, breaker.closed_afterwards = b"/undo HTTP", True
    with pytest.raises(StorageError, match="may have done") as caught:
        trips.undo("main")
    assert caught.value.kind is ErrorKind.SERVER_UNREACHABLE
