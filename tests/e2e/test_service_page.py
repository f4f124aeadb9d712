"""The page of the service in a real browser: chosen, dropped and pasted pictures, both languages, the token."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.workers.service import refusals
from tests.workers.service.running import running

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

BROWSER, DRIVER = (next((found for name in names if (found := shutil.which(name))), None) for names in (
    ("chromium", "chromium-browser", "google-chrome"), ("chromedriver", "chromium-chromedriver")))
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(
    BROWSER is None or DRIVER is None, reason="needs Chromium and its driver (on Debian: chromium chromium-driver)")]
GIVE = """
const files = new DataTransfer();
for (const [name, size] of arguments[1]) files.items.add(new File([new Uint8Array(size)], name, {type: "image/png"}));
const made = arguments[0] === "drop" ? new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: files})
  : new ClipboardEvent("paste", {bubbles: true, cancelable: true, clipboardData: files});
document.body.dispatchEvent(made);
"""


@pytest.fixture
def browse():
    """Opens pages in a browser of that language and theme."""
    opened = []

    def start(url: str, language: str = "en", theme: str = "light"):
        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1366,768",
                         f"--lang={language}"):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        opened.append(browser)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
        browser.get(url)
        return browser

    yield start
    for browser in opened:
        browser.quit()


def texts(browser, selector):
    return [found.text for found in browser.find_elements(By.CSS_SELECTOR, selector)]


def wait(browser, condition):
    WebDriverWait(browser, 20).until(condition)


def picture(path: Path) -> Path:
    cv2.imwrite(str(path), np.full((40, 30, 3), 200, np.uint8))
    return path


def test_pictures_are_chosen_dropped_and_pasted(browse, tmp_path):
    with running() as watched:
        browser = browse(watched.service.state.url)
        wait(browser, lambda _: texts(browser, "h1") == ["some model"])
        assert texts(browser, "#about") == ["3 classes · 8 × 9 pixels · CPU: none"]
        chosen = picture(tmp_path / "a picture ñ.png")
        browser.find_element(By.ID, "files").send_keys(str(chosen))
        wait(browser, lambda _: len(texts(browser, ".label")) == 1)
        assert texts(browser, ".file") == ["a picture ñ.png"]
        assert texts(browser, ".label") == ["abc"[chosen.stat().st_size % 3]]
        assert texts(browser, ".bars b") == ["70.0%", "20.0%", "10.0%"]
        wait(browser, lambda _: browser.execute_script("return document.querySelector('.picture img').naturalWidth") == 30)

        browser.execute_script(GIVE, "drop", [["one.png", 4], ["two.png", 5]])
        wait(browser, lambda _: len(texts(browser, ".label")) == 3)
        assert texts(browser, ".file")[:2] == ["one.png", "two.png"] and texts(browser, ".label")[:2] == ["b", "c"]
        browser.execute_script(GIVE, "paste", [["image.png", 6]])
        wait(browser, lambda _: len(texts(browser, ".label")) == 4)
        assert texts(browser, ".label")[0] == "a" and texts(browser, "#count") == ["4 pictures"]
        # What the scripted pictures hold cannot be shown.
        wait(browser, lambda _: texts(browser, ".picture")[:3] == ["No preview"] * 3)

        Select(browser.find_element(By.ID, "top")).select_by_visible_text("1")
        assert len(texts(browser, ".bars b")) == 4
        browser.find_element(By.ID, "clear").click()
        assert not texts(browser, ".answers > li")
        assert browser.switch_to.active_element.get_attribute("id") == "choose"
        assert not [line for line in browser.get_log("browser") if "Content Security Policy" in line["message"]]


def test_in_spanish_and_dark_and_what_is_no_picture_is_told(browse, tmp_path):
    with running() as watched:
        browser = browse(watched.service.state.url, "es", "dark")
        assert texts(browser, ".lead") == ["Suelte imágenes aquí"]
        background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(22, 24, 27)"
        path = tmp_path / "broken.png"
        path.write_bytes(b"broken")
        browser.find_element(By.ID, "files").send_keys(str(path))
        wait(browser, lambda _: texts(browser, ".answers .problem") == ["damaged"])
        browser.find_element(By.LINK_TEXT, "Para programas").click()
        assert "Clasificar imágenes." in browser.find_element(By.TAG_NAME, "main").text


def test_the_token_is_asked_for_and_stays_out_of_addresses(browse):
    token = "t0ken-" * 5
    with running(token=token) as watched:
        browser = browse(watched.service.state.url)
        assert not browser.find_element(By.ID, "drop").is_displayed()
        browser.find_element(By.ID, "secret").send_keys("wrong", Keys.ENTER)
        wait(browser, lambda _: "Bearer" in browser.find_element(By.ID, "wrong").text)
        browser.find_element(By.ID, "secret").clear()
        browser.find_element(By.ID, "secret").send_keys(token, Keys.ENTER)
        wait(browser, lambda _: browser.find_element(By.ID, "drop").is_displayed())
        browser.execute_script(GIVE, "drop", [["one.png", 4]])
        wait(browser, lambda _: texts(browser, ".label") == ["b"])
        loaded = browser.execute_script("return performance.getEntries().map((entry) => entry.name).join(' ')")
        assert "/predict" in loaded and token not in loaded + browser.current_url


def test_while_the_model_is_loaded_the_page_waits(browse, monkeypatch):
    monkeypatch.setattr(refusals, "RESTART_SECONDS", 1)
    with running() as watched:
        browser = browse(watched.service.state.url)
        browser.execute_script(GIVE, "drop", [["one.png", 4]])
        wait(browser, lambda _: texts(browser, ".label") == ["b"])
        engine = watched.service.engine
        engine.phase = "restarting"
        browser.execute_script(GIVE, "drop", [["two.png", 5]])
        assert texts(browser, ".waiting") == ["Waiting…"]
        engine.phase = "ready"
        wait(browser, lambda _: texts(browser, ".label") == ["c", "b"])
