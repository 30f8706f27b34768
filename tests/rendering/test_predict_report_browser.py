"""The report in a real browser: nothing is fetched or complained of, and its tools work. Needs chromium and its driver.

On Debian: `apt-get install chromium chromium-driver`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from centernet_cli.core.records import Annotation, Failure, Page, PageInfo, PageRecord
from centernet_cli.rendering.predict_report import PredictReport
from centernet_cli.rendering.report_sheet import small_picture

pytest.importorskip("selenium", reason="selenium is not installed")
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None or DRIVER is None, reason="no chromium with chromedriver on this machine"),
]
CLASSES = ("text", "text_line")


def write(path: Path) -> None:
    report = PredictReport(path)
    report.start(CLASSES, {"program": "centernet", "model": {"name": "m"}})
    report.fail(Failure(source="bad.png", code="I101", message="broken"))
    for number, name in enumerate(
        ["z/b.png", "a.png", "</script><script>document.title='hacked'</script>.png", "c.png"]
    ):
        info = PageInfo(source=name, width=200, height=300)
        found = tuple(
            Annotation(label="text_line", box=(10, 20 + 30 * k, 150, 40 + 30 * k), score=0.9 - 0.2 * k)
            for k in range(number)
        )
        if number == 3:
            found += (Annotation(label="text", box=(5, 10, 180, 200), score=0.85),)
        picture = small_picture(Page(info=info, pixels=np.full((300, 200, 3), 230, np.uint8)))
        report.add(PageRecord(info=info, annotations=found), picture, network_size=320)
    report.finish()


@pytest.fixture(scope="module")
def browser() -> Any:
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1200,900",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture
def report(browser: Any, tmp_path: Path) -> Any:
    path = tmp_path / "report.html"
    write(path)
    browser.get(path.as_uri())
    return browser


def names(browser: Any) -> list[str]:
    shown = [sheet for sheet in browser.find_elements(By.CSS_SELECTOR, ".sheet") if sheet.is_displayed()]
    return [sheet.find_element(By.TAG_NAME, "h3").text[:5] for sheet in shown]


def choose(browser: Any, key: str, value: str) -> None:
    browser.find_element(By.CSS_SELECTOR, f"#{key} option[value='{value}']").click()


def test_nothing_is_fetched_and_nothing_is_wrong(report: Any) -> None:
    assert report.get_log("browser") == []
    asked = [
        entry["message"] for entry in report.get_log("performance") if "Network.requestWillBeSent" in entry["message"]
    ]
    assert not [message for message in asked if '"url":"http' in message]
    assert report.title == "What centernet found on 4 pages"
    pictures = report.find_elements(By.CSS_SELECTOR, ".sheet img")
    report.execute_script("arguments[0].scrollIntoView()", pictures[0])
    assert (
        report.execute_script("return arguments[0].decode().then(() => arguments[0].naturalWidth)", pictures[0]) == 200
    )
    assert names(report) == ["b.png", "a.png", "scrip", "c.png"]


def test_search_filter_and_sort(report: Any) -> None:
    search = report.find_element(By.ID, "search")
    search.send_keys("Z/")
    assert names(report) == ["b.png"]
    assert report.find_element(By.ID, "shown").text == "1 of 4 pages"
    search.send_keys(Keys.BACKSPACE * 2)
    choose(report, "kind", "0")
    assert names(report) == ["c.png"]
    choose(report, "kind", "none")
    assert names(report) == ["b.png"]
    choose(report, "kind", "")
    choose(report, "sort", "name")
    assert names(report)[1:] == ["a.png", "c.png", "b.png"]
    choose(report, "sort", "most")
    assert names(report) == ["c.png", "scrip", "a.png", "b.png"]
    choose(report, "sort", "low")
    assert names(report) == ["c.png", "scrip", "a.png", "b.png"]
    choose(report, "sort", "order")
    assert names(report) == ["b.png", "a.png", "scrip", "c.png"]


def test_least_score_and_classes(report: Any) -> None:
    def drawn() -> int:
        paths = report.find_elements(By.CSS_SELECTOR, "#p4 path")
        return sum(path.get_attribute("d").count("M") for path in paths if path.is_displayed())

    assert drawn() == 4
    report.execute_script("least.value = '0.7'; least.dispatchEvent(new Event('change'))")
    assert drawn() == 3
    report.find_element(By.ID, "t1").click()
    assert drawn() == 1
    report.execute_script("least.value = '0'; least.dispatchEvent(new Event('change'))")
    report.find_element(By.ID, "t1").click()
    assert drawn() == 4


def test_a_page_opens_large_and_the_keys_lead_on(report: Any) -> None:
    report.find_element(By.CSS_SELECTOR, "#p3 .shot").click()
    boxes = report.find_elements(By.CSS_SELECTOR, "dialog[open] rect title")
    assert [title.get_attribute("textContent") for title in boxes] == ["text_line 0.90", "text_line 0.70"]
    assert report.find_element(By.CSS_SELECTOR, "dialog .shot").size["height"] > 500
    report.find_element(By.CSS_SELECTOR, "dialog").send_keys(Keys.ARROW_RIGHT)
    assert report.find_element(By.ID, "title").text == "c.png"
    report.find_element(By.CSS_SELECTOR, "dialog").send_keys(Keys.ESCAPE)
    assert not report.find_elements(By.CSS_SELECTOR, "dialog[open]")


def test_tables_are_sorted_by_their_heads(report: Any) -> None:
    report.find_element(By.XPATH, "//section[@id='table']//button[text()='all boxes']").click()
    cells = report.find_elements(By.CSS_SELECTOR, "#table tbody tr td:nth-child(4)")
    assert [cell.text for cell in cells] == ["4", "2", "1", "0"]


def test_the_essentials_need_no_script(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write(path)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(path.as_uri())
        assert [sheet.is_displayed() for sheet in browser.find_elements(By.CSS_SELECTOR, ".sheet")] == [True] * 4
        assert not browser.find_element(By.ID, "search").is_displayed()
        assert browser.find_element(By.CSS_SELECTOR, "#failed td").text == "bad.png"
        line = browser.find_element(By.CSS_SELECTOR, "#p2 path.k1")
        assert line.is_displayed()
        browser.find_element(By.ID, "t1").click()
        assert not line.is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_it_fits_a_telephone(report: Any) -> None:
    report.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        assert report.execute_script("return document.documentElement.scrollWidth") <= 390
    finally:
        report.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
