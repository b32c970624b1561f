"""The passport in a real browser: everybody can read it, by day, by night and on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cdkit.core.documents.dossier import Dossier
from cdkit.report.passport.page import passport
from tests.parts.chromium import Chromium
from tests.report.passport.dossiers import everything, hostile
from tests.report.reading import EVIL

pytestmark = pytest.mark.needs("chromium")

OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


def written(folder: Path, dossier: Dossier) -> Path:
    page = folder / "passport.html"
    page.write_text(passport(dossier), encoding="utf-8")
    return page


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return written(tmp_path, everything(tmp_path))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", ["1280", "390"])
def test_axe_finds_nothing_that_keeps_anybody_out(
    scheme: str, width: str, page: Path, chromium: Chromium
) -> None:
    found = chromium.look(
        page,
        f"""
        const context = await browser.newContext({{
          colorScheme: given.scheme, viewport: {{width: Number(given.width), height: 900}},
          bypassCSP: true, // the page lets no script in, axe included
        }});
        const page = await context.newPage();
        await page.goto(url);
        await page.evaluate(() => {{ {OPEN} }});
        await page.evaluate(axe);
        const told = await page.evaluate(() => axe.run(document, {{
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }}));
        const seen = told.passes.find(one => one.id === "color-contrast");
        return {{
          wrong: told.violations.map(
            one => `${{one.id}}: ${{one.nodes.map(n => n.target + " " + n.failureSummary)}}`),
          contrast: seen ? seen.nodes.length : 0,
          paper: await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
        }};
        """,
        scheme=scheme,
        width=width,
    )
    assert found["wrong"] == []
    assert found["contrast"] > 100
    papers = {"light": "rgb(251, 250, 248)", "dark": "rgb(20, 23, 27)"}
    assert found["paper"] == papers[scheme]


WATCHED = """
const page = await browser.newPage();
const said = [], asked = [];
page.on("console", one => said.push(one.text()));
page.on("pageerror", one => said.push(String(one)));
page.on("dialog", one => { said.push("a dialog: " + one.message()); one.dismiss(); });
page.on("request", one => asked.push(one.url()));
await page.goto(url);
await page.evaluate(() => document.querySelectorAll("details").forEach(d => { d.open = true; }));
await page.waitForLoadState("networkidle");
const text = await page.evaluate(() => document.body.innerText);
return {said, asked, text, styled: await page.evaluate(() => document.styleSheets.length)};
"""


def test_it_asks_the_network_for_nothing_and_says_nothing_on_the_console(
    page: Path, chromium: Chromium
) -> None:
    found = chromium.look(page, WATCHED)
    assert found["asked"] == [page.as_uri()]
    assert found["said"] == []
    assert found["styled"] == 1


def test_hostile_text_runs_nothing_and_asks_for_nothing(tmp_path: Path, chromium: Chromium) -> None:
    found = chromium.look(written(tmp_path, hostile(EVIL)), WATCHED)
    assert found["asked"] == [(tmp_path / "passport.html").as_uri()]
    assert found["said"] == []
    assert "<script>alert(1)</script>" in found["text"]


def test_markup_that_came_in_all_the_same_could_not_run(page: Path, chromium: Chromium) -> None:
    html = page.read_text(encoding="utf-8")
    broken = html.replace("<main ", "<script>document.title = 'run'</script><main ", 1)
    page.write_text(broken, encoding="utf-8")
    found = chromium.look(
        page, "const page = await browser.newPage(); await page.goto(url); return page.title();"
    )
    assert found == "Passport of registry.example.com/acme/orders"


@pytest.mark.parametrize("width", ["320", "390", "768", "1280"])
def test_nothing_makes_the_page_wider_than_the_screen(
    width: str, page: Path, chromium: Chromium
) -> None:
    found = chromium.look(
        page,
        f"""
        const viewport = {{width: Number(given.width), height: 800}};
        const page = await browser.newPage({{viewport}});
        await page.goto(url);
        await page.evaluate(() => {{ {OPEN} }});
        return page.evaluate(() => document.documentElement.scrollWidth);
        """,
        width=width,
    )
    assert found <= int(width)


def test_the_keyboard_reaches_the_content_the_links_and_what_is_folded_away(
    page: Path, chromium: Chromium
) -> None:
    found = chromium.look(
        page,
        """
        const page = await browser.newPage();
        await page.goto(url);
        const names = [], seen = [];
        for (let n = 0; n < 60; n++) {
          await page.keyboard.press("Tab");
          const told = await page.evaluate(() => {
            const one = document.activeElement;
            return [one.tagName, one.textContent.slice(0, 40), getComputedStyle(one).outlineStyle];
          });
          names.push(told[0]);
          seen.push(told);
        }
        const summary = page.locator("summary").first();
        await summary.focus();
        await page.keyboard.press("Enter");
        const opened = await summary.evaluate(one => one.parentElement.open);
        return {names, seen, opened};
        """,
    )
    assert found["seen"][0][1] == "Skip to the content"
    assert {"A", "SUMMARY", "DIV"} <= set(found["names"])
    assert all(told[2] != "none" for told in found["seen"] if told[0] in {"SUMMARY", "DIV"})
    assert found["opened"] is True


def printed(page: Path, chromium: Chromium) -> Any:  # noqa: ANN401 - any JSON
    return chromium.look(
        page,
        """
        const viewport = {width: 690, height: 980}; // A4 within its margins
        const page = await browser.newPage({colorScheme: "dark", viewport});
        await page.goto(url);
        await page.emulateMedia({media: "print", colorScheme: "dark"});
        const pdf = await page.pdf({preferCSSPageSize: true});
        return page.evaluate(length => {
          const box = one => { const b = one.getBoundingClientRect(); return b.width * b.height; };
          const folded = [...document.querySelectorAll("details > :not(summary)")];
          return {
            length,
            paper: getComputedStyle(document.body).backgroundColor,
            ink: getComputedStyle(document.body).color,
            nav: getComputedStyle(document.querySelector("nav")).display,
            hidden: folded.filter(one => !box(one) && !one.closest("#releases")).length,
            folded: folded.length,
            wide: document.documentElement.scrollWidth,
          };
        }, pdf.length);
        """,
    )


def test_on_paper_it_is_black_on_white_and_nothing_is_folded_away(
    page: Path, chromium: Chromium
) -> None:
    found = printed(page, chromium)
    assert (found["paper"], found["ink"]) == ("rgb(255, 255, 255)", "rgb(17, 17, 17)")
    assert found["nav"] == "none"
    assert found["folded"] > 5
    assert found["hidden"] == 0
    assert found["wide"] <= 690
    assert found["length"] > 10_000
