"""The passport in a real browser: it shows, says nothing on the console, and all can read it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from cdkit.report.passport.page import page
from tests.parts.chromium import Chromium
from tests.parts.node import Node
from tests.report.passport.facts import known

pytestmark = pytest.mark.needs("chromium", "node")

_RUN = """
axe.run().then(found => {
  const told = document.createElement("pre");
  told.id = "axe";
  const say = each => [each.id, each.impact, each.nodes.map(node => node.html.slice(0, 200))];
  told.textContent = JSON.stringify({
    violations: found.violations.map(say), passes: found.passes.map(one => one.id),
  });
  document.body.appendChild(told);
});
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    place = tmp_path / "passport.html"
    place.write_text(page(known(20, broken=True)), encoding="utf-8")
    return place


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_everybody_can_read_it(
    written: Path, tmp_path: Path, chromium: Chromium, node: Node, mode: str
) -> None:
    """axe-core's rules for WCAG, contrast among them; every part of the page unfolded."""
    axe = (node.home / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", written.read_text())
    text = text.replace("<details>", '<details open="">')
    scripts = f"<script>{axe.replace('</script>', '')}</script><script>{_RUN}</script>"
    probe = tmp_path / "probe.html"
    probe.write_text(text.replace("</body>", f"{scripts}</body>"), encoding="utf-8")
    done = chromium.run(probe, "--virtual-time-budget=30000", "--dump-dom", dark=mode == "dark")
    found = re.search(r'<pre id="axe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    told = json.loads(unescape(found[1]))
    assert told["violations"] == []
    assert {"color-contrast", "landmark-one-main", "svg-img-alt", "region"} <= set(told["passes"])


def test_it_says_nothing_on_the_console_and_asks_for_nothing(
    written: Path, tmp_path: Path, chromium: Chromium
) -> None:
    log = tmp_path / "net.json"
    done = chromium.run(written, f"--log-net-log={log}", "--dump-dom")
    assert "CONSOLE" not in done.stderr
    assert "Against the releases before" in done.stdout
    asked = set(re.findall(r'"url":"(https?://[^"]+)"', log.read_text(encoding="utf-8")))
    assert not {url for url in asked if "example" in url}


def test_it_looks_other_in_the_dark_and_prints(
    written: Path, tmp_path: Path, chromium: Chromium
) -> None:
    pictures = []
    for dark in (False, True):
        picture = tmp_path / f"{dark}.png"
        chromium.run(written, "--window-size=900,900", f"--screenshot={picture}", dark=dark)
        pictures.append(picture.read_bytes())
    assert all(one.startswith(b"\x89PNG") for one in pictures)
    assert pictures[0] != pictures[1]
    paper = tmp_path / "paper.pdf"
    chromium.run(written, "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    assert paper.read_bytes().startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) <= 8
