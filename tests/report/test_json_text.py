from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.escape import log_line
from cdkit.report.json_text import json_text

TEXT = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    ["##[error]", "###[x]", "\\##[x]", "\\\u202e", "\x9b31m", "##\ud800", '"##"', "\u2028::x"]
)


@given(st.dictionaries(TEXT, st.lists(TEXT)))
def test_a_document_reads_back_but_for_half_characters(held: dict[str, list[str]]) -> None:
    whole = {_whole(key): [_whole(text) for text in texts] for key, texts in held.items()}
    assert json.loads(json_text(held)) == whole


def _whole(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


@given(TEXT)
def test_no_line_of_a_document_is_a_command_or_obeyed_by_a_terminal(text: str) -> None:
    for line in json_text({text: [text]}).splitlines():
        assert log_line(line) == line
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", line)
