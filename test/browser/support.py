# SPDX-License-Identifier: MIT
"""What the browser's tests share: the program's server, a browser, cases, and checks of a page.

    make browser                                       runs all of them
    BUILD=build test/browser/test_serve.py             runs one, from the repository root

Debian's chromium is driven by python3-selenium. Where one of them is missing, the tests skip and say so.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cases import check, finish  # noqa: E402, F401 (for the tests, too)

build = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
ftrain = build / "ftrain" / "ftrain"
samples = build / "docs" / "demo" / "samples"


def skip(why):
    print(f"ok - {pathlib.Path(sys.argv[0]).name} # SKIP {why}")
    sys.exit(0)


try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By  # noqa: F401 (for the tests)
    from selenium.webdriver.common.keys import Keys
except ImportError:
    skip("python3-selenium is missing")
if not shutil.which("chromium") or not shutil.which("chromedriver"):
    skip("chromium or chromedriver is missing")
if subprocess.run([ftrain, "info"], capture_output=True, text=True).stdout.find("server not available") >= 0:
    skip("ftrain was built without libmicrohttpd")


def wait_for(condition, seconds=30):
    """The first true value of condition(), asked again and again; the last one when time is up."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.05)


# ---- the program ----

@contextlib.contextmanager
def workplace():
    """A new folder, which holds the program's cache, too."""
    with tempfile.TemporaryDirectory(prefix="ftrain-browser-") as name:
        os.environ["XDG_CACHE_HOME"] = name + "/cache"
        for variable in ("DENSENET_WEIGHTS", "TORCH_HOME", "FTRAIN_TOKEN"):
            os.environ.pop(variable, None)
        yield pathlib.Path(name)


def run(*words, **options):
    """Runs ftrain to its end and gives its output."""
    return subprocess.run([str(ftrain), *map(str, words)], check=True, capture_output=True, text=True, **options).stdout


def make_model(folder):
    """Drawn pictures in folder/data and a small model of them, folder/model.safetensors."""
    data, model = folder / "data", folder / "model.safetensors"
    subprocess.run([samples, data, "--count", "6,3,3", "--size", "256"], check=True, capture_output=True)
    run("train", data, "-w", "random:1", "--arch", "densenet121", "--resize", 72, "--crop", 64, "--epochs", 3, "-q", "-o", model)
    return data, model


@contextlib.contextmanager
def serving(*words, environment=None):
    """A command that serves; the value is its address, which is the last word of its first line."""
    process = subprocess.Popen([str(ftrain), *map(str, words)], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **(environment or {})})
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.send_signal(signal.SIGTERM)
        check(f"{words[0]} ends with 0 after SIGTERM", process.wait(timeout=30), 0)
        process.stdout.close()


# ---- the browser ----

@contextlib.contextmanager
def browser(width=1280, height=900, dark=False):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # Without a sandbox only where the user is root, who cannot have one; /dev/shm is small in containers.
    for word in ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--force-device-scale-factor=1",
                 "--disable-background-networking", "--no-first-run", "--hide-scrollbars",
                 *(["--no-sandbox"] if os.getuid() == 0 else []),
                 *(["--force-dark-mode"] if dark else [])]:
        options.add_argument(word)
    from selenium.webdriver.chrome.service import Service
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    try:
        resize(driver, width, height)
        yield driver
    finally:
        driver.quit()


def resize(driver, width, height):
    """Sets the size of the page itself, which a window's frame does not limit."""
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})


def set_dark(driver, dark):
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})


def console_errors(driver):
    """What the browser complained of since it was last asked: scripts that failed, files that the policy refused."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def press(driver, *keys):
    """Types on whatever has the focus."""
    for key in keys:
        webdriver.ActionChains(driver).send_keys(key).perform()


def tab_to(driver, selector, most=60):
    """Presses Tab until the element has the focus; whether it got it."""
    for _ in range(most):
        press(driver, Keys.TAB)
        if driver.execute_script("return document.activeElement.matches(arguments[0])", selector):
            return True
    return False


def screenshot(driver, name):
    """Keeps a picture of the page where $SCREENSHOTS names a folder."""
    if os.environ.get("SCREENSHOTS"):
        driver.save_screenshot(os.path.join(os.environ["SCREENSHOTS"], name + ".png"))


# ---- what every page must hold to (WCAG 2.1: 1.1.1, 1.4.3, 1.4.10, 2.4.2, 2.4.7, 3.1.1, 4.1.2) ----

PROBLEMS = r"""
const problems = [];
const say = (element, what) => problems.push(
    element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') +
    (element.className && element.className.baseVal === undefined ? '.' + element.className : '') + ': ' + what);
const isShown = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility === 'visible';
const text = (element) => (element ? element.textContent : '').trim();

if (!document.documentElement.lang) problems.push('html: no lang');
if (!document.title.trim()) problems.push('no title');
if (document.querySelectorAll('h1').length !== 1) problems.push('there must be one h1');
if (!document.querySelector('main')) problems.push('no main');
const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) problems.push('id twice: ' + id);

function nameOf(element) {
  const labels = (element.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean)
      .map((id) => text(document.getElementById(id))).join(' ');
  const inside = element.matches('select, input, textarea, meter, progress') ? '' : text(element) + [...element.querySelectorAll('img')].map((image) => image.alt).join(' ');
  return element.getAttribute('aria-label') || labels || [...(element.labels || [])].map(text).join(' ') ||
      inside.trim() || element.title || '';
}
for (const element of document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a[href], ' +
    '[role=button], [role=option], meter, progress, summary'))
  if (!nameOf(element)) say(element, 'has no name');
for (const image of document.querySelectorAll('img'))
  if (image.alt === null || (!image.hasAttribute('alt'))) say(image, 'has no alt');
  else if (isShown(image) && image.getAttribute('src') && !image.alt && !image.closest('[aria-hidden=true]') &&
      !image.closest('button, a')) say(image, 'has an empty alt');
for (const element of document.querySelectorAll('[tabindex]'))
  if (element.tabIndex > 0) say(element, 'tabindex above 0');
for (const table of document.querySelectorAll('table'))
  if (isShown(table) && !table.querySelector('th[scope]')) say(table, 'no th with scope');

// contrast of every text with what lies behind it
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
function rgba(colour) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
const over = (top, below) => [0, 1, 2].map((i) => top[3] * top[i] + (1 - top[3]) * below[i]).concat([1]);
function behind(element) {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    if (style.backgroundImage !== 'none') return null; // cannot be told
    layers.push(rgba(style.backgroundColor));
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  return layers.reverse().reduce((below, layer) => over(layer, below), dark ? [18, 18, 18, 1] : [255, 255, 255, 1]);
}
const linear = (value) => value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
const light = (colour) => 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (!node.data.trim() || !isShown(element) || element.closest('script, style, svg, :disabled, .hidden, option')) continue;
  const below = behind(element);
  if (!below) continue;
  const style = getComputedStyle(element);
  const shown = over(rgba(style.color), below);
  const a = light(shown) + 0.05, b = light(below) + 0.05;
  const ratio = Math.max(a, b) / Math.min(a, b);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  if (ratio < (isLarge ? 3 : 4.5)) say(element, 'contrast ' + ratio.toFixed(2) + ' of "' + node.data.trim().slice(0, 30) + '"');
}

if (document.documentElement.scrollWidth > innerWidth)
  problems.push('scrolls sideways: ' + document.documentElement.scrollWidth + ' > ' + innerWidth);
return problems;
"""

FOCUS = r"""
const element = document.activeElement;
if (element === document.body) return null;
const marks = [element, ...[...function* () { for (let at = element.parentElement; at; at = at.parentElement) yield at; }()]];
const outlined = marks.some((at) => {
  const style = getComputedStyle(at);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
});
return [element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') + (element.className ? '.' + element.className : ''),
    outlined];
"""


def page_problems(driver):
    """Labels, texts for pictures, language, title, contrast, width: a list of what is wrong."""
    return driver.execute_script(PROBLEMS)


def focus_problems(driver, most=40):
    """Goes through the page by Tab: what gets the focus without showing it, and whether anything gets it."""
    driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    seen, problems = [], []
    for _ in range(most):
        press(driver, Keys.TAB)
        found = driver.execute_script(FOCUS)
        if not found:
            break
        seen.append(found[0])
        if not found[1] and found[0] not in problems:
            problems.append(found[0])
    return problems if seen else ["nothing can be reached by Tab"]


def check_page(driver, what):
    """The page as it stands, at the widths of a telephone and of a desk, light and dark."""
    for width in (390, 1280):
        resize(driver, width, 900)
        for dark in (False, True):
            set_dark(driver, dark)
            check(f"{what}: sound at {width} pixels, {'dark' if dark else 'light'}", page_problems(driver), [])
            screenshot(driver, f"{what.replace(' ', '-')}-{width}-{'dark' if dark else 'light'}")
    set_dark(driver, False)
    check(f"{what}: the focus is seen wherever it goes", focus_problems(driver), [])
    check(f"{what}: the browser complains of nothing", console_errors(driver), [])
