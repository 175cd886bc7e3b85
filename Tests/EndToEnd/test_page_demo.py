"""The page that records itself, as a newcomer tries it."""

from selenium.webdriver.common.by import By


def test_the_demo_is_off_unless_it_is_configured(daemon):
    assert daemon.ask_tcp("GET", "/demo").problem == "unknown-path"
    assert daemon.ask_tcp("GET", "/assets/demo.html").problem == "unknown-path"


def test_the_demo_records_itself_and_is_watched_live(household, browser):
    daemon = household.start(configuration="[server]\ndemo = yes\n")
    browser.open(daemon, "/demo")
    browser.wait("!document.querySelector('#watch').hidden")
    browser.screenshot("demo")
    demo = browser.driver.current_window_handle
    link = browser.find("#watch").get_attribute("href")
    browser.driver.switch_to.new_window("tab")
    browser.driver.get(link)
    browser.wait_for_frame("Add a line")
    assert "data-reeld-block" not in browser.frame_text()
    player = browser.driver.current_window_handle
    browser.driver.switch_to.window(demo)
    browser.find("#name").send_keys("Zoe")
    browser.find("#add").click()
    browser.find("#throw").click()
    browser.driver.switch_to.window(player)
    browser.wait_for_frame("Added at")
    browser.wait(
        "[...document.querySelectorAll('.row .text')].some((row) => row.innerText.includes('thrown on purpose'))"
    )
    browser.screenshot("demo-watched")
    assert "Zoe" not in browser.frame_text()
    browser.driver.close()
    browser.driver.switch_to.window(demo)
    # In a window behind another nothing is drawn, and what is not drawn does not play.
    browser.driver.execute_cdp_cmd("Page.bringToFront", {})
    assert browser.driver.find_element(By.ID, "lines").text.startswith("Added at")
