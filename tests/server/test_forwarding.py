"""A server whose store another server holds: that one answers, and nobody notices."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import jupyter_datasets as jd
from jupyter_datasets.catalog.holder import find_holder
from jupyter_datasets.client.http import HttpTransport
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.container import build
from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.server.bodies import Spool
from jupyter_datasets.server.handlers import data
from jupyter_datasets.server.routes import BASE
from jupyter_datasets.settings import Settings
from tests.client.conftest import append, rows
from tests.server.conftest import Ask, table
from tests.server.serving import TOKEN, Served, serving

OURS = {"Authorization": f"token {TOKEN}"}
ARROW = "application/vnd.apache.arrow.stream"
BYTES = {"Content-Type": "application/octet-stream"}
MIB = 1 << 20


def eventually(holds: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def route(served: Served, path: str) -> str:
    return served.url.rstrip("/") + BASE + path


@pytest.fixture
def holder(store: Path) -> Iterator[Served]:
    """The server that holds the store."""
    with serving(store) as served:
        HttpTransport.reach(served.url, TOKEN).close(wait=False)
        eventually(lambda: (note := find_holder(store)) and note.url)
        yield served


@pytest.fixture
def second(holder: Served, store: Path) -> Iterator[Served]:  # noqa: ARG001  # it comes first
    """Another one, which came later."""
    with serving(store, "/second/") as served:
        yield served


@pytest.fixture
def repo(second: Served) -> Iterator[Repository]:
    """A client elsewhere, of the second one."""
    with Repository(HttpTransport(second.url, TOKEN, near=False)) as made:
        yield made


@contextmanager
def announced(store: Path, url: str, token: str = TOKEN) -> Iterator[None]:
    """This process holds the store, and says that it is served there."""
    container = build(Settings(store=store), program="a server")
    with container.database.serve(url, token):
        yield
    container.close()


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# --------------------------------------------------------------------------------------------------------- what passes


def test_what_the_second_server_is_asked_the_first_one_does(repo: Repository, holder: Served, tmp_path: Path) -> None:
    """Rows, files and imports go through it in both directions, larger than what is kept in memory."""
    (tmp_path / "big.bin").write_bytes(bytes(range(256)) * 40_000)
    (tmp_path / "more.csv").write_text("n\n1\n2\n")
    trips = repo.create("trips")
    with trips.edit() as edit:
        edit["trips"].append({"n": list(range(2_000_000))})
        edit["odd"].append(table())
        edit.attach(tmp_path / "big.bin")
    assert trips.import_file(tmp_path / "more.csv").result(60).rows == 2
    with Repository(HttpTransport(holder.url, TOKEN)) as first:
        for seen in (repo["trips"], first["trips"]):
            assert seen.table("trips").to_arrow()["n"].to_pylist()[-1] == 1_999_999
            assert rows(seen, table="more") == [1, 2]
            assert seen["main"].files["big.bin"].read() == (tmp_path / "big.bin").read_bytes()
        digests = [seen["main"]["trips"].digest() for seen in (repo["trips"], first["trips"])]
    assert digests[0] == digests[1]


def test_answers_are_those_of_the_holder(second: Served, holder: Served) -> None:
    """With their status and headers; errors too. Whether the server lives it says itself."""
    for served in (holder, second):
        assert httpx.get(route(served, "/version"), headers=OURS).json()["store"]["path"]
        assert httpx.get(route(served, "/health/live"), headers=OURS).status_code == 200
        assert httpx.get(route(served, "/health/ready"), headers=OURS).status_code == 200
    made = httpx.post(route(second, "/datasets"), json={"name": "ä b"}, headers=OURS)
    assert made.status_code == 201
    assert httpx.get(route(second, "/datasets/%C3%A4%20b"), headers=OURS).json() == made.json()
    missing = httpx.get(route(second, "/datasets/nothing"), headers=OURS)
    assert (missing.status_code, missing.json()["error"]["kind"]) == (404, "dataset-not-found")
    assert missing.headers["X-Request-ID"] == missing.json()["error"]["request_id"]
    bad = httpx.get(route(second, "/jobs?limit=0&_xsrf=x"), headers=OURS)
    assert (bad.status_code, bad.json()["error"]["details"]["place"]) == (400, "limit")
    seen = httpx.get(route(second, "/datasets"), headers=OURS)
    again = httpx.get(route(second, "/datasets"), headers={**OURS, "If-None-Match": seen.headers["Etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_headers_of_data_are_kept(second: Served, repo: Repository, tmp_path: Path) -> None:
    """Media type, number of rows, the file's name."""
    (tmp_path / "notes.txt").write_text("read me")
    trips = repo.create("trips")
    with trips.edit() as edit:
        edit["trips"].append({"n": [1, 2]})
        edit.attach(tmp_path / "notes.txt")
    found = httpx.get(route(second, "/datasets/trips/tables/trips/data"), headers={**OURS, "Accept": ARROW})
    assert (found.headers["Content-Type"], found.headers["X-Rows"]) == (ARROW, "2")
    file = httpx.get(route(second, "/datasets/trips/files/notes.txt"), headers=OURS)
    assert (file.content, "notes.txt" in file.headers["Content-Disposition"]) == (b"read me", True)


def test_a_job_is_watched_through_the_second_server(second: Served, repo: Repository, tmp_path: Path) -> None:
    """Events arrive one by one, until the job has ended."""
    (tmp_path / "a.csv").write_bytes(b"n\n" + b"1\n" * 500_000)
    job = repo.create("trips").import_file(tmp_path / "a.csv")
    with httpx.stream("GET", route(second, f"/jobs/{job.id}/events"), headers=OURS, timeout=60) as events:
        assert events.headers["Content-Type"] == "text/event-stream"
        told = [json.loads(line[6:])["status"] for line in events.iter_lines() if line.startswith("data: ")]
    assert (told[0] != "succeeded", told[-1]) == (True, "succeeded")


def test_what_nobody_takes_is_not_read(
    second: Served, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second server holds a few pieces of an answer, however long it is."""
    read = []

    def counted(path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(MIB):
                read.append(len(piece))
                yield piece

    (tmp_path / "big.bin").write_bytes(bytes(100 * MIB))
    with repo.create("trips").edit() as edit:
        edit.attach(tmp_path / "big.bin")
    monkeypatch.setattr(data, "file_pieces", counted)
    with httpx.stream("GET", route(second, "/datasets/trips/files/big.bin"), headers=OURS) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        time.sleep(1)
        assert sum(read) < 50 * MIB
        assert sum(map(len, pieces)) > 90 * MIB


def test_what_the_holder_does_not_take_is_not_sent(
    second: Served, repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second server holds a few pieces of a body, however long it is; a client that hangs up leaves nothing."""
    taking, sent = threading.Event(), []
    add = Spool.add
    monkeypatch.setattr(Spool, "add", lambda *a: (taking.wait(20), add(*a))[1])

    def body() -> Iterator[bytes]:
        for _ in range(100):
            sent.append(MIB)
            yield bytes(MIB)

    def send() -> None:
        path = route(second, f"/datasets/trips/edits/{edit}/files/big.bin")
        answers.append(httpx.put(path, content=body(), headers=OURS | BYTES, timeout=60).status_code)

    answers: list[int] = []
    repo.create("trips")
    edit = repo._transport.begin_edit("trips", "main").id
    thread = threading.Thread(target=send)
    thread.start()
    time.sleep(1)
    assert sum(sent) < 50 * MIB
    taking.set()
    thread.join()
    assert answers == [204]


def test_who_hangs_up_in_the_middle_leaves_nothing(second: Served, repo: Repository, store: Path) -> None:
    """Half a body is none; the first server learns that it will not be whole."""
    repo.create("trips")
    edit = repo._transport.begin_edit("trips", "main").id
    before = len(list((store / "staging").iterdir()))
    with socket.create_connection(("127.0.0.1", int(second.url.split(":")[2].split("/")[0]))) as connection:
        path = f"/second{BASE}/datasets/trips/edits/{edit}/files/a.bin"
        head = (
            f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: token {TOKEN}\r\nContent-Length: {64 * MIB}\r\n"
        )
        connection.sendall(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + bytes(32 * MIB))
        eventually(lambda: len(list((store / "staging").iterdir())) > before)
    eventually(lambda: len(list((store / "staging").iterdir())) == before)
    assert repo._transport.commit_edit(edit, "") is None


# --------------------------------------------------------------------------------------------------- the holder is gone


def test_when_the_holder_goes_the_second_server_opens_the_store(store: Path) -> None:
    """Its clients notice nothing but a moment's wait, and the store's note names it."""
    with serving(store) as first:
        with Repository(HttpTransport(first.url, TOKEN)) as repo:
            append(repo.create("trips"), 1)
        eventually(lambda: (note := find_holder(store)) and note.url)
        second = serving(store, "/second/")
        served = second.__enter__()
        repo = Repository(HttpTransport(served.url, TOKEN))
        assert rows(repo["trips"]) == [1]
    append(repo["trips"], 2)
    assert rows(repo["trips"]) == [1, 2]
    note = find_holder(store)
    assert note is not None
    assert note.url == served.url
    repo.close()
    second.__exit__(None, None, None)


async def test_a_holder_that_does_not_answer_is_told(ask: Ask, store: Path) -> None:
    """503 in our words, at once; the second server itself lives."""
    with announced(store, f"http://127.0.0.1:{closed_port()}/"):
        for verb, path, body in (("get", "/datasets", None), ("post", "/datasets", {"name": "trips"})):
            found = await ask(verb, path, body)
            assert (found.status, found.error["kind"], found.headers["Retry-After"]) == (503, "store-busy", "1")
            assert "does not answer" in found.error["message"]
            assert "a server" in found.error["message"]
        rows = await ask("put", "/datasets/a/edits/b/tables/c", b"x" * 100_000, headers={"Content-Type": ARROW})
        assert rows.status == 503
        assert (await ask("get", "/health/live")).status == 200


async def test_an_answer_that_is_lost_on_the_way_is_no_answer(ask: Ask, store: Path) -> None:
    """Who asked for a change is told that it may have happened; who only read may ask again."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    connection.recv(65_536)

        thread = threading.Thread(target=hang_up)
        thread.start()
        with announced(store, f"http://127.0.0.1:{server.getsockname()[1]}/"):
            found = await ask("post", "/datasets", {"name": "trips"})
            assert (found.status, found.error["kind"]) == (502, "server-unreachable")
            assert "may have done" in found.error["next_step"]
            assert (await ask("get", "/datasets")).status == 503
        thread.join()


async def test_no_request_goes_round_in_circles(
    ask: Ask, store: Path, jp_serverapp: Any, jp_base_url: str, http_server_port: Any
) -> None:
    """A server never forwards to itself, nor what was forwarded to it."""
    token = jp_serverapp.web_app.settings["jupyter_datasets"].keeper.token
    url = f"http://127.0.0.1:{http_server_port[1]}{jp_base_url}"
    with announced(store, url, token):
        found = await ask("get", "/datasets")
        assert (found.status, "is held by" in found.error["message"]) == (503, True)
    real = jp_serverapp.identity_provider.token
    with announced(store, url, real):
        await asyncio.sleep(1.2)
        found = await asyncio.wait_for(ask("get", "/datasets"), 10)
        assert (found.status, found.error["kind"]) == (503, "store-busy")


# ------------------------------------------------------------------------------------------------- what it keeps itself


async def test_the_second_server_asks_its_own_authorizer(
    holder: Served, ask: Ask, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first one hears of a request, and of its body."""

    class ReadOnly:
        def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:  # noqa: ARG002  # its shape
            return action == "read"

    with Repository(HttpTransport(holder.url, TOKEN)) as repo:
        repo.create("trips")
        edit = repo._transport.begin_edit("trips", "main").id
        monkeypatch.setitem(jp_serverapp.web_app.settings, "authorizer", ReadOnly())
        assert (await ask("get", "/datasets/trips")).status == 200
        file = f"/datasets/trips/edits/{edit}/files/a.txt"
        for verb, path, body in (("put", file, b"x"), ("delete", file, None), ("post", "/datasets", {"name": "more"})):
            found = await ask(verb, path, body, headers=BYTES if verb == "put" else {})
            assert (found.status, found.error["kind"]) == (403, "permission-denied"), (verb, path)
        assert repo._transport.commit_edit(edit, "") is None
        assert list(repo) == ["trips"]


@pytest.mark.parametrize("local", [True, False], ids=["files on this machine", "files elsewhere"])
async def test_a_file_of_the_second_servers_file_browser_is_its_own(
    holder: Served, ask: Ask, jp_root_dir: Path, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch, local: bool
) -> None:
    """The first server has another file browser; it gets the file by its path, or sent."""
    (jp_root_dir / "a.csv").write_text("n\n1\n2\n")
    if not local:
        monkeypatch.setitem(
            jp_serverapp.web_app.settings, "contents_manager", _Elsewhere(jp_serverapp.contents_manager)
        )
    with Repository(HttpTransport(holder.url, TOKEN)) as repo:
        repo.create("trips")
        started = await ask("post", "/jobs", {"dataset": "trips", "source": {"contents": "a.csv"}})
        assert started.status == 201, started.content
        await asyncio.to_thread(repo._transport.wait_job, started.json["id"], 60, None)
        assert rows(repo["trips"], table="a") == [1, 2]
    missing = await ask("post", "/jobs", {"dataset": "trips", "source": {"contents": "b.csv"}})
    assert (missing.status, missing.error["kind"]) == (404, "file-not-found")
    assert (await ask("post", "/jobs", {"dataset": "trips", "source": {}})).status == 400


class _Elsewhere:
    """A contents manager whose files do not lie on this machine."""

    def __init__(self, real: Any) -> None:
        self.is_hidden, self.allow_hidden = real.is_hidden, real.allow_hidden
        self.file_exists, self.get = real.file_exists, real.get


@pytest.mark.usefixtures("holder")
async def test_paths_do_not_lead_out_of_the_interface(ask: Ask) -> None:
    """Dots are a name like any other, also for the server behind."""
    for path in ("/datasets/..", "/datasets/../../../api/contents", "/datasets/x/commits/../../../../../api/status"):
        found = await ask("get", path)
        assert (found.status, "error" in found.json) == (404, True), path
    found = await ask("delete", "/datasets/x/refs/" + "../" * 12 + "api/kernels")
    assert (found.status, found.error["kind"]) == (404, "dataset-not-found")
    assert (await ask("get", "/datasets/" + "a" * 60_000)).status in (400, 404)


def test_a_script_finds_the_holder_and_a_kernel_its_own_server(second: Served, holder: Served, store: Path) -> None:
    """Each server's token stays good at each server, and only there."""
    with jd.connect(store) as repo:
        assert repo._transport.place == holder.url.rstrip("/")
    with Repository(HttpTransport(second.url, second.keeper.token)) as repo:
        repo.create("trips")
        with pytest.raises(NotFoundError) as caught:
            repo["nothing"]
    assert caught.value.kind is ErrorKind.DATASET_NOT_FOUND
    refused = httpx.get(route(holder, "/datasets"), headers={"Authorization": f"token {second.keeper.token}"})
    assert refused.status_code == 403
