from __future__ import annotations

import pytest

from cdkit.cli.inputs import inputs_of, resolve
from cdkit.cli.table import STEPS, Entry
from cdkit.core.errors import RequestError
from cdkit.core.plugins import load
from tests.cli.steps import ASK, AskOptions


def resolved(flags: dict[str, object] | None = None, **environ: str) -> AskOptions:
    options = resolve(ASK, flags or {}, environ, None)
    assert isinstance(options, AskOptions)
    return options


def test_a_flag_outweighs_the_environment() -> None:
    assert resolved({"answer": "no"}, CDKIT_ASK_ANSWER="yes").answer == "no"


def test_the_environment_outweighs_the_configuration() -> None:
    section = AskOptions(answer="cannot-tell")
    assert resolve(ASK, {}, {"CDKIT_ASK_ANSWER": "no"}, section) == AskOptions(answer="no")
    assert resolve(ASK, {}, {}, section) == section


def test_the_configuration_outweighs_what_a_step_before_handed_on() -> None:
    section = AskOptions(image="told")
    assert resolve(ASK, {}, {}, section, {"image": "handed"}) == section
    assert resolve(ASK, {}, {}, None, {"image": "handed"}) == AskOptions(image="handed")


def test_a_steps_own_variable_outweighs_the_one_that_steps_share() -> None:
    assert resolved(CDKIT_IMAGE="shared").image == "shared"
    assert resolved(CDKIT_IMAGE="shared", CDKIT_ASK_IMAGE="own").image == "own"


def test_every_input_as_an_empty_string_is_as_good_as_none_given() -> None:
    environ = {
        f"CDKIT_ASK_{given.name.upper().replace('-', '_')}": "" for given in inputs_of(AskOptions)
    }
    assert resolved(None, **environ) == AskOptions()


def test_lists_and_maps_have_one_entry_a_line() -> None:
    options = resolved(
        CDKIT_ASK_PATHS="a b.sql\n\n  c.sql\n", CDKIT_ASK_REPORTS="unit=a=b\ndata = c\n"
    )
    assert options.paths == ("a b.sql", "c.sql")
    assert options.reports == {"unit": "a=b", "data": "c"}


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CDKIT_ASK_ANSWER", "maybe", "none of"),
        ("CDKIT_ASK_COUNT", "many", "not a whole number"),
        ("CDKIT_ASK_COUNT", "1.5", "not a whole number"),
        ("CDKIT_ASK_SHARE", "nan", "not a number"),
        ("CDKIT_ASK_SHARE", "inf", "not a number"),
        ("CDKIT_ASK_QUIET", "perhaps", "neither true nor false"),
        ("CDKIT_ASK_REPORTS", "unit", "not NAME=VALUE"),
        ("CDKIT_ASK_REPORTS", "=unit", "not NAME=VALUE"),
    ],
)
def test_a_value_of_the_wrong_kind_names_its_variable(variable: str, value: str, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        resolved(None, **{variable: value})
    assert caught.value.where is not None
    assert caught.value.where.path == variable


@pytest.mark.parametrize("entry", STEPS, ids=lambda entry: entry.name)
def test_every_input_of_every_step_has_help_and_a_default(entry: Entry) -> None:
    import importlib

    step = importlib.import_module(entry.module).STEP
    for given in inputs_of(step.options):
        assert given.help.endswith((".", "?")), f"{step.name} {given.name}: {given.help!r}"
        assert not given.required, f"{step.name} {given.name} has no default"
    assert step.name == entry.name


def test_an_extension_without_its_constant_is_an_error() -> None:
    import cdkit.core

    with pytest.raises(TypeError, match="must export NOTHING"):
        load(cdkit.core, "digest", "NOTHING", str)


def test_a_name_that_stands_twice_in_a_map_is_a_wrong_request() -> None:
    with pytest.raises(RequestError, match="'text' is given twice"):
        resolved({"write": ["text=a", "text=b"]})
