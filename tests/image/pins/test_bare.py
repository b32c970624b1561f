"""Images for tools that take a tag or a digest: the tag stands in a comment."""

from __future__ import annotations

import pytest

from cdkit.core.digest import Digest
from cdkit.image.pins.find import FileUses, all_formats, read
from cdkit.image.pins.judge import judge_use
from cdkit.image.pins.pin import pin_file, wanted
from tests.image.pins.cases import DIGEST, SERVER, pinned

HEAD = "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code:\n"
OLD = f"sha256:{'0' * 64}"


def found(value: str, *, end: str = "\n") -> FileUses:
    data = f"{HEAD}        ImageUri: {value}{end}".encode()
    uses = read("stack.yaml", data, [all_formats()["cloudformation"]])
    assert uses is not None
    return uses


def told(value: str) -> list[str]:
    return [use.text for use in found(value).uses]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("fn:1.4", f"fn@{DIGEST} # 1.4"),
        ("fn", f"fn@{DIGEST} # latest"),
        ("'fn'", f"'fn@{DIGEST}' # latest"),
        ('"localhost:5000/fn:1.4"', f'"localhost:5000/fn@{DIGEST}" # 1.4'),
        ("localhost:5000/fn", f"localhost:5000/fn@{DIGEST} # latest"),
        ("fn:1.4   # ours: 2", f"fn@{DIGEST} # 1.4   # ours: 2"),
        ("fn:1.4\t# ours", f"fn@{DIGEST} # 1.4\t# ours"),
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_digest_takes_the_tag_s_place_and_the_tag_goes_into_a_comment(
    before: str, after: str, end: str
) -> None:
    data = pinned(found(before, end=end)).data

    assert data == f"{HEAD}        ImageUri: {after}{end}".encode()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (f"fn@{OLD} # 1.4", f"fn:1.4@{OLD}"),
        (f"'fn@{OLD}'  #1.4", f"fn:1.4@{OLD}"),
        (f"fn@{OLD} # 1.4 # ours", f"fn:1.4@{OLD}"),
        (f"fn@{OLD} # what we run", f"fn@{OLD}"),
        (f"fn@{OLD}", f"fn@{OLD}"),
        (f"fn:1.3@{OLD} # 1.4", f"fn:1.3@{OLD}"),
    ],
)
def test_a_tag_is_read_from_the_comment_where_it_stands_alone(written: str, text: str) -> None:
    assert told(written) == [text]


def test_an_update_asks_for_the_tag_in_the_comment_and_writes_the_digest_alone() -> None:
    uses = found(f"fn@{OLD} # 1.4")
    wish = wanted(judge_use(uses.uses[0]), update=True, server=SERVER)
    new = Digest("sha256", "e" * 64)

    assert wish is not None
    assert wish.name == "docker.io/library/fn:1.4"
    data = pin_file(uses, [wish], {wish.name: new}).data
    assert data == f"{HEAD}        ImageUri: fn@{new} # 1.4\n".encode()


def test_nothing_is_written_where_no_comment_can_stand() -> None:
    head = "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Code: {ImageUri: "
    uses = read("stack.yaml", f"{head}fn:1.4}}}}\n".encode(), [all_formats()["cloudformation"]])

    assert uses is not None
    assert [(use.text, use.edits) for use in uses.uses] == [("fn:1.4", ())]
    assert pinned(uses).data is None


def test_json_takes_no_comment_and_so_no_digest_for_a_function() -> None:
    data = b'{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {\n'
    data += b'"ImageUri": "fn:1.4"\n}}}}}'
    uses = read("stack.template", data, [all_formats()["cloudformation"]])

    assert uses is not None
    assert [(use.text, use.edits) for use in uses.uses] == [("fn:1.4", ())]
