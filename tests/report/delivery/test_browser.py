"""The page of a delivery in a real browser: everybody can read it, by day, by night, on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.documents.delivery import Delivery
from cdkit.report.report import render
from tests.dora.lives import example
from tests.parts.chromium import Chromium
from tests.report.delivery.deliveries import hostile, report, shown
from tests.report.reading import EVIL

pytestmark = pytest.mark.needs("chromium")


def written(folder: Path, delivery: Delivery) -> Path:
    page = folder / "dora.html"
    page.write_text(shown(delivery, notes=("a note",)), encoding="utf-8")
    return page


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return written(tmp_path, example())


@pytest.mark.parametrize(("scheme", "width"), [("light", "1280"), ("dark", "390")])
def test_axe_finds_nothing_that_keeps_anybody_out(
    scheme: str, width: str, page: Path, chromium: Chromium
) -> None:
    found = chromium.look(
        page,
        """
        const context = await browser.newContext({
          colorScheme: given.scheme, viewport: {width: Number(given.width), height: 900},
          bypassCSP: true, // the page lets no script in, axe included
        });
        const page = await context.newPage();
        await page.goto(url);
        await page.evaluate(() => {
          for (const one of document.querySelectorAll("details")) one.open = true;
          // Enough of each kind: axe needs a minute for a thousand rows that are all alike.
          for (const one of document.querySelectorAll("tr:nth-child(n+4)")) one.remove();
          for (const one of document.querySelectorAll("details.service:nth-of-type(n+3)"))
            one.remove();
          for (const one of document.querySelectorAll("a[href^='#']"))
            if (!document.getElementById(one.hash.slice(1))) one.removeAttribute("href");
        });
        await page.evaluate(axe);
        const told = await page.evaluate(() => axe.run(document, {
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }));
        const seen = told.passes.find(one => one.id === "color-contrast");
        return {
          wrong: told.violations.map(
            one => `${one.id}: ${one.nodes.map(n => n.target + " " + n.failureSummary)}`),
          contrast: seen ? seen.nodes.length : 0,
          paper: await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
        };
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
    assert "How well do we deliver to production?" in found["text"]


def test_hostile_text_runs_nothing_and_asks_for_nothing(tmp_path: Path, chromium: Chromium) -> None:
    found = chromium.look(written(tmp_path, hostile(EVIL)), WATCHED)
    assert found["asked"] == [(tmp_path / "dora.html").as_uri()]
    assert found["said"] == []
    assert "<script>alert(1)</script>" in found["text"]


def test_a_link_unfolds_the_deployments_behind_a_number(page: Path, chromium: Chromium) -> None:
    found = chromium.look(
        page,
        """
        const page = await browser.newPage({reducedMotion: "reduce"});
        await page.goto(url);
        const told = [];
        for (const [link, to] of [
          [".instability a[href='#all-fail']", "#all-fail"],
          ["a[href='#service-2']", "#service-2"],
        ]) {
          const before = await page.locator(to).isVisible();
          await page.locator(link).first().click();
          const seen = await page.locator(to).evaluate(one => {
            const box = one.getBoundingClientRect();
            return [one.parentElement.open, box.top < innerHeight, one.innerText.split("\\n")[0]];
          });
          told.push([before, ...seen]);
        }
        return told;
        """,
    )
    assert [one[:3] for one in found] == [[False, True, True], [False, True, True]]
    assert found[0][3].startswith("Change fail rate: 23 deployments")


def test_nothing_makes_the_page_wider_than_the_screen(page: Path, chromium: Chromium) -> None:
    found = chromium.look(
        page,
        """
        const page = await browser.newPage();
        await page.goto(url);
        await page.evaluate(() => {
          for (const one of document.querySelectorAll("details")) one.open = true;
        });
        const told = {};
        for (const width of [320, 390, 768, 1280]) {
          await page.setViewportSize({width, height: 800});
          told[width] = await page.evaluate(() => document.documentElement.scrollWidth);
        }
        return told;
        """,
    )
    assert {width: wide for width, wide in found.items() if wide > int(width)} == {}


def test_the_keyboard_reaches_the_content_the_links_and_what_is_folded_away(
    page: Path, chromium: Chromium
) -> None:
    found = chromium.look(
        page,
        """
        const page = await browser.newPage();
        await page.goto(url);
        const seen = [];
        for (let n = 0; n < 30; n++) {
          await page.keyboard.press("Tab");
          seen.push(await page.evaluate(() => {
            const one = document.activeElement;
            return [one.tagName, one.getAttribute("aria-label") || one.textContent.slice(0, 40),
              getComputedStyle(one).outlineStyle];
          }));
        }
        const summary = page.locator("details.behind > summary").first();
        await summary.focus();
        await page.keyboard.press("Enter");
        return {seen, opened: await summary.evaluate(one => one.parentElement.open)};
        """,
    )
    assert found["seen"][0][1] == "Skip to the content"
    reached = [told[1] for told in found["seen"]]
    assert "See 23 deployments behind change fail rate" in reached
    assert [told for told in found["seen"] if told[2] == "none"] == []
    assert found["opened"] is True


def test_on_paper_it_is_black_on_white_and_the_lists_are_unfolded(
    page: Path, chromium: Chromium
) -> None:
    found = chromium.look(
        page,
        """
        const viewport = {width: 690, height: 980}; // A4 within its margins
        const page = await browser.newPage({colorScheme: "dark", viewport});
        await page.goto(url);
        await page.emulateMedia({media: "print", colorScheme: "dark"});
        const pdf = await page.pdf({preferCSSPageSize: true});
        return page.evaluate(length => {
          const seen = one => one.getBoundingClientRect().height > 0;
          const lists = [...document.querySelectorAll("#behind details > div")];
          return {
            length,
            paper: getComputedStyle(document.body).backgroundColor,
            ink: getComputedStyle(document.body).color,
            nav: getComputedStyle(document.querySelector("nav")).display,
            lists: lists.map(seen),
            rows: [...lists[0].querySelectorAll("tbody tr")].filter(seen).length,
            told: lists[0].querySelector(".paper").innerText,
            services: [...document.querySelectorAll("details.service > div")].map(seen),
            wide: document.documentElement.scrollWidth,
          };
        }, pdf.length);
        """,
    )
    assert (found["paper"], found["ink"]) == ("rgb(255, 255, 255)", "rgb(17, 17, 17)")
    assert found["nav"] == "none"
    assert found["lists"] == [True] * 6
    assert (found["rows"], found["told"]) == (15, "On paper the first 15.")
    assert found["services"] == [True] * 5
    assert found["wide"] <= 690
    assert found["length"] > 10_000


@pytest.mark.parametrize(("scheme", "paper"), [("light", "255,255,255"), ("dark", "27,31,37")])
def test_the_picture_is_drawn_and_follows_the_readers_system(
    scheme: str, paper: str, tmp_path: Path, chromium: Chromium
) -> None:
    (tmp_path / "dora.svg").write_text(render("svg", report(example())), encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><img src='dora.svg' alt=''>", encoding="utf-8")
    found = chromium.look(
        page,
        """
        const page = await browser.newPage({colorScheme: given.scheme});
        await page.goto(url);
        const shot = await page.locator("img").screenshot();
        return page.evaluate(async data => {
          const image = document.images[0], drawn = new Image();
          drawn.src = "data:image/png;base64," + data;
          await drawn.decode();
          const canvas = document.createElement("canvas");
          canvas.width = drawn.width;
          canvas.height = drawn.height;
          const context = canvas.getContext("2d");
          context.drawImage(drawn, 0, 0);
          const colour = [...context.getImageData(450, 140, 1, 1).data].slice(0, 3).join();
          return [image.naturalWidth, image.naturalHeight, colour];
        }, shot.toString("base64"));
        """,
        scheme=scheme,
    )
    assert found == [900, 156, paper]
