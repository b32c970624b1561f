from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell
from cdkit.core.oci.registry import Registry
from tests.core.registries import (
    log_in,
    outside,
    ref,
    serves,
)
from tests.core.serving import Answer, Asked, serving
from tests.image.layouts import two_platforms


def test_a_redirect_elsewhere_goes_without_the_login(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(serves(layout, index)) as storage:

        def script(asked: Asked) -> Answer:
            if "authorization" not in asked.headers:
                return Answer(401, {"WWW-Authenticate": 'Basic realm="r"'})
            return Answer(307, {"Location": f"{storage.url}{asked.path}"})

        with serving(script) as server:
            log_in(tmp_path, server.address, "ci", "word")
            assert str(Registry(outside(tmp_path)).digest_of(ref(server))) == index

    assert "authorization" in server.asked[-1].headers
    assert all("authorization" not in asked.headers for asked in storage.asked)


def test_redirects_without_end_end(tmp_path: Path) -> None:
    with (
        serving(lambda a: Answer(302, {"Location": a.path})) as server,
        pytest.raises(CannotTell, match="redirects without end"),
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))


def test_a_redirect_to_plain_http_elsewhere_is_refused(tmp_path: Path) -> None:
    with (
        serving(lambda _: Answer(302, {"Location": "http://evil.example.com/x"})) as server,
        pytest.raises(CannotTell, match="no https address"),
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))


@pytest.mark.parametrize(
    "location",
    [
        "https://user:word@evil.example.com/x",
        "https://evil.example.com:99999/x",
        "https://[::/x",
        "file:///etc/passwd",
        "//evil.example.com/x?sig=word",
        "",
    ],
)
def test_a_redirect_that_leads_nowhere_good_is_cannot_tell(tmp_path: Path, location: str) -> None:
    with (
        serving(lambda _: Answer(307, {"Location": location})) as server,
        pytest.raises(CannotTell, match=r"redirects to .* no https address") as caught,
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))

    assert "word" not in caught.value.what
