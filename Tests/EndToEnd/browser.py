"""Chromium on a daemon's page: opened, looked at, and asked what it loaded and complained of."""

import json
import os
import shutil
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

WAIT_SECONDS_MAX = 60
_SCREENSHOTS = Path(__file__).resolve().parents[2] / ".build" / "screenshots"


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="reeld-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = os.environ.get("CHROMIUM") or shutil.which("chromium")
        for argument in (
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--force-device-scale-factor=1", "--disable-gpu",
            "--hide-scrollbars", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            f"--user-data-dir={self.profile}",
        ):  # fmt: skip
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.driver.set_script_timeout(WAIT_SECONDS_MAX)
        self.resize(1280, 800)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def resize(self, width: int, height: int):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def dark(self, is_dark: bool):
        features = [{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, daemon, path: str, token: str | None = ""):
        """Opens a path of the daemon's page, signed in by the link unless `token` is None."""
        # A fragment alone would not load the page anew.
        self.driver.get("about:blank")
        self.complaints(), self.requests()
        token = daemon.token if token == "" else token
        self.driver.get(f"http://127.0.0.1:{daemon.port}{path}" + (f"#token={token}" if token else ""))

    def forget(self):
        """Signs out."""
        self.driver.execute_script("localStorage.clear()")

    def run(self, script: str, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, expression: str, *arguments):
        """Waits until an expression of JavaScript is true; what it was then."""
        message = f"never true: {expression}"
        try:
            return WebDriverWait(self.driver, WAIT_SECONDS_MAX, 0.05).until(
                lambda driver: driver.execute_script(f"return {expression}", *arguments), message
            )
        except Exception:
            self.screenshot("failed")
            print("page:", self.run("return document.body.innerText")[:2000])
            print("console:", self.complaints())
            raise

    def find(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        return self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", selector)

    def click_at(self, selector: str, part: float):
        """Clicks into an element, at a part of its width."""
        element = self.find(selector)
        offset = int(element.size["width"] * (part - 0.5))
        ActionChains(self.driver).move_to_element_with_offset(element, offset, 0).click().perform()

    def press(self, keys: str):
        ActionChains(self.driver).send_keys(keys).perform()

    def complaints(self) -> list[str]:
        """What went wrong in the page since this was last asked: errors not caught, loads that failed."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requests(self) -> list[str]:
        """The addresses that were really asked for since this was last asked; not what the page's policy held back."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        held_back = {m["params"]["requestId"] for m in messages if m["params"].get("blockedReason")}
        sent = (m["params"] for m in messages if m["method"] == "Network.requestWillBeSent")
        return [request["request"]["url"] for request in sent if request["requestId"] not in held_back]

    def screenshot(self, name: str):
        _SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(_SCREENSHOTS / f"{name}.png"))

    # The player.

    def frame_text(self) -> str:
        """The text of the replayed page."""
        return self.run("return document.querySelector('#screen iframe')?.contentDocument?.body?.innerText ?? ''")

    def wait_for_frame(self, text: str):
        """Waits until the replayed page shows a text."""
        self.wait(
            "document.querySelector('#screen iframe')?.contentDocument?.body?.innerText.includes(arguments[0])", text
        )
