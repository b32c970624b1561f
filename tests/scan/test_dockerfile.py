from __future__ import annotations

from collections.abc import Sequence

import pytest

from cdkit.core.documents.dockerfile import read_instructions
from cdkit.core.oci.manifest import History
from cdkit.scan.dockerfile import bases_of, lines_of_layers

DOCKERFILE = b"""# syntax=docker/dockerfile:1
FROM golang:1.25 AS build
RUN go build ./...

from alpine:3.22
LABEL a=b
RUN apk add --no-cache \\
    # why
    curl \\
    openssl
WORKDIR /srv
COPY --from=build --chown=1:1 /out/app ./bin/
CMD ["app"]
"""


def _lines(makers: Sequence[str], dockerfile: bytes = DOCKERFILE) -> list[int | None]:
    """The line of each layer, in order; `-` stands for a step that makes none."""
    history = [
        History(created_by=text.removeprefix("-"), empty_layer=text.startswith("-"))
        for text in makers
    ]
    ids = [f"sha256:{number}" for number in range(sum(not h.empty_layer for h in history))]
    found = lines_of_layers(read_instructions(dockerfile), history, ids)
    return [found.get(id_) for id_ in ids]


def test_buildkits_history_leads_to_its_lines() -> None:
    makers = [
        "ADD alpine-minirootfs.tar.gz / # buildkit",
        "-LABEL a=b",
        "RUN /bin/sh -c apk add --no-cache     curl     openssl # buildkit",
        "WORKDIR /srv",
        "COPY --chown=1:1 /out/app ./bin/ # buildkit",
        '-CMD ["app"]',
    ]

    assert _lines(makers) == [5, 7, 11, 12]


def test_the_classic_builders_history_leads_to_its_lines() -> None:
    makers = [
        "/bin/sh -c #(nop) ADD file:0123abcd in / ",
        "/bin/sh -c apk add --no-cache     curl     openssl",
        "/bin/sh -c #(nop) WORKDIR /srv",
        "/bin/sh -c #(nop) COPY file:beef in ./bin/ ",
    ]

    assert _lines(makers) == [5, 7, 11, 12]


def test_a_build_argument_does_not_hide_the_command() -> None:
    makers = [
        "base",
        "RUN |1 V=1 /bin/sh -c apk add --no-cache curl openssl # buildkit",
        "COPY /out/app ./bin/ # buildkit",
    ]

    assert _lines(makers) == [5, 7, 12]


def test_a_layer_that_matches_nothing_has_no_line_and_the_base_none_either() -> None:
    makers = ["base", "RUN something else", "COPY /out/app ./bin/ # buildkit"]

    assert _lines(makers) == [None, None, 12]


def test_the_same_command_in_the_base_is_the_bases() -> None:
    dockerfile = b"FROM base\nRUN apk add curl\n"
    makers = ["RUN apk add curl", "RUN apk add curl"]

    assert _lines(makers, dockerfile) == [1, 2]


def test_a_stage_that_builds_on_another_has_both_their_lines() -> None:
    dockerfile = b"FROM alpine AS Tools\nRUN one\nFROM tools\nRUN two\n"

    assert _lines(["base", "RUN one", "RUN two"], dockerfile) == [1, 2, 4]


def test_a_history_that_does_not_fit_the_layers_gives_no_line() -> None:
    history = [History(created_by="RUN one")]
    instructions = read_instructions(b"FROM a\nRUN one\n")

    assert lines_of_layers(instructions, history, ["sha256:1", "sha256:2"]) == {}


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"RUN before from", b"FROM", b"\\\n\\"])
def test_what_is_no_dockerfile_matches_no_layer(data: bytes) -> None:
    assert _lines(["RUN x"], data) in ([None], [1])


def test_each_from_names_what_is_built_on_as_it_is_written() -> None:
    dockerfile = b"FROM --platform=$BUILDPLATFORM Go:1 AS build\nRUN x\nFROM ${BASE}\n"

    assert bases_of(read_instructions(dockerfile)) == {1: "Go:1", 3: "${BASE}"}
