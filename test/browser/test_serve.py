#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The page of `ftrain serve` in a real browser: a picture that is chosen, dropped or pasted is judged as `ftrain predict`
does, with its map; by the keyboard alone; on a telephone and on a desk."""
import json

from support import *

# Drops files on the page as a file manager would: the browser has no way to fake that from outside.
DROP = """
const [bytes, name, type] = arguments;
const files = new DataTransfer();
files.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name, { type }));
for (const kind of ['dragover', 'drop'])
  document.getElementById('drop').dispatchEvent(
      new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }));
"""


def cards(driver):
    return driver.find_elements(By.CSS_SELECTOR, ".card:not(.waiting)")


def card_text(card, selector):
    return card.find_element(By.CSS_SELECTOR, selector).text


def is_drawn(driver, image):
    return driver.execute_script("return arguments[0].complete && arguments[0].naturalWidth > 0", image)


def main():
    import base64
    with workplace() as folder:
        data, model = make_model(folder)
        pictures = sorted((data / "test").glob("*/*.jpg"))
        predicted = [json.loads(line) for line in run("predict", "-m", model, "--json", "--coverage", 0.5, *pictures).splitlines()]
        with serving("serve", "-m", model, "--port", 0, "--coverage", 0.5) as address, browser() as driver:
            driver.get(address)
            wait_for(lambda: "densenet121" in driver.find_element(By.ID, "model").text)
            check("the page names the model's classes", "generated, photo" in driver.find_element(By.ID, "model").text)
            check_page(driver, "serve empty")

            chooser = driver.find_element(By.ID, "files")
            chooser.send_keys(str(pictures[0]))
            wait_for(lambda: len(cards(driver)) == 1)
            card = cards(driver)[0]
            best = predicted[0]["class"]
            check("a chosen picture is named", card_text(card, "h2"), pictures[0].name)
            check("and judged as predict does", card_text(card, ".headline").startswith(best + " "))
            share = card_text(card, ".headline").removeprefix(best).replace("%", "")
            check("with the same probability", abs(float(share) / 100 - predicted[0]["probabilities"][best]) < 6e-4)
            check("with its set of classes", card_text(card, ".set"),
                  "set for coverage 0.5: " + (", ".join(predicted[0]["set"]) or "empty: like no class"))
            rows = card.find_elements(By.CSS_SELECTOR, "tbody tr")
            check("the classes stand in the order of their probabilities",
                  [row.find_element(By.TAG_NAME, "td").text for row in rows], list(predicted[0]["probabilities"]))
            check("also where they are numbers, which a script would sort as such", driver.execute_script(
                "const card = addCard(new File([], 'digits'));"
                "showResult(card, JSON.parse(arguments[0]));"
                "const names = [...card.querySelectorAll('tbody tr')].map((row) => row.cells[0].textContent);"
                "card.remove(); return names", json.dumps({"class": "7", "explained": "7", "map": "data:,", "probabilities": {
                    "7": 0.5, "10": 0.3, "a": 0.15, "2": 0.05}})), ["7", "10", "a", "2"])
            for kind in ("picture", "map"):
                image = card.find_element(By.CSS_SELECTOR, "." + kind)
                check(f"its {kind} is drawn", wait_for(lambda: is_drawn(driver, image)))
            check("the map's text names the class", best in card.find_element(By.CSS_SELECTOR, ".map").get_attribute("alt"))

            driver.execute_script(DROP, base64.b64encode(pictures[-1].read_bytes()).decode(), pictures[-1].name, "image/jpeg")
            wait_for(lambda: len(cards(driver)) == 2)
            check("a dropped picture is judged, too", card_text(cards(driver)[0], ".headline").startswith(predicted[-1]["class"]))

            driver.execute_script(DROP, base64.b64encode(b"<script>alert(1)</script>").decode(), "<b>no picture</b>.jpg", "image/jpeg")
            wait_for(lambda: len(cards(driver)) == 3)
            check("what is no picture says why", "not a picture format" in card_text(cards(driver)[0], ".error"))
            check("and its name is text, whatever it holds", card_text(cards(driver)[0], "h2"), "<b>no picture</b>.jpg")
            check("the refusal is told in the console alone", all("415" in text for text in console_errors(driver)))

            chooser.send_keys("\n".join(map(str, pictures)))
            wait_for(lambda: len(cards(driver)) == 3 + len(pictures))
            check("several pictures at once have a card each", len(cards(driver)), 3 + len(pictures))
            check("the count is told", driver.find_element(By.ID, "status").text,
                  f"{len(pictures) + 2} judged, 1 could not be used")
            check_page(driver, "serve results")

            keyboard(driver)
        with_token(model, pictures[0])
    finish()


def with_token(model, picture):
    """Where a token is asked for, a visit to the address with it is enough."""
    token = "0123456789abcdef-of-the-test"
    os.environ["FTRAIN_TOKEN"] = token
    with serving("serve", "-m", model, "--port", 0) as address, browser() as driver:
        driver.get(address)
        check("without the token there is no page", "an access token is needed" in driver.page_source)
        driver.get(f"{address}?token={token}")
        check("with it there is", wait_for(lambda: "densenet121" in driver.find_element(By.ID, "model").text))
        check("and the token has left the address", driver.current_url, address)
        check("no script can read it", driver.execute_script("return document.cookie"), "")
        driver.find_element(By.ID, "files").send_keys(str(picture))
        check("a picture is judged", wait_for(lambda: [card_text(card, ".headline") for card in cards(driver)] != []))
        check("without a complaint", [text for text in console_errors(driver) if "401" not in text], [])
    del os.environ["FTRAIN_TOKEN"]


def keyboard(driver):
    driver.refresh()
    check("Tab reaches the chooser of pictures", tab_to(driver, "#files"))
    check("and the reading of maps", tab_to(driver, "summary"))
    press(driver, Keys.ENTER)
    check("which Enter opens", driver.find_element(By.TAG_NAME, "details").get_attribute("open"), "true")
    driver.execute_script(DROP, "", "empty.jpg", "image/jpeg")
    wait_for(lambda: len(cards(driver)) == 1)
    driver.execute_script("document.activeElement.blur()")
    check("Tab reaches a card's button", tab_to(driver, ".remove"))
    press(driver, Keys.ENTER)
    check("Enter removes the card", len(driver.find_elements(By.CSS_SELECTOR, ".card")), 0)
    check("and the focus goes back to the chooser", driver.execute_script("return document.activeElement.id"), "files")


main()
