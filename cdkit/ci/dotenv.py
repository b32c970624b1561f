"""Outputs as a dotenv file: `CDKIT_IMAGE=…`, one a line, to be read by a later job or sourced."""

from collections.abc import Mapping

from cdkit.core.escape import dotenv_value

VARIABLE = "CDKIT_DOTENV"
"""The variable by which a job asks for the file, and names it."""


def lines(outputs: Mapping[str, str], longest: int = 0) -> str:
    """Return the file's lines; empty values, and those over `longest` bytes, are left out.

    Values are percent-encoded where they hold anything but letters, digits and `-._~/:@+=,`. So a
    shell that sources the file finds assignments and nothing to run: no blank, quote, `$` or `;`.
    """
    values = {variable(name): dotenv_value(text) for name, text in outputs.items()}
    return "".join(
        f"{name}={value}\n"
        for name, value in values.items()
        if value and not 0 < longest < len(value)
    )


def variable(output: str) -> str:
    """Return the variable of an output: `config-digest` becomes `CDKIT_CONFIG_DIGEST`."""
    return f"CDKIT_{output}".upper().replace("-", "_")
