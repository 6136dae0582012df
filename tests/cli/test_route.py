"""`crossdock route`: the tests in routing files, and history decided again by new rules."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Desktop

SOUND = """version = 1

[[rules]]
name = "near"
routing = { max_km = 500 }

[[tests]]
name = "near goes first"
order.lines = [{ sku = "MUG", quantity = 1 }]
stock = [
  { node = "FAR", sku = "MUG", quantity = 5, km = 501 },
  { node = "NEAR", sku = "MUG", quantity = 5, km = 499, freight = 9 },
]
expect = { nodes = ["NEAR"] }
"""
#: Sellers in São Paulo and Rio, and four orders from both towns.
OLIST = {
    "customers": "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\n"
    "c1,u1,1001,sao paulo,SP\nc2,u2,20231,rio de janeiro,RJ\n",
    "geolocation": "geolocation_zip_code_prefix,geolocation_lat,geolocation_lng,geolocation_city,geolocation_state\n"
    "01001,-23.55,-46.63,sao paulo,SP\n20231,-22.9,-43.2,rio,RJ\n",
    "orders": "order_id,customer_id,order_status,order_purchase_timestamp,order_estimated_delivery_date\n"
    "o1,c1,delivered,2018-01-01 10:00:00,2018-01-20 00:00:00\n"
    "o2,c2,delivered,2018-01-02 10:00:00,2018-01-20 00:00:00\n"
    "o3,c1,delivered,2018-01-03 10:00:00,2018-01-20 00:00:00\n"
    "o4,c2,delivered,2018-01-04 10:00:00,2018-01-05 00:00:00\n",
    "order_items": "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value\n"
    "o1,1,p1,s1,x,10.50,2\no1,2,p2,s2,x,99.90,3\no2,1,p1,s2,x,11.00,2\no3,1,p2,s2,x,99.90,1\no4,1,p1,s1,x,10.50,1\n",
    "products": "product_id,product_category_name,product_weight_g\np1,bebes,7150\np2,livros,300\n",
    "sellers": "seller_id,seller_zip_code_prefix,seller_city,seller_state\n"
    "s1,1001,sao paulo,SP\ns2,20231,rio de janeiro,RJ\n",
}


@pytest.fixture
def history(tmp_path: Path) -> Path:
    folder = tmp_path / "olist"
    folder.mkdir()
    for name, text in OLIST.items():
        (folder / f"olist_{name}_dataset.csv").write_text(text, "utf-8")
    return folder


# --- test ---


def test_without_any_routing_file_there_is_nothing_to_test(desktop: Desktop) -> None:
    assert desktop.run("route", "test").exit_code == 3


def test_sound_files_are_counted_and_broken_ones_told_with_their_place(desktop: Desktop) -> None:
    (desktop.folder / "routing.toml").write_text(SOUND, "utf-8")
    assert desktop.run("route", "test").output == "1 file(s), 1 test(s): ok\n"
    assert desktop.said("check")["routing_tests"] == 1
    (desktop.folder / "routing").mkdir()
    (desktop.folder / "routing" / "more.toml").write_text('version = 1\n[[rules]]\nnam = "x"\n', "utf-8")
    failed = desktop.run("route", "test")
    assert failed.exit_code == 1
    assert "more.toml:3:1: unknown setting 'nam'; did you mean 'name'?" in failed.output
    assert "did you mean 'name'?" in desktop.run("check").output


def test_a_test_that_does_not_come_out_fails_the_command(desktop: Desktop) -> None:
    (desktop.folder / "new.toml").write_text(SOUND.replace('["NEAR"] }', '["FAR"] }'), "utf-8")
    failed = desktop.run("route", "test", str(desktop.folder / "new.toml"))
    assert failed.exit_code == 1
    assert "test 'near goes first': nodes is NEAR, expected FAR" in failed.output


def test_a_hub_without_sound_rules_refuses_to_work(desktop: Desktop) -> None:
    (desktop.folder / "routing.toml").write_text("nonsense", "utf-8")
    refused = desktop.run("stock", "sync", "acme")
    assert refused.exit_code == 1
    assert "routing.toml:1" in refused.output


# --- simulate ---


def test_a_history_is_compared_in_all_and_by_order(desktop: Desktop, history: Path) -> None:
    rules = desktop.folder / "new.toml"
    rules.write_text(
        'version = 1\n[[rules]]\nname = "one parcel"\nrouting = { never_nodes = ["DC1"], max_splits = 0 }\n'
    )
    found = desktop.said("route", "simulate", "--history", str(history), "--rules", str(rules))
    assert (found["orders"], found["currency"]) == (4, "BRL")
    assert (found["same_again"], found["decided"]) == (4, 4)
    assert found["becomes"]["orders_split"] == 0
    assert all(change["becomes"]["rules"] == "one parcel" for change in found["changes"])
    same = desktop.said("route", "simulate", "--history", str(history))
    assert (same["orders_changed"], same["saved"]) == (0, "0")
    assert same["was"] == same["becomes"]


def test_what_new_rules_leave_unsent_is_no_saving(desktop: Desktop, history: Path) -> None:
    rules = desktop.folder / "new.toml"
    rules.write_text('version = 1\n[[rules]]\nname = "nobody"\nrouting = { only_nodes = ["NOWHERE"] }\n')
    found = desktop.said("route", "simulate", "--history", str(history), "--rules", str(rules))
    assert (found["becomes"]["cost"], found["becomes"]["units_missing"]) == ("0", "5")
    assert (found["saved"], found["orders_alike"]) == ("0", 0)
    told = desktop.run("route", "simulate", "--history", str(history), "--rules", str(rules)).output
    assert "saved 0.00 BRL (0 %) on the 0 orders" in told
    assert "nowhere" in told


def test_a_folder_that_is_no_history_is_refused_with_what_is_missing(desktop: Desktop) -> None:
    refused = desktop.run("route", "simulate", "--history", str(desktop.folder))
    assert refused.exit_code == 1
    assert "olist_geolocation_dataset.csv" in refused.output


def test_a_span_without_any_decision_has_nothing_to_replay(desktop: Desktop) -> None:
    assert desktop.run("route", "simulate", "--from", "2026-01-01", "--to", "2026-02-01").exit_code == 3


# --- the report ---


@pytest.fixture
def report(desktop: Desktop, history: Path) -> Path:
    rules = desktop.folder / "new.toml"
    rules.write_text('version = 1\n[[rules]]\nname = "<b>one & only"\nrouting = { max_splits = 0 }\n', "utf-8")
    path = desktop.folder / "report.html"
    desktop.said("route", "simulate", "--history", str(history), "--rules", str(rules), "--report", str(path))
    return path


def test_the_report_is_one_page_that_loads_nothing(report: Path) -> None:
    text = report.read_text("utf-8")
    assert "http" not in text
    assert "<script" not in text
    assert "<b>one" not in text  # the name of a rule set is no markup
    svgs = [ET.fromstring(f"<svg{each.partition('</svg>')[0]}</svg>") for each in text.split("<svg")[1:]]  # noqa: S314 - our own
    assert len(svgs) == 5
    assert sum(len(svg.findall(".//rect")) for svg in svgs) > 8


def test_a_report_that_cannot_be_written_is_told_in_words(desktop: Desktop, history: Path) -> None:
    path = desktop.folder / "nowhere" / "report.html"
    refused = desktop.run("route", "simulate", "--history", str(history), "--report", str(path))
    assert refused.exit_code == 1
    assert refused.stderr == f"Error: cannot write {path}: No such file or directory\n"


def _browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    return found


def test_the_report_opens_in_a_real_browser(report: Path, tmp_path: Path) -> None:
    profile, shot = tmp_path / "profile", tmp_path / "shot.png"
    offline = ["--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--no-first-run"]
    start = [_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *offline]
    start += [f"--user-data-dir={profile}", "--window-size=1200,1600"]
    address = report.as_uri()
    drawn = subprocess.run([*start, "--dump-dom", address], capture_output=True, text=True, timeout=110, check=True)
    assert drawn.stdout.count("<figure>") == 5
    assert "What the new rules would change" in drawn.stdout
    subprocess.run([*start, f"--screenshot={shot}", address], capture_output=True, timeout=110, check=True)
    picture = shot.read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000  # an empty page of this size has about 8,000


def test_the_whole_olist_history_is_replayed_where_it_is_at_hand(desktop: Desktop) -> None:
    folder = Path(__file__).parents[3] / "shared" / "samples" / "orders" / "olist"
    if not folder.is_dir():
        pytest.skip("the Olist samples are not beside this checkout")
    told = desktop.run("route", "simulate", "--history", str(folder), "--orders", "300", "--json")
    found = json.loads(told.stdout)
    assert (found["orders"], found["same_again"], found["orders_changed"]) == (300, 300, 0)
