#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The checks of pages find what they are there for: a page with one fault of each kind, and a sound one."""
import urllib.parse

from support import *

SOUND = """<!DOCTYPE html><html lang=en><title>Sound</title><style>:focus{outline:3px solid blue}</style><h1>Sound</h1>
<main><p>Text</p><label>Name <input></label><button aria-label=Close>x</button><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt=dot>
<table><tr><th scope=col>class</table></main>"""

# what is put into the page, and a word of the complaint
FAULTS = {
    "<input id=nameless>": "input#nameless: has no name",
    "<button id=nameless></button>": "button#nameless: has no name",
    "<select id=nameless><option>a</select>": "select#nameless: has no name",
    "<img id=textless src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>": "img#textless: has no alt",
    "<p id=pale style='color:#999;background:#fff'>pale</p>": "p#pale: contrast 2.85",
    "<p id=grey style='opacity:1;color:rgba(0,0,0,.4)'>grey</p>": "p#grey: contrast",
    "<div style='width:3000px'>wide</div>": "scrolls sideways",
    "<p id=one></p><p id=one></p>": "id twice: one",
    "<h1>again</h1>": "one h1",
    "<a href=x id=first tabindex=1>first</a>": "a#first: tabindex above 0",
    "<table id=headless><tr><td>1</table>": "table#headless: no th with scope",
}


def show(driver, page):
    driver.get("data:text/html;charset=utf-8," + urllib.parse.quote(page))


def main():
    with browser() as driver:
        show(driver, SOUND)
        check("a sound page has no problems", page_problems(driver), [])
        check("and its focus is seen", focus_problems(driver), [])
        for fault, complaint in FAULTS.items():
            show(driver, SOUND.replace("</main>", fault + "</main>"))
            found = page_problems(driver)
            check(f"found: {complaint}", [complaint in problem for problem in found], [True])
        show(driver, SOUND.replace("lang=en", "").replace("Sound</title>", "</title>"))
        check("found: no language and no title", page_problems(driver), ["html: no lang", "no title"])
        show(driver, SOUND.replace("outline:3px solid blue", "outline:none"))
        check("found: a focus that is not seen", focus_problems(driver), ["input", "button"])
        show(driver, SOUND + "<script>undefined.member</script>")
        check("found: a script that failed", len(console_errors(driver)), 1)
    finish()


main()
