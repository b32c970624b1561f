"""Events on the wire: the three modes of the HTTP binding, to the letter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import RequestError
from cdkit.events.catalogue import find
from cdkit.events.cloudevents import (
    LARGEST,
    batch,
    binary,
    decode_value,
    encode_value,
    structured,
    wrap,
)
from tests.events.samples import sample

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)


def event(**changes: str) -> dict[str, Any]:
    found = sample(find("service.deployed"), full=True)
    found["context"] |= {"id": "i-1", "source": "https://example.com/x"}
    found["subject"]["id"] = changes.get("subject", "orders")
    return found


def test_binary_mode_has_the_attributes_as_headers_and_the_event_as_body() -> None:
    headers, body = binary(wrap(event()))
    assert headers == {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "i-1",
        "ce-source": "https://example.com/x",
        "ce-type": "dev.cdevents.service.deployed.0.3.0",
        "ce-subject": "orders",
        "ce-time": "2026-11-23T09:00:00Z",
    }
    assert json.loads(body) == event()


def test_structured_mode_has_all_in_the_body() -> None:
    headers, body = structured(wrap(event()))
    assert headers == {"content-type": "application/cloudevents+json; charset=UTF-8"}
    assert json.loads(body) == {
        "specversion": "1.0",
        "id": "i-1",
        "source": "https://example.com/x",
        "type": "dev.cdevents.service.deployed.0.3.0",
        "subject": "orders",
        "time": "2026-11-23T09:00:00Z",
        "datacontenttype": "application/json",
        "data": event(),
    }


def test_batch_mode_is_a_list_of_structured_events() -> None:
    one = wrap(event())
    headers, body = batch([one, one])
    assert headers == {"content-type": "application/cloudevents-batch+json; charset=UTF-8"}
    assert json.loads(body) == [json.loads(structured(one)[1])] * 2


def test_a_batch_of_none_is_an_empty_list() -> None:
    assert batch([])[1] == b"[]"


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("Euro \u20ac \U0001f600", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
        ('a"b%c', "a%22b%25c"),
        ("a/b:c;d,e~!", "a/b:c;d,e~!"),
        ("\x7f", "%7F"),
        ("line\nend", "line%0Aend"),
        ("", ""),
    ],
)
def test_a_header_value_is_encoded_as_the_binding_says(text: str, encoded: str) -> None:
    assert encode_value(text) == encoded


@given(TEXT)
def test_a_header_value_survives_the_way(text: str) -> None:
    assert decode_value(encode_value(text)) == text


@given(TEXT)
def test_a_header_value_holds_only_what_a_header_may(text: str) -> None:
    assert all("!" <= character <= "~" and character != '"' for character in encode_value(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"a b"', "a b"),
        (r'"a \"b\""', 'a "b"'),
        ('"Euro%20%E2%82%AC"', "Euro \u20ac"),
        ("%e2%82%ac", "\u20ac"),
        ("%2541", "%41"),
    ],
)
def test_a_header_of_another_sender_is_read(value: str, text: str) -> None:
    assert decode_value(value) == text


@pytest.mark.parametrize("value", ["%C0%A0", "%", "%4", "%zz", "%ED%A0%80"])
def test_a_header_that_encodes_nothing_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"percent|utf-8"):
        decode_value(value)


@pytest.mark.parametrize("subject", ["a\nb", "a\0", "\x85", "\ufffe", "\ufdd0", "\U0001ffff"])
def test_a_character_that_cloudevents_forbids_is_refused(subject: str) -> None:
    with pytest.raises(RequestError, match="subject holds a character"):
        wrap(event(subject=subject))


def test_an_event_that_not_every_intermediary_passes_is_refused() -> None:
    large = event() | {"customData": {"a": "x" * LARGEST}}
    with pytest.raises(RequestError, match="pass every intermediary"):
        wrap(large)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_any_subject_arrives_as_it_is_or_is_refused(subject: str) -> None:
    try:
        wrapped = wrap(event(subject=subject))
    except RequestError:
        return
    assert decode_value(binary(wrapped)[0]["ce-subject"]) == subject
    assert json.loads(structured(wrapped)[1])["subject"] == subject
