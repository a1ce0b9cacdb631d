"""``connect()``: which store or server it finds, and what it says when it finds none."""

from __future__ import annotations

import gc
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.http import HttpTransport
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.container import build
from jupyter_datasets.errors import (
    DatasetsError,
    ErrorKind,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
    StoreBusyError,
)
from jupyter_datasets.settings import Settings
from tests.client.conftest import append, rows
from tests.server.serving import TOKEN, Served, serving


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, store: Path) -> None:
    """No server is known, and the embedded store is the test's own."""
    for name in ("JUPYTER_DATASETS_URL", "JUPYTER_DATASETS_TOKEN", "JPY_PARENT_PID", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("JUPYTERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("JUPYTER_DATASETS_STORE", str(store))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    (tmp_path / "runtime").mkdir()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server with another store than the embedded one."""
    with serving(tmp_path / "served") as made:
        yield made


def note(tmp_path: Path, served: Served, pid: int, root: Path) -> None:
    """What a Jupyter server leaves for others."""
    said = {"url": served.url, "token": TOKEN, "root_dir": str(root), "pid": pid}
    (tmp_path / "runtime" / f"jpserver-{pid}.json").write_text(json.dumps(said))


def place(repo: Repository) -> str:
    with repo:
        return repo._transport.place


def test_an_address_and_a_token_are_a_server(served: Served) -> None:
    """What is explicit comes first."""
    assert place(jd.connect(served.url, token=TOKEN)) == served.url.rstrip("/")


def test_the_environment_names_a_server(served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By address, and by token or a file with it."""
    monkeypatch.setenv("JUPYTER_DATASETS_URL", served.url)
    monkeypatch.setenv("JUPYTER_DATASETS_TOKEN", TOKEN)
    assert place(jd.connect()) == served.url.rstrip("/")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("JUPYTER_DATASETS_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("JUPYTER_DATASETS_TOKEN", "old")
    assert place(jd.connect()) == served.url.rstrip("/")
    monkeypatch.setenv("JUPYTER_DATASETS_TOKEN_FILE", str(tmp_path / "no such file"))
    with pytest.raises(InvalidInputError, match="JUPYTER_DATASETS_TOKEN_FILE"):
        jd.connect()


def test_an_explicit_folder_goes_before_the_environment(
    served: Served, monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    """Who names a store means it."""
    monkeypatch.setenv("JUPYTER_DATASETS_URL", served.url)
    assert place(jd.connect(store)) == str(store)


def test_an_empty_place_is_no_default() -> None:
    """A variable that was not set opens no store by mistake."""
    with pytest.raises(InvalidInputError, match="place is empty") as caught:
        jd.connect("")
    assert caught.value.next_step


def test_a_server_of_the_environment_that_is_gone_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes into another store unawares."""
    monkeypatch.setenv("JUPYTER_DATASETS_URL", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(StorageError, match="JUPYTER_DATASETS_URL") as caught:
        jd.connect()
    assert caught.value.kind is ErrorKind.SERVER_UNREACHABLE


@pytest.mark.parametrize(
    "named",
    [
        {"SERVICE_URL": "http://0.0.0.0:{port}/elsewhere/", "SERVICE_PREFIX": "/base/"},
        {"SERVICE_URL": "http://:{port}/base/"},
        {"SERVICE_URL": "http://127.0.0.1:0/base/", "PUBLIC_URL": "http://127.0.0.1:{port}/base/"},
        {"SERVICE_URL": "http://[", "HOST": "http://127.0.0.1:{port}", "SERVICE_PREFIX": "/base/"},
    ],
    ids=["where it listens", "everywhere", "where people reach it", "the hub's host"],
)
def test_a_kernel_under_jupyterhub_finds_its_persons_server(
    served: Served, monkeypatch: pytest.MonkeyPatch, named: dict[str, str]
) -> None:
    """By what the hub told the server that it started."""
    for name, value in named.items():
        monkeypatch.setenv(f"JUPYTERHUB_{name}", value.format(port=urlsplit(served.url).port))
    assert place(jd.connect()) == os.environ["JUPYTER_DATASETS_STORE"]
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    assert place(jd.connect()) == served.url.rstrip("/")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "of another server")
    assert place(jd.connect()) == os.environ["JUPYTER_DATASETS_STORE"]


def test_a_kernel_finds_the_server_that_started_it(
    served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the process that is its parent, else by the notebook's folder if exactly one server holds it."""
    note(tmp_path, served, 77, tmp_path / "work")
    monkeypatch.setenv("JPY_PARENT_PID", "77")
    assert place(jd.connect()) == served.url.rstrip("/")
    monkeypatch.setenv("JPY_PARENT_PID", "78")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "work" / "a" / "b.ipynb"))
    assert place(jd.connect()) == served.url.rstrip("/")
    note(tmp_path, served, 79, tmp_path / "work" / "a")
    assert place(jd.connect()) == os.environ["JUPYTER_DATASETS_STORE"]


def test_a_note_of_a_server_that_is_gone_leads_to_the_embedded_store(
    served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, store: Path
) -> None:
    """It is stale."""
    gone = Served(url=f"http://127.0.0.1:{closed_port()}/", keeper=served.keeper)
    note(tmp_path, gone, 77, tmp_path)
    (tmp_path / "runtime" / "jpserver-78.json").write_text("{")
    monkeypatch.setenv("JPY_PARENT_PID", "77")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "b.ipynb"))
    assert place(jd.connect()) == str(store)


def test_the_server_that_holds_a_store_is_found_by_the_store(store: Path) -> None:
    """While it serves, others use it; when it is gone they open the store themselves."""
    with serving(store) as served:
        served_repo = jd.connect(served.url, token=TOKEN)
        append(served_repo.create("trips"), 1)
        for repo in (jd.connect(store), jd.connect()):
            with repo:
                assert repo._transport.place == served.url.rstrip("/")
                assert rows(repo["trips"]) == [1]
        served_repo.close()
        assert (store / "server.json").stat().st_mode & 0o077 == 0
        assert TOKEN not in (store / "server.json").read_text()
    with jd.connect(store) as repo:
        assert repo._transport.place == str(store)
        assert rows(repo["trips"]) == [1]


def test_a_busy_store_says_where_else_was_looked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error lists what was tried."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", f"http://127.0.0.1:{closed_port()}/")
    holder = build(Settings(store=store))
    with holder.database.hold(), pytest.raises(StoreBusyError) as caught:
        jd.connect(busy_timeout=0.0)
    holder.close()
    for where in ("JUPYTER_DATASETS_URL", "JupyterHub's server at http://127.0.0.1", "no kernel"):
        assert any(where in each for each in caught.value.details["tried"]), where


# ------------------------------------------------------------------------------------------------- when things go wrong


def test_a_wrong_token_is_told(served: Served) -> None:
    """It says that a restarted server has another one."""
    with pytest.raises(PermissionDeniedError, match="restart"):
        jd.connect(served.url, token="wrong")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine that nobody vouches for, with its key."""
    file = tmp_path / "own.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=own", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file, "-out", tmp_path / "cert"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + (tmp_path / "cert").read_bytes())
    return file


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with it")
# httpcore leaves the socket of a refused handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_of_ones_own_has_to_be_named(
    certificate: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says how; then the server is reached, by kernels as by another server, and only then."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with serving(store, certificate=certificate) as served:
        monkeypatch.setenv("JUPYTER_DATASETS_URL", served.url)
        monkeypatch.setenv("JUPYTER_DATASETS_TOKEN", served.keeper.token)
        with pytest.raises(StorageError, match="SSL_CERT_FILE"):
            jd.connect()
        monkeypatch.setenv("SSL_CERT_FILE", "no such file")
        with pytest.raises(StorageError, match="SSL_CERT_FILE"):
            jd.connect()
        monkeypatch.delenv("SSL_CERT_FILE")
        with serving(store, "/second/") as second:
            headers = {"Authorization": f"token {TOKEN}"}
            told = f"{second.url}jupyter-datasets/api/v1/datasets"
            deadline = time.monotonic() + 20  # while the first server opens its store, the second says something else
            while "not trusted" not in (refused := httpx.get(told, headers=headers)).text:
                assert (refused.status_code, time.monotonic() < deadline) == (503, True)
            assert refused.status_code == 503
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with jd.connect() as repo:
            repo.create("trips")
        with serving(store, "/second/") as second, Repository(HttpTransport(second.url, TOKEN)) as repo:
            assert list(repo) == ["trips"]
    gc.collect()


@pytest.mark.parametrize("url", ["http://[", "http://a:b/", "ftp://127.0.0.1/", "http://\n/", "://", "http://"])
def test_what_is_no_address_is_told(url: str) -> None:
    """Never an error of httpx."""
    with pytest.raises(DatasetsError):
        jd.connect(url)


def test_another_program_is_told_from_ours() -> None:
    """An address at which something else answers."""
    answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
    with answering(answer) as url, pytest.raises(NotFoundError, match="does not serve datasets") as caught:
        jd.connect(url)
    assert caught.value.kind is ErrorKind.STORE_NOT_FOUND


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"],
    ids=["nothing", "half an answer", "no answer of ours"],
)
def test_an_answer_that_is_none_is_a_clear_error(answer: bytes) -> None:
    """Never one of httpx or pydantic."""
    with answering(answer) as url, pytest.raises(StorageError) as caught:
        jd.connect(url)
    assert caught.value.kind is ErrorKind.SERVER_UNREACHABLE


def test_a_client_outlives_its_server(store: Path) -> None:
    """While the server is gone calls fail clearly; once it is back on its port they work again."""
    with serving(store) as served:
        repo = Repository(HttpTransport(served.url, TOKEN))
        append(repo.create("trips"), 1)
    with pytest.raises(StorageError) as caught:
        repo.create("more")
    assert caught.value.kind is ErrorKind.SERVER_UNREACHABLE
    with serving(store, port=int(served.url.split(":")[2].split("/")[0])):
        assert rows(repo["trips"]) == [1]
        repo.close()


def test_a_read_is_tried_again_when_the_server_comes_back_in_time(store: Path) -> None:
    """A short restart is not noticed by who only reads."""
    with serving(store) as served:
        repo = Repository(HttpTransport(served.url, TOKEN))
        repo.create("trips")
    started = threading.Event()

    def restart() -> None:
        started.wait()
        with serving(store, port=int(served.url.split(":")[2].split("/")[0])):
            finished.wait()

    finished = threading.Event()
    thread = threading.Thread(target=restart)
    thread.start()
    threading.Timer(0.3, started.set).start()
    assert list(repo) == ["trips"]
    repo.close()
    finished.set()
    thread.join()


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The address of a program that answers everything alike and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_all() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = threading.Thread(target=answer_all, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("below", [".", "store"])
def test_a_file_is_no_store(tmp_path: Path, below: str) -> None:
    """It is named, with the way to import it."""
    file = tmp_path / "data.csv"
    file.write_text("a\n1\n")
    with pytest.raises(InvalidInputError, match=r"data\.csv' is a file, and a store is a folder") as caught:
        jd.connect(file / below)
    assert "import_file" in caught.value.next_step
