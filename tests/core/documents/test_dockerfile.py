from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.documents.dockerfile import (
    arguments,
    directives,
    flags,
    parse_instructions,
    read_instructions,
    trigger,
)


def test_a_here_document_is_not_taken_for_instructions() -> None:
    found = read_instructions(b"FROM a\nRUN <<EOF\nCOPY evil /\nEOF\nRUN two\n")

    assert [(i.keyword, i.line) for i in found] == [("FROM", 1), ("RUN", 2), ("RUN", 5)]


def test_another_escape_character_is_honoured() -> None:
    found = read_instructions(b"# escape=`\nFROM a\nRUN one `\n  two\nCOPY a\\ b\\\nRUN x\n")

    assert [(i.keyword, i.line, i.text) for i in found] == [
        ("FROM", 2, "a"),
        ("RUN", 3, "one two"),
        ("COPY", 5, "a\\ b\\"),
        ("RUN", 6, "x"),
    ]


def test_a_here_document_that_never_ends_hides_nothing() -> None:
    found = read_instructions(b"FROM a\nRUN cat <<EOF\nCOPY b /\n")

    assert [i.keyword for i in found] == ["FROM", "RUN", "COPY"]


def test_what_only_looks_like_a_here_document_hides_nothing() -> None:
    found = read_instructions(b'FROM a\nRUN echo "x <<EOF y" $((1 << EOF))\nCOPY b /\nEOF\n')

    assert [i.keyword for i in found] == ["FROM", "RUN", "COPY", "EOF"]


def test_here_documents_end_in_their_order_and_a_dash_takes_tabs_away() -> None:
    found = read_instructions(b"RUN <<A cat <<-'B'\nB\nA\nFROM x\n\tB\nFROM y\n")

    assert [(i.keyword, i.line) for i in found] == [("RUN", 1), ("FROM", 6)]


def test_words_know_their_place_across_continued_lines() -> None:
    text = "FROM \\  \r\n # no\r\n\r\n --platform=x \\\r\n a:1 AS b\r\n"
    (found,) = parse_instructions(text)
    words = (*flags(found), *arguments(found))

    assert [(word.text, text[word.start : word.end]) for word in words] == [
        (one, one) for one in ("--platform=x", "a:1", "AS", "b")
    ]


def test_a_word_broken_over_lines_says_so() -> None:
    (found,) = parse_instructions("FROM gol\\\nang\n")

    assert [(word.text, word.plain) for word in arguments(found)] == [("golang", False)]


def test_flags_may_be_quoted_and_what_run_runs_is_not_split() -> None:
    (found,) = parse_instructions("RUN --mount='a b' --x sh -c 'unbalanced\n")

    assert [word.text for word in flags(found)] == ["--mount='a b'", "--x"]
    assert [word.text for word in arguments(found)] == ["sh"]


def test_what_an_onbuild_puts_off_keeps_its_place() -> None:
    text = "ONBUILD  COPY --from=a b c\n"
    found = trigger(parse_instructions(text)[0])
    (word,) = flags(found)

    assert (found.keyword, text[word.start : word.end]) == ("COPY", "--from=a")


def test_directives_count_only_before_all_else() -> None:
    text = "#!/usr/bin/x\n# Syntax = a/b:1 \n# other=1\n#escape=`\n# words\n# check=skip=all\n"

    assert [(name, word.text, text[word.start : word.end]) for name, word in directives(text)] == [
        ("syntax", "a/b:1", "a/b:1"),
        ("escape", "`", "`"),
    ]


@given(st.text("FROM RUN<<AB\\\n\t\"'-=#`$", max_size=200))
def test_every_word_lies_within_the_text(text: str) -> None:
    for found in parse_instructions(text):
        for word in (*flags(trigger(found)), *arguments(trigger(found))):
            assert 0 <= word.start < word.end <= len(text)
            assert not word.plain or text[word.start : word.end] == word.text


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data: bytes) -> None:
    instructions = read_instructions(data)

    assert all(instruction.line >= 1 for instruction in instructions)
