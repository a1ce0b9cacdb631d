"""Settings: arguments, then the environment, then defaults."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.settings import Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for field in fields(Settings):
        monkeypatch.delenv(f"JUPYTER_DATASETS_{field.name.upper()}", raising=False)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))


def test_the_store_lies_in_jupyters_data_folder_unless_told(tmp_path: Path) -> None:
    assert Settings.load().store == tmp_path / "jupyter" / "datasets"


def test_an_argument_comes_before_the_environment_and_that_before_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JUPYTER_DATASETS_STORE", str(tmp_path / "environment"))
    monkeypatch.setenv("JUPYTER_DATASETS_MEMORY_MIB", "512")
    assert Settings.load().store == tmp_path / "environment"
    assert Settings.load().memory_mib == 512
    assert Settings.load(tmp_path / "argument", memory_mib=300).store == tmp_path / "argument"
    assert Settings.load(memory_mib=300).memory_mib == 300
    assert Settings.load(memory_mib=None).memory_mib == 512


def test_every_setting_but_the_store_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "catalog_url": "postgresql://h/d",
        "memory_mib": 1024,
        "threads": 3,
        "workers": 2,
        "busy_timeout": 1.5,
        "idle_close": 0.5,
    }
    for name, value in given.items():
        monkeypatch.setenv(f"JUPYTER_DATASETS_{name.upper()}", str(value))
    settings = Settings.load()
    assert {name: getattr(settings, name) for name in given} == given
    assert set(given) == {field.name for field in fields(Settings)} - {"store"}


def test_a_store_is_made_absolute_and_home_is_filled_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Settings.load("store").store == tmp_path / "store"
    assert Settings.load("~/store").store == tmp_path / "home" / "store"


@pytest.mark.parametrize(
    ("name", "value"),
    [("memory_mib", 255), ("threads", 0), ("workers", 0), ("busy_timeout", -1), ("idle_close", -0.1)],
)
def test_a_value_below_its_floor_is_refused(name: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInputError, match=name) as caught:
        Settings.load(**{name: value})
    assert caught.value.kind is ErrorKind.INVALID_SETTING
    monkeypatch.setenv(f"JUPYTER_DATASETS_{name.upper()}", str(value))
    with pytest.raises(InvalidInputError):
        Settings.load()


@pytest.mark.parametrize("name", ["memory_mib", "threads", "workers", "busy_timeout", "idle_close"])
def test_a_value_that_is_no_number_is_refused_naming_the_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"JUPYTER_DATASETS_{name.upper()}", "many")
    with pytest.raises(InvalidInputError, match=f"JUPYTER_DATASETS_{name.upper()}") as caught:
        Settings.load()
    assert caught.value.kind is ErrorKind.INVALID_SETTING


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings.load().threads = 3  # type: ignore[misc]  # that is what is tested
