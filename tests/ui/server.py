"""A JupyterLab that tests start and stop."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "jupyter_datasets" / "labextension"
TOKEN = "of-this-test"
START = 60.0  # seconds that a server may take to answer


class Server:
    """JupyterLab with the extension as it was built, on a store of its own.

    Attributes
    ----------
    url
        Where it answers while it runs.
    files
        The folder of its file browser.
    """

    def __init__(self, home: Path) -> None:
        assert (BUILT / "package.json").is_file(), "The extension is not built: run `jlpm build:prod` in labextension/."
        self._port = _free_port()
        self._log = home / "log"
        self.url = f"http://127.0.0.1:{self._port}"
        self.files = home / "files"
        self.files.mkdir()
        self._environment = _environment(home)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={self._port}", "--allow-root"]
        with self._log.open("ab") as log:
            options = {"cwd": self.files, "env": self._environment, "stdout": log, "stderr": log}
            self._process = subprocess.Popen([*command, "--ServerApp.port_retries=0"], **options)
        end = time.monotonic() + START
        while time.monotonic() < end and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.2)
        raise AssertionError(f"JupyterLab did not start.\n{self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        """Stop it, and wait until it is gone."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def kill(self) -> None:
        """End it as a crash does, and wait until it is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)
        self._process = None

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/api/status?token={TOKEN}", timeout=5):
                return True
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _environment(home: Path) -> dict[str, str]:
    """Folders below ``home`` for all that Jupyter keeps, and the configuration that an installation would bring."""
    extensions = home / "data" / "labextensions"
    extensions.mkdir(parents=True)
    (extensions / "jupyter-datasets").symlink_to(BUILT)
    config = {
        "ServerApp": {"jpserver_extensions": {"jupyter_datasets": True}, "root_dir": str(home / "files")},
        "IdentityProvider": {"token": TOKEN},
        "JupyterDatasets": {"store": str(home / "store")},
        "LabApp": {"expose_app_in_browser": True},
    }
    overrides = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
    (home / "config" / "labconfig").mkdir(parents=True)
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
    (home / "config" / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(overrides))
    places = {f"JUPYTER_{kind.upper()}_DIR": str(home / kind) for kind in ("config", "data", "runtime")}
    settings = {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(home / "spaces")}
    return {**os.environ, **places, **settings, "PYTHONPATH": str(ROOT)}
