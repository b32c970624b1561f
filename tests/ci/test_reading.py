from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.ci.reading import address, branch_of, commit_of, project_of, whole


@pytest.mark.parametrize(
    ("url", "plain", "project"),
    [
        ("https://github.com/acme/orders.git", "https://github.com/acme/orders", "acme/orders"),
        ("https://u:p@git.example.com:8443/a/b/c/", "https://git.example.com:8443/a/b/c", "a/b/c"),
        ("https://u:p@ss@git.example.com/a/b", "https://git.example.com/a/b", "a/b"),
        ("https://u:p/ss@git.example.com/a/b", "", ""),
        ("git@github.com:acme/orders.git", "ssh://git@github.com/acme/orders", "acme/orders"),
        ("ssh://git@host:2222/acme/orders", "ssh://git@host:2222/acme/orders", "acme/orders"),
        ("", "", ""),
        ("orders", "orders", ""),
        ("C:\\repositories\\orders", "C:\\repositories\\orders", ""),
        ("arn:aws:s3:::sources/orders.zip", "arn:aws:s3:::sources/orders.zip", ""),
    ],
)
def test_an_address_is_read_without_its_password(url: str, plain: str, project: str) -> None:
    assert address(url) == plain
    assert project_of(url) == project


@given(st.text(), st.text(alphabet="abc:@/%"))
def test_no_password_stays_in_an_address(scheme: str, user: str) -> None:
    assert "hunter2" not in address(f"{scheme}://{user}:hunter2@example.com/acme/orders")
    assert "hunter2" not in address(f"https://{user}:hunter2@example.com/acme/orders")


@pytest.mark.parametrize(
    ("text", "number"), [("2", 2), ("", 0), ("-1", 0), ("1.5", 0), ("٣", 0), ("9" * 19, 0)]
)
def test_only_plain_digits_are_a_count(text: str, number: int) -> None:
    assert whole(text) == number


@pytest.mark.parametrize("text", ["a" * 40, "0" * 64])
def test_a_commit_is_a_whole_hash(text: str) -> None:
    assert commit_of(text) == text


@pytest.mark.parametrize(
    "text", ["", "HEAD", "r123", "a" * 39, "A" * 40, "a" * 40 + "\n", "٣" * 40]
)
def test_what_is_no_whole_hash_is_no_commit(text: str) -> None:
    assert commit_of(text) == ""


@pytest.mark.parametrize(
    ("ref", "branch"),
    [("refs/heads/a/b", "a/b"), ("refs/tags/v1", ""), ("refs/pull/1/merge", ""), ("main", "")],
)
def test_only_a_full_ref_names_a_branch(ref: str, branch: str) -> None:
    assert branch_of(ref) == branch
