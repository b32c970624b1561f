"""The images of a Dockerfile: FROM, what COPY and RUN take from others, the frontend's own."""

import re
from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from cdkit.core.documents.dockerfile import (
    Instruction,
    Word,
    arguments,
    directives,
    flags,
    parse_instructions,
    trigger,
)
from cdkit.image.pins.use import Use, image_at, refused

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^{}$]*))?\})")
_OPEN = re.compile(r"\$(?:\w+|\{[^{}]*\})")
_FROM_AND_NAME = 3
_LONGEST = 4096
_COMPOSITE = (
    "is put together from variables",
    "give one ARG the whole reference, and FROM that ARG alone",
)
_SHARED = (
    "is an ARG's that is used for something else as well",
    "give the image an ARG of its own",
)
_BROKEN = ("is broken over lines, or holds escapes", "write it in one piece")
_NOT_EXPANDED = (
    "holds a variable, which no builder expands here",
    "name a stage that is FROM it",
)


class _Resolved(Struct, frozen=True, kw_only=True):
    """A reference with its variables filled in; `place` is where it stands whole, if anywhere."""

    text: str
    place: Word | None = None
    names: tuple[str, ...] = ()


class _Args(Struct, frozen=True, kw_only=True):
    """The ARGs before the first FROM: their defaults, and those that are no reference alone."""

    defaults: Mapping[str, _Resolved]
    shared: frozenset[str]


def has_stage(text: str) -> bool:
    """Whether anything is FROM something in a text: an image, or `image AS name`."""
    for one in parse_instructions(text):
        words = arguments(one) if one.keyword == "FROM" else ()
        if len(words) == 1 or (len(words) == _FROM_AND_NAME and words[1].text.upper() == "AS"):
            return True
    return False


def images(text: str, contexts: Collection[str] = ()) -> Iterator[Use]:
    """Yield the images of a Dockerfile; a stage's name, its number and `scratch` are none.

    Neither is the name of a build context that the caller knows of.

    A digest is written where a whole reference stands: an ARG's default that is used for anything
    else as well, and a reference that is put together, are refused.
    """
    yield from _frontend(text)
    instructions = parse_instructions(text)
    args = _args(instructions)
    known = {name.lower() for name in contexts}
    names = known | {name for one in instructions if (name := _name(one))}
    earlier = set(known)
    for one in instructions:
        if one.keyword == "FROM":
            yield from _from(one, args, earlier)
            earlier |= {name} if (name := _name(one)) else set()
        for word in _sources(trigger(one)):
            yield from _source(word, names, put_off=one.keyword == "ONBUILD")


def _frontend(text: str) -> Iterator[Use]:
    """Yield the image of `# syntax=`: its first word (BuildKit, parser.DetectSyntax)."""
    for name, word in directives(text):
        if name == "syntax":
            first = word.text.split()[0]
            yield image_at(first, word.start, word.start + len(first), first)


def _args(instructions: tuple[Instruction, ...]) -> _Args:
    defaults: dict[str, _Resolved] = {}
    shared: set[str] = set()
    started = False
    for one in instructions:
        if one.keyword == "FROM":
            started = True
            shared |= {name for word in arguments(one)[:1] for name in _parts(_bare(word).text)}
            shared |= {name for word in flags(one) for name in _names(word.text)}
        for word in arguments(one) if one.keyword == "ARG" else ():
            name, equals, _ = word.text.partition("=")
            if started:
                shared |= set() if equals else {name}
            elif equals:
                shared |= {name} if name in defaults else set()
                value = _bare(word.part(len(name) + 1, len(word.text)))
                shared |= _parts(value.text)
                defaults[name] = _resolve(value, defaults)
    return _Args(defaults=defaults, shared=frozenset(shared))


def _parts(text: str) -> set[str]:
    """Return the variables that a text only holds as a part of it."""
    return set() if _VARIABLE.fullmatch(text) else _names(text)


def _names(text: str) -> set[str]:
    return {found[1] or found[2] for found in re.finditer(r"\$(?:(\w+)|\{(\w+))", text)}


def _name(instruction: Instruction) -> str:
    words = arguments(instruction) if instruction.keyword == "FROM" else ()
    if len(words) == _FROM_AND_NAME and words[1].text.upper() == "AS":
        return words[2].text.lower()
    return ""


def _from(instruction: Instruction, args: _Args, earlier: set[str]) -> Iterator[Use]:
    for word in arguments(instruction)[:1]:
        here = _bare(word)
        found = _resolve(here, args.defaults)
        if not found.text or found.text == "scratch" or _is_stage(found.text, earlier):
            continue
        if found.place is None:
            yield refused(found.text, here.start, here.end, *_COMPOSITE)
        elif args.shared.intersection(found.names):
            yield refused(found.text, here.start, here.end, *_SHARED)
        else:
            yield _use(found.place, instruction.escape)


def _is_stage(text: str, names: set[str]) -> bool:
    """Whether a name is a stage's, or will be one's when its variables are filled in."""
    if "$" not in text:
        return text.lower() in names
    pattern = ".*".join(re.escape(part) for part in _OPEN.split(text.lower()))
    return bool(pattern.strip(".*")) and any(re.fullmatch(pattern, name) for name in names)


def _resolve(word: Word, defaults: Mapping[str, _Resolved]) -> _Resolved:
    """Fill in the defaults of a word's variables, following one that is all of it."""
    if "$" not in word.text:
        return _Resolved(text=word.text, place=word)
    found = _VARIABLE.fullmatch(word.text)
    if not found:
        return _Resolved(text=_expand(word.text, defaults))
    name = found[1] or found[2]
    default = defaults.get(name)
    if default is not None and default.text:
        return _Resolved(text=default.text, place=default.place, names=(name, *default.names))
    if found[3]:
        return _Resolved(text=found[3], place=word.part(*found.span(3)), names=(name,))
    return _Resolved(text=word.text, place=word)


def _expand(text: str, defaults: Mapping[str, _Resolved]) -> str:
    def value(found: re.Match[str]) -> str:
        default = defaults.get(found[1] or found[2])
        return default.text if default is not None and default.text else found[3] or found[0]

    return _VARIABLE.sub(value, text)[:_LONGEST]


def _sources(instruction: Instruction) -> Iterator[Word]:
    """Yield what `COPY --from=` and `RUN --mount=…,from=` name."""
    for flag in flags(instruction):
        name, _, _ = flag.text.partition("=")
        value = _bare(flag.part(len(name) + 1, len(flag.text)))
        if (instruction.keyword, name) == ("COPY", "--from"):
            yield value
        elif (instruction.keyword, name) == ("RUN", "--mount"):
            for found in re.finditer(r"(?:^|(?<=,))\s*from=([^,]*)", value.text, re.IGNORECASE):
                yield _bare(value.part(*found.span(1)))


def _source(word: Word, names: set[str], *, put_off: bool) -> Iterator[Use]:
    text = word.text
    if not text or text.isdecimal() or text.lower() in names or text == "scratch":
        return
    if "$" in text:
        yield refused(text, word.start, word.end, *_NOT_EXPANDED)
    elif put_off and not re.search("[:/@]", text):
        why = "may name a stage of the Dockerfile that builds on this one"
        yield refused(text, word.start, word.end, why, "write the image's whole name, with its tag")
    else:
        yield _use(word, "\\")


def _use(word: Word, escape: str) -> Use:
    if not word.plain or escape in word.text or re.search("[\"']", word.text):
        return refused(word.text, word.start, word.end, *_BROKEN)
    return image_at(word.text, word.start, word.end, word.text)


def _bare(word: Word) -> Word:
    """Return a word without the quotes that stand around all of it."""
    text = word.text
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and word.plain:
        return word.part(1, len(text) - 1)
    return word
