"""A tag rule as users write it: `type=semver,pattern={{version}},enable=true`."""

import functools
import re
from collections.abc import Mapping

from cdkit.core import plugins
from cdkit.core.errors import RequestError
from cdkit.image.tags.attributes import unique
from cdkit.image.tags.tagtype import COMMON, Rule, TagType, one_of
from cdkit.image.tags.template import check_names, read_template

_COMMON_TEMPLATES = ("enable", "prefix", "suffix")
_PRIORITY = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?", re.ASCII)


@functools.cache
def tag_types() -> Mapping[str, TagType]:
    """Return every type of tag by its name: the module's."""
    from cdkit.image.tags import tagtypes

    return plugins.collect(tagtypes, "TAG_TYPE", TagType)


def read_rule(line: str) -> Rule:
    """Return the rule of one line; a line that names no type is `raw`.

    Every attribute is checked here, templates too, whether the rule will apply or not. Raises
    RequestError for an unknown type or attribute, a missing one, and a value that is none.
    """
    given = unique(line)
    bare = given.pop("", None)
    if bare is not None and "value" in given:
        raise RequestError(
            f"the value stands twice in {line[:200]!r}",
            where=line,
            remedy="write value= once; a field that holds a comma is quoted: "
            "\"value={{date 'YYYY, MM'}}\"",
        )
    if bare is not None:
        given["value"] = bare
    name = given.pop("type", "raw")
    kind = tag_types().get(name)
    if kind is None:
        raise RequestError(
            f"there is no type of tag {name[:80]!r}",
            where=line,
            remedy=f"write one of: {', '.join(sorted(tag_types()))}",
        )
    _check_attributes(given, kind, name, line)
    complete = kind.complete({**kind.attributes, **given}, line)
    return Rule(
        type=name,
        line=line,
        attributes=complete,
        priority=_priority(complete, kind.priority, line),
    )


def plain_rule(tag: str) -> Rule:
    """Return the rule of a tag of the user's own, every character of which counts."""
    priority = tag_types()["raw"].priority
    return Rule(type="raw", line="", attributes={"value": tag}, priority=priority)


def _check_attributes(given: dict[str, str], kind: TagType, name: str, line: str) -> None:
    known = {*COMMON, *kind.attributes, *kind.needed}
    for attribute in given:
        if attribute not in known:
            raise RequestError(
                f"type={name} has no attribute {attribute[:80]!r}",
                where=line,
                remedy=f"write one of: {', '.join(sorted(known))}",
            )
    for attribute in kind.needed:
        if attribute not in given:
            raise RequestError(
                f"type={name} needs {attribute}=",
                where=line,
                remedy=f"see docs/metadata-action.md: type={name},{attribute}=…",
            )
    if "sanitize" in given:
        one_of(given, "sanitize", ("unique", "plain"), line)
    for attribute in (*_COMMON_TEMPLATES, *kind.templates):
        if attribute in given:
            special = kind.expressions if attribute == "pattern" else frozenset()
            template = read_template(given[attribute], where=line)
            check_names(template, kind.known - kind.expressions | special, where=line)


def _priority(given: Mapping[str, str], default: float, line: str) -> float:
    text = given.get("priority")
    if text is None:
        return default
    if not _PRIORITY.fullmatch(text):
        raise RequestError(
            f"priority={text[:80]!r} is no number", where=line, remedy="write priority=900"
        )
    return float(text)
