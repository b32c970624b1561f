"""The sinks that a user names: short forms and tables, and a clear word about wrong ones."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import RequestError
from cdkit.events.targets import SinkTable, resolve


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("file:out/events.ndjson", "file:out/events.ndjson"),
        ("file:///tmp/x", "file:/tmp/x"),
        ("stdout:", "stdout"),
        ("stdout", "stdout"),
        ("slack", "slack"),
        ("slack:", "slack"),
        ("https://example.com", "https://example.com"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
    ],
)
def test_a_short_form_names_a_sink(entry: str, name: str) -> None:
    (target,) = resolve([entry])
    assert (target.name, target.required) == (name, True)


def test_a_path_that_may_be_secret_is_not_shown_and_yet_told_apart() -> None:
    one, two = resolve(["https://hooks.example.com/T0/s3cret", "https://hooks.example.com/T1"])
    assert "s3cret" not in one.name
    assert one.name != two.name
    assert one.name.startswith("https://hooks.example.com#")


def test_a_table_says_more() -> None:
    table = SinkTable(
        type="http", name="bus", url="https://a.example", mode="structured", required=False
    )
    (target,) = resolve([table])
    assert (target.name, target.required) == ("bus", False)
    assert msgspec.to_builtins(target.options)["mode"] == "structured"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], "no sink is named"),
        ([""], "is no kind of sink"),
        (["file"], "names no file"),
        (["https"], "not an http or https address"),
        (["json"], "a json sink has no short form"),
        (["pigeon:coop"], "'pigeon' is no kind of sink"),
        (["file:"], "names no file"),
        (["file:a", "file:a"], "two sinks are called 'file:a'"),
        (["https://"], "not an http or https address"),
        (["https://user:word@a.example"], "holds a user or a password"),
        ([SinkTable(type="pigeon")], "'pigeon' is no type of sink"),
        ([SinkTable(type="http")], "needs an address, once"),
        ([SinkTable(type="http", url="https://a.example", url_env="B")], "needs an address, once"),
        ([SinkTable(type="http", url="https://a.example", mode="loud")], "wrong options"),
        ([SinkTable(type="http", url="https://a.example", path="x")], "wrong options"),
        ([SinkTable(type="http", url="https://a.example", settings={"x": "y"})], "wrong options"),
        ([SinkTable(type="file", path="a", url="https://a.example")], "wrong options"),
        ([SinkTable(type="http", url="https://a.example", timeout=-1)], "timeout"),
        ([SinkTable(type="http", url="https://a.example", headers={"Host": "B"})], "'Host'"),
        ([SinkTable(type="http", url="https://a.example", headers={"CE-id": "B"})], "'CE-id'"),
        ([SinkTable(type="http", url="https://a.example", headers={"a\r\nb": "B"})], "header"),
    ],
)
def test_what_is_no_sink_is_refused(entries: list[Any], said: str) -> None:
    with pytest.raises(RequestError) as caught:
        resolve(entries)
    assert said in caught.value.what
    assert "word" not in caught.value.what.replace("password", "")


@given(st.text(max_size=60))
def test_any_text_is_a_sink_or_refused(text: str) -> None:
    for entry in (text, f"file:{text}", f"https://{text}"):
        try:
            assert len(resolve([entry])) == 1
        except RequestError as fault:
            assert fault.remedy  # noqa: PT017
