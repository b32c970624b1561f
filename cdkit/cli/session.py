"""What one call of the command line has: its world, its CI system, its configuration file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from msgspec import Struct, structs

from cdkit.ci.detect import detect
from cdkit.ci.system import CiSystem
from cdkit.cli.table import STEP_NAMES
from cdkit.cli.world import build_world
from cdkit.core.errors import Missing, RequestError
from cdkit.core.step import AnyStep, option
from cdkit.core.world import World

CONFIG = "cdkit.yaml"
VERSION = "version"
RUN = "run"
"""Besides the version, the one section of a cdkit.yaml that is not a step."""


class Walk(Struct, frozen=True, kw_only=True, rename="kebab"):
    """Which steps `cdkit run` takes, in which order; without it: all that the file configures."""

    steps: Annotated[tuple[str, ...], option("The steps, in order.")] = ()


class Session(Struct, frozen=True, kw_only=True):
    """A world, the CI system around it, and a configuration: its path and its bytes, if any."""

    world: World
    system: CiSystem
    config: str
    data: bytes | None

    def whole(self, steps: Mapping[str, AnyStep]) -> dict[str, Any]:
        """Return every section of the configuration, so that each fault in it is told."""
        return self.sections({**{name: step.options for name, step in steps.items()}, RUN: Walk})

    def sections(self, known: Mapping[str, type[Any]]) -> dict[str, Any]:
        """Return these sections of the configuration; another step's section is left unread."""
        if self.data is None:
            return {}
        from cdkit.core.config import sections

        wanted = {VERSION: int, **known}
        found = sections(self.data, wanted, (RUN, *STEP_NAMES), where=self.config)
        if found.get(VERSION, 1) != 1:
            raise RequestError(
                f"is a configuration of version {found[VERSION]}; this cdkit reads version 1",
                where=self.config,
                remedy="use a newer cdkit",
            )
        return found


def open_session(
    *, config: str | None = None, ci: str | None = None, at: datetime | None = None, run: str = ""
) -> Session:
    """Detect the CI system, build the world, read the configuration file."""
    return configured(begin(ci, at=at, run=run), config)


def begin(ci: str | None, *, at: datetime | None = None, run: str = "") -> Session:
    """Return a session without a configuration: from here on the CI system can be answered."""
    import os

    system = detect(os.environ, override=ci or os.environ.get("CDKIT_CI", ""))
    world = build_world(system.read(os.environ), at=at, run=run)
    return Session(world=world, system=system, config=CONFIG, data=None)


def configured(session: Session, config: str | None) -> Session:
    """Enter the folder that was asked for, and read the configuration there.

    A configuration that was named and is not there is a RequestError; without one being named,
    having none is fine.
    """
    world = session.world
    _enter(world.environ.get("CDKIT_DIRECTORY", ""))
    named = config or world.environ.get("CDKIT_CONFIG", "")
    path = named or CONFIG
    return structs.replace(session, config=path, data=_read(world, path, bool(named)))


def _read(world: World, path: str, named: bool) -> bytes | None:  # noqa: FBT001 - one caller, two lines up
    if not named and not world.files.is_file(path):
        return None
    try:
        return world.files.read(path)
    except Missing as fault:
        raise RequestError(
            "there is no such configuration", where=path, remedy="write one with `cdkit init`"
        ) from fault


def _enter(folder: str) -> None:
    """Work in another folder, as an action's `directory` input asks."""
    import os

    if not folder:
        return
    try:
        os.chdir(folder)
    except (OSError, ValueError) as fault:
        raise RequestError(
            "is no folder that we can enter", where=folder, remedy="mend `directory`"
        ) from fault
