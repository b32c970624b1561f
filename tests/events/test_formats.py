"""Times, addresses and identifiers: what their specifications allow and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.events.formats import is_base64, is_moment, is_uri, is_uri_reference, is_uuid


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com",
        "https://example.com:8443/a/b?c=d&e#f/g?",
        "http://[2001:db8::1]:80/",
        "urn:isbn:0451450523",
        "pkg:oci/orders@sha256:ab?repository_url=ghcr.io/a/b",
        "mailto:a@b",
        "x:",
        "https://user:word@example.com/%20",
        "http://[v1.a:b]/",
    ],
)
def test_an_address_with_a_scheme_is_a_uri(text: str) -> None:
    assert is_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/relative",
        "//host/path",
        "http://a b",
        "http://exa\nmple.com",
        "http://example.com/%zz",
        "http://example.com/\u00e9",
        "1http://x",
        "http://[::1",
        "http://[12345]/",
        "http://example.com:port/",
        "http://example.com/<x>",
        "http://example.com/a#b#c",
        "http://example.com\n",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    assert not is_uri(text)


@pytest.mark.parametrize(
    "text", ["", "/a/b", "a/b:c", "../a", "?q", "#f", "//host/a", "./a:b", "github.com/acme/orders"]
)
def test_a_relative_reference_is_a_uri_reference(text: str) -> None:
    assert is_uri_reference(text)


@pytest.mark.parametrize("text", ["a b", "1a:b", ":a", "a\n", "caf\u00e9", "a\\b", "%", "%4"])
def test_what_is_no_uri_reference_is_refused(text: str) -> None:
    assert not is_uri_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T09:00:00Z",
        "2026-11-23t09:00:00.123456789z",
        "2026-11-23T09:00:00.5+05:30",
        "2016-12-31T23:59:60Z",
        "2017-01-01T00:59:60+01:00",
        "2024-02-29T00:00:00-00:00",
    ],
)
def test_a_time_by_rfc_3339_is_a_time(text: str) -> None:
    assert is_moment(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23",
        "2026-11-23T09:00:00",
        "2026-11-23 09:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T09:60:00Z",
        "2026-11-23T09:00:60Z",
        "2026-11-23T09:00:00+24:00",
        "2026-11-23T09:00:00Z\n",
        "\u0662\u0660\u0662\u0666-11-23T09:00:00Z",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    assert not is_moment(text)


@pytest.mark.parametrize("text", ["4c8cb7dd-3448-41de-8768-eec704e2829b"])
def test_a_uuid_is_a_uuid(text: str) -> None:
    assert is_uuid(text)


@pytest.mark.parametrize(
    "text", ["", "4c8cb7dd344841de8768eec704e2829b", "{4c8cb7dd-3448-41de-8768-eec704e2829b}"]
)
def test_another_spelling_is_no_uuid(text: str) -> None:
    assert not is_uuid(text)


@pytest.mark.parametrize("text", ["YQ", "Y Q==", "Y-_=", "\u00e9", "====", "YQ==\n"])
def test_what_is_not_base64_is_refused(text: str) -> None:
    assert not is_base64(text)


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    assert isinstance(is_uri_reference(text) or is_moment(text) or is_base64(text), bool)


@pytest.mark.parametrize("text", ["a" * 200_000 + " ", "/" * 200_000 + " ", "//" + "a:" * 90_000])
def test_a_long_hostile_address_is_answered_at_once(text: str) -> None:
    assert not is_uri(text)
