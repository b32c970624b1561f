"""Inputs that two steps have alike: written once in the configuration, in one step's section."""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from cdkit.core.step import AnyStep, Options


def needed_sections(step: AnyStep) -> dict[str, type[Options]]:
    """Return the sections of the configuration that a step reads, with the struct of each."""
    found = {step.name: step.options}
    if other := step.shares[0]:
        found[other] = _options_of(other)
    return found


def section_of(step: AnyStep, told: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the step's own Options
    """Return a step's section, with what it shares from the other's; None where neither is there.

    What the step's own section says counts; a value that is the default is not said.
    """
    own = told.get(step.name)
    other = told.get(step.shares[0])
    if other is None:
        return own
    base = own if own is not None else step.options()
    usual = step.options()
    shared = {
        name: getattr(other, name)
        for name in step.shares[1]
        if getattr(base, name) == getattr(usual, name)
    }
    return structs.replace(base, **shared)


def _options_of(name: str) -> type[Options]:
    import importlib

    from cdkit.cli.table import STEPS

    module = next(entry.module for entry in STEPS if entry.name == name)
    options: type[Options] = importlib.import_module(module).STEP.options
    return options
