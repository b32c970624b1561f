"""From a layer of an image back to the line of the Dockerfile that made it."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from cdkit.core.documents.dockerfile import Instruction
from cdkit.core.oci.manifest import History

_FLAGS = re.compile(r"^(?:--[a-z-]+(?:=\S+)?\s+)+")
_SHELL = re.compile(r"^(?:\|\d+ .*?)?/bin/(?:ba|a)?sh -c ")
_NOP = re.compile(r"^/bin/(?:ba|a)?sh -c #\(nop\)\s+")
_HASHED_SOURCE = re.compile(r"^(?:file|dir|multi):[0-9a-f]+ in ")
_MAKES_LAYER = frozenset({"RUN", "COPY", "ADD"})
_MAY_MAKE_LAYER = _MAKES_LAYER | {"WORKDIR"}


class _Stage(Struct, frozen=True, kw_only=True):
    line: int
    name: str
    base: str
    image: str
    instructions: list[Instruction]


def lines_of_layers(
    instructions: Sequence[Instruction], history: Sequence[History], diff_ids: Sequence[str]
) -> dict[str, int]:
    """Return, by diff ID, the line of the instruction that made each layer.

    An image's history names the instruction of each layer (OCI image-spec, config.md, "history").
    Layers below those of the Dockerfile belong to its FROM line, which is said only when every
    RUN, COPY and ADD was found in the history. A layer that matches nothing has no line: better
    none than a wrong one.
    """
    makers = [entry.created_by for entry in history if not entry.empty_layer]
    stages = list(_stages(instructions))
    if len(makers) != len(diff_ids) or not stages:
        return {}
    chain, root = _chain(stages)
    lines, lowest, complete = _match(makers, chain)
    if complete:
        lines |= dict.fromkeys(range(lowest), root)
    return {diff_ids[index]: line for index, line in lines.items()}


def bases_of(instructions: Sequence[Instruction]) -> dict[int, str]:
    """Return, by its line, the image that each FROM names, as it is written there."""
    return {stage.line: stage.image for stage in _stages(instructions) if stage.image}


def _match(makers: Sequence[str], chain: Sequence[Instruction]) -> tuple[dict[int, int], int, bool]:
    """Match from the top down, since what a Dockerfile makes lies above its base."""
    lines: dict[int, int] = {}
    layer = len(makers)
    complete = True
    for instruction in reversed(chain):
        at = next((i for i in range(layer - 1, -1, -1) if _made(instruction, makers[i])), None)
        if at is not None:
            lines[at] = instruction.line
            layer = at
        elif instruction.keyword in _MAKES_LAYER:
            complete = False
    return lines, layer, complete


def _made(instruction: Instruction, created_by: str) -> bool:
    keyword, text = _history_instruction(created_by)
    if keyword != instruction.keyword:
        return False
    if keyword in {"COPY", "ADD"}:
        return _same_copy(instruction.text, text)
    if keyword == "RUN":
        return _squeezed(instruction.text) == _squeezed(text)
    return _plain(instruction.text) == _plain(text)


def _history_instruction(created_by: str) -> tuple[str, str]:
    """Return keyword and text, from BuildKit's form, the classic builder's, or the bare text."""
    text = created_by.strip().removesuffix("# buildkit").strip()
    if match := _NOP.match(text):
        keyword, _, rest = text[match.end() :].partition(" ")
        return keyword.upper(), rest
    if _SHELL.match(text):
        return "RUN", _SHELL.sub("", text)
    keyword, _, rest = text.partition(" ")
    return keyword.upper(), _SHELL.sub("", rest.strip())


def _same_copy(written: str, recorded: str) -> bool:
    """Compare sources and destination; the classic builder records a hash for the sources."""
    ours = [_plain(part) for part in _words(written)]
    if _HASHED_SOURCE.match(recorded):
        return ours[-1:] == [_plain(_HASHED_SOURCE.sub("", recorded))]
    return ours == [_plain(part) for part in _words(recorded)]


def _words(text: str) -> list[str]:
    bare = _FLAGS.sub("", text.strip())
    if bare.startswith("["):
        return re.findall(r'"([^"]*)"', bare)
    return bare.split()


def _plain(path: str) -> str:
    """Return a path as `./orders`, `/orders` and `orders/` are all written."""
    return path.strip().strip('"').removeprefix("./").strip("/") or "."


def _squeezed(text: str) -> str:
    return " ".join(_FLAGS.sub("", text.strip()).split())


def _stages(instructions: Sequence[Instruction]) -> Iterator[_Stage]:
    stage: _Stage | None = None
    for instruction in instructions:
        if instruction.keyword == "FROM":
            if stage:
                yield stage
            words = _FLAGS.sub("", instruction.text).split()
            named = len(words) == 3 and words[1].upper() == "AS"
            stage = _Stage(
                line=instruction.line,
                name=words[2].lower() if named else "",
                base=words[0].lower() if words else "",
                image=words[0] if words else "",
                instructions=[],
            )
        elif stage and instruction.keyword in _MAY_MAKE_LAYER:
            stage.instructions.append(instruction)
    if stage:
        yield stage


def _chain(stages: Sequence[_Stage]) -> tuple[list[Instruction], int]:
    """Return what makes the last stage's layers, through the stages that it builds on."""
    at = len(stages) - 1
    chain = list(stages[at].instructions)
    while True:
        base = next(
            (i for i in range(at - 1, -1, -1) if stages[i].name == stages[at].base != ""), None
        )
        if base is None:
            return chain, stages[at].line
        chain = [*stages[base].instructions, *chain]
        at = base
