"""The settings of a step that judges: those of the branch that counts, not the change's own.

A change that may write `check-gate: {mode: report}` or `{policy: …}` into its own cdkit.yaml would
be its own judge. So in CI that section counts as it stands on the branch that the change wants to
enter, which is where the policy is read from too. Flags and variables are the workflow's word.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from msgspec import structs

from cdkit.cli.session import Session
from cdkit.cli.sharing import needed_sections, section_of
from cdkit.core.errors import CannotTell, Missing
from cdkit.core.protected import (
    branch_that_counts,
    is_in_checkout,
    is_local,
    is_on,
    is_on_a_trunk,
    relative,
)
from cdkit.core.step import AnyStep, Options, Outcome
from cdkit.core.world import World

Resolve = Callable[[Any], Options]
"""Makes options of a section of the configuration, or of None, with all else that is given."""


def judging(
    step: AnyStep,
    session: Session,
    own: Any,  # noqa: ANN401 - the step's own Options
    resolve: Resolve,
) -> tuple[AnyStep, Options]:
    """Return a step and its options; `own` is its section in the configuration that was found.

    Where the step judges, and nobody can tell whether its settings are the change's own, it is one
    that says so.
    """
    if not step.judges or is_local(session.world):
        return step, resolve(own)
    try:
        counting = _counting(step, session, own)
    except CannotTell as fault:
        return _without(step, session, own, resolve, fault.what)
    options = resolve(counting)
    if options != resolve(own):
        session.world.talk.say(
            f"cdkit: the settings of {step.name} in {session.config} are those of"
            f" {branch_that_counts(session.world)}; what this change made of them counts once it"
            " is merged"
        )
    return step, options


def _counting(step: AnyStep, session: Session, own: Any) -> Any:  # noqa: ANN401 - as above
    """Return the section that counts; CannotTell where nobody knows which one does."""
    world, path = session.world, relative(session.config, session.world)
    if path.startswith("/") and not is_in_checkout(path, world):
        return own
    branch = branch_that_counts(world)
    if not branch and is_on_a_trunk(world):
        return own
    if not branch:
        raise CannotTell("nobody says which branch counts here", remedy="")
    try:
        return _section(step, session, f"origin/{branch}", path)
    except CannotTell as fault:
        if is_on(branch, world):
            return own
        raise CannotTell(f"{branch} cannot be read: {fault.what}", remedy="") from fault


def _section(step: AnyStep, session: Session, revision: str, path: str) -> Any:  # noqa: ANN401 - as above
    """Return the step's section as it stands in a revision; None where there is none."""
    git = session.world.git
    git.resolve(revision)
    try:
        data = git.read(revision, path)
    except Missing:
        return None
    there = structs.replace(session, config=f"{revision}:{path}", data=data)
    return section_of(step, there.sections(needed_sections(step)))


def _without(
    step: AnyStep,
    session: Session,
    own: Any,  # noqa: ANN401 - as above
    resolve: Resolve,
    why: str,
) -> tuple[AnyStep, Options]:
    """Return the step where the section makes no difference; else one that cannot tell."""
    options, bare = resolve(own), resolve(None)
    differing = [
        name.replace("_", "-")
        for name in step.options.__struct_fields__
        if getattr(options, name) != getattr(bare, name)
    ]
    if not differing:
        return step, options
    branch = branch_that_counts(session.world)
    fetch = f"`git fetch origin {branch}` before this step, or " if branch else ""
    fault = CannotTell(
        f"the settings of {step.name} may be the change's own: {why}",
        where=session.config,
        remedy=f"{fetch}give {', '.join(differing)} as flags or inputs, in the workflow",
    )

    def refuse(options: Options, world: World) -> Outcome:
        del options, world
        raise fault

    return dataclasses.replace(step, run=refuse), bare
