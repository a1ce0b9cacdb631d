"""From a file in the file browser to a dataset, and what becomes of an import that is cancelled."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

import jupyter_datasets as jd
from tests.ui.data import write_flights
from tests.ui.lab import Lab
from tests.ui.server import Server

LONG = 4_000_000  # rows, which take some seconds to import


def test_a_csv_of_the_file_browser_becomes_a_dataset_in_a_few_clicks(
    lab: Lab, server: Server, repo: jd.Repository, tmp_path: Path
) -> None:
    write_flights(server.files / "flights.csv")
    lab.show_datasets()
    expect(lab.sidebar.get_by_text("No datasets yet")).to_be_visible()
    expect(lab.sidebar.get_by_role("listitem")).to_have_count(3)
    lab.shot(tmp_path, "empty")

    lab.sidebar.get_by_role("button", name="Show the file browser").click()
    lab.add_to_datasets("flights.csv")
    expect(lab.dialog.get_by_label("Dataset")).to_have_value("flights")
    lab.dialog.get_by_label("Message").fill("first load")
    lab.dialog.get_by_role("button", name="Add").click()

    job = lab.jobs.get_by_role("listitem").first
    expect(job).to_contain_text("flights.csv")
    expect(job).to_contain_text(re.compile("Done.*336,776 rows", re.DOTALL))
    lab.page.get_by_role("alert").get_by_role("button", name="Open").click()
    expect(lab.tab.get_by_role("heading", name="flights")).to_be_visible()

    lab.show_datasets()
    expect(lab.dataset("flights")).to_contain_text(re.compile("kB|MB"))
    lab.dataset("flights").click()
    lab.sidebar.get_by_role("treeitem", level=2).click()
    columns = lab.sidebar.get_by_role("treeitem", level=3)
    expect(columns).to_have_count(6)
    expect(columns.nth(3)).to_have_text("dep_delayBIGINT")
    assert [commit.message for commit in repo["flights"].log()] == ["first load"]
    lab.shot(tmp_path, "imported")


def test_a_file_is_imported_and_opened_by_keyboard_alone(lab: Lab, server: Server) -> None:
    write_flights(server.files / "small.csv", 1000)
    lab.run("filebrowser:refresh")
    lab.page.locator(".jp-DirListing-item", has_text="small.csv").wait_for()
    keyboard = lab.page.keyboard
    lab.page.locator(".jp-DirListing-itemText[tabindex='0']").focus()
    keyboard.type("small")
    lab.choose_in_palette("Add to Datasets")
    expect(lab.dialog.get_by_label("Dataset")).to_be_focused()
    keyboard.press("Control+a")
    keyboard.type("typed")
    keyboard.press("Enter")
    expect(lab.jobs.get_by_role("listitem").first).to_contain_text("1,000 rows")
    lab.choose_in_palette("Show Datasets")
    expect(lab.sidebar.get_by_role("searchbox")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(lab.tab.get_by_role("heading", name="typed")).to_be_visible()
    lab.tab.get_by_role("tab", name="Data").focus()
    keyboard.press("ArrowRight")
    expect(lab.tab.get_by_role("tab", name="History")).to_be_focused()
    expect(lab.view("History")).to_be_visible()


def test_a_cancelled_import_leaves_no_dataset(lab: Lab, server: Server, repo: jd.Repository) -> None:
    write_flights(server.files / "long.csv", LONG)
    lab.add_to_datasets("long.csv")
    lab.dialog.get_by_role("button", name="Add").click()
    job = lab.jobs.get_by_role("listitem").filter(has_text="long.csv")
    expect(job).to_have_attribute("data-status", "running")
    expect(lab.page.locator("#jp-main-statusbar")).to_contain_text("1 dataset job")
    job.get_by_role("button", name="Cancel").click()
    expect(job).to_contain_text("Cancelled")
    lab.show_datasets()
    expect(lab.sidebar.get_by_text("No datasets yet")).to_be_visible()
    assert not repo.datasets()


def test_a_file_that_cannot_be_read_says_why(lab: Lab, server: Server, repo: jd.Repository) -> None:
    (server.files / "broken.parquet").write_bytes(b"no parquet")
    lab.add_to_datasets("broken.parquet")
    lab.dialog.get_by_role("button", name="Add").click()
    job = lab.jobs.get_by_role("listitem").filter(has_text="broken.parquet")
    expect(job).to_contain_text("Failed")
    said = repo.jobs()[0].error
    assert said is not None
    expect(job).to_contain_text(said["message"])
    told = lab.page.get_by_role("alert").filter(has_text=said["message"])
    expect(told.get_by_role("button", name="Show jobs")).to_be_visible()
    lab.show_datasets()
    expect(lab.sidebar.get_by_text("No datasets yet")).to_be_visible()
    assert not repo.datasets()
    assert repo.bin()[0].name == "broken"


def test_options_say_how_a_text_file_is_read(lab: Lab, server: Server, repo: jd.Repository) -> None:
    (server.files / "prices.csv").write_bytes("Käse|1,5\nBrot|2,25\n".encode("latin-1"))
    lab.add_to_datasets("prices.csv")
    lab.dialog.get_by_text("Options").click()
    lab.dialog.get_by_label("Encoding").fill("latin-1")
    lab.dialog.get_by_label("Delimiter").select_option("Bar |")
    lab.dialog.get_by_label("Decimal mark").select_option("Comma")
    lab.dialog.get_by_label("Header").select_option("no")
    lab.dialog.get_by_role("button", name="Add").click()
    expect(lab.jobs.get_by_role("listitem").filter(has_text="prices.csv")).to_contain_text("2 rows")
    rows = repo["prices"]["main"]["prices"].to_arrow().to_pylist()
    assert [tuple(row.values()) for row in rows] == [("Käse", 1.5), ("Brot", 2.25)]
