"""The shapes of a SARIF log, as far as a scan's is read (OASIS, SARIF 2.1.0, 3.13 and below)."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field


class Text(Struct, frozen=True, kw_only=True):
    """A message."""

    text: str = ""


class Configuration(Struct, frozen=True, kw_only=True):
    """How a rule is set: the level of results that name none themselves."""

    level: str = ""


class Rule(Struct, frozen=True, kw_only=True):
    """A rule, which is a vulnerability here; `former` are other names that it goes by."""

    id: str
    name: str = ""
    former: tuple[str, ...] = field(default=(), name="deprecatedIds")
    short: Text | None = field(default=None, name="shortDescription")
    full: Text | None = field(default=None, name="fullDescription")
    help_uri: str = field(default="", name="helpUri")
    default: Configuration | None = field(default=None, name="defaultConfiguration")
    properties: dict[str, Any] | None = None


class Driver(Struct, frozen=True, kw_only=True):
    """A tool, or a part of one, with its rules."""

    name: str
    version: str = ""
    semantic: str = field(default="", name="semanticVersion")
    rules: tuple[Rule, ...] = ()


class ToolOf(Struct, frozen=True, kw_only=True):
    """The tool of a run, with its extensions."""

    driver: Driver
    extensions: tuple[Driver, ...] = ()

    @property
    def rules(self) -> Iterator[Rule]:
        """All its rules, the driver's first."""
        for part in (self.driver, *self.extensions):
            yield from part.rules


class Artifact(Struct, frozen=True, kw_only=True):
    """A file."""

    uri: str = ""


class Physical(Struct, frozen=True, kw_only=True):
    """Where something stands in a file."""

    artifact: Artifact | None = field(default=None, name="artifactLocation")


class Logical(Struct, frozen=True, kw_only=True):
    """What something stands in, by name."""

    name: str = field(default="", name="fullyQualifiedName")


class Location(Struct, frozen=True, kw_only=True):
    """Where a result is."""

    physical: Physical | None = field(default=None, name="physicalLocation")
    logical: tuple[Logical, ...] = field(default=(), name="logicalLocations")


class Component(Struct, frozen=True, kw_only=True):
    """Which extension a rule is of."""

    index: int = -1


class Reference(Struct, frozen=True, kw_only=True):
    """A rule as a result names it (3.52), where it is not the driver's."""

    id: str = ""
    index: int = -1
    component: Component | None = field(default=None, name="toolComponent")


class Result(Struct, frozen=True, kw_only=True):
    """A result; `baseline` says how it stands to an earlier run."""

    id: str = field(default="", name="ruleId")
    index: int = field(default=-1, name="ruleIndex")
    reference: Reference | None = field(default=None, name="rule")
    kind: str = "fail"
    level: str | None = None
    baseline: str = field(default="", name="baselineState")
    message: Text | None = None
    locations: tuple[Location, ...] = ()
    suppressions: tuple[dict[str, Any], ...] | None = None
    properties: dict[str, Any] | None = None

    @property
    def rule(self) -> str:
        """The identifier of its rule, wherever it says it."""
        return self.id or (self.reference.id if self.reference else "")


class Notice(Struct, frozen=True, kw_only=True):
    """What a tool says of its own run."""

    level: str = ""
    message: Text | None = None


class Invocation(Struct, frozen=True, kw_only=True):
    """One call of the tool."""

    successful: bool = field(name="executionSuccessful")
    notices: tuple[Notice, ...] = field(default=(), name="toolExecutionNotifications")
    settings: tuple[Notice, ...] = field(default=(), name="toolConfigurationNotifications")
    started: str = field(default="", name="startTimeUtc")
    ended: str = field(default="", name="endTimeUtc")


class Run(Struct, frozen=True, kw_only=True):
    """What a tool found; `elsewhere` are the parts of it that stand in other files (3.14.2)."""

    tool: ToolOf
    results: tuple[Result, ...] | None = None
    invocations: tuple[Invocation, ...] = ()
    elsewhere: dict[str, Any] | None = field(default=None, name="externalPropertyFileReferences")
    properties: dict[str, Any] | None = None


class Log(Struct, frozen=True, kw_only=True):
    """A log of several runs; `inline` are parts of them that stand beside them (3.13.5)."""

    version: str
    runs: tuple[Run, ...]
    inline: tuple[dict[str, Any], ...] = field(default=(), name="inlineExternalProperties")
