"""Many records at once: each is read as it would be alone, in its order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdkit.core.documents.fact import read_fact, read_facts
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import CdkitError, Unreadable
from cdkit.evidence.signing.keys import open_key
from tests.evidence.doubles import SUBJECT, evidence
from tests.evidence.signing.keys import pem, verifier
from tests.worlds import world


def records(number: int, padding: int = 0) -> list[tuple[str, bytes]]:
    """Return records: signed, signed by a stranger, bare, and what is none, in turn."""
    ours, stranger = (
        open_key(world(Path(), environ={"CDKIT_SIGNING_KEY": pem("p256", key)})).sign
        for key in (0, 1)
    )
    found = []
    for n in range(number):
        bare = encode_statement(state(evidence(job=f"{n}{' ' * padding}"), SUBJECT))
        data = (ours(bare), stranger(bare), bare, b"{}")[n % 4]
        found.append((f"r{n}.json", data))
    return found


@pytest.mark.parametrize("checks", [True, False])
@pytest.mark.parametrize(("number", "padding"), [(0, 0), (1, 0), (64, 0), (131, 0), (8, 3_000_000)])
def test_many_records_are_read_as_each_alone(*, number: int, padding: int, checks: bool) -> None:
    check = verifier() if checks else None
    given = records(number, padding)
    found = list(read_facts(given, check))
    assert [place for place, _ in found] == [place for place, _ in given]
    for (place, data), (_, fact) in zip(given, found, strict=True):
        if isinstance(fact, CdkitError):
            with pytest.raises(Unreadable) as alone:
                read_fact(data, where=place, verifier=check)
            assert (alone.value.what, alone.value.where) == (fact.what, fact.where)
        else:
            assert read_fact(data, where=place, verifier=check) == fact
    kinds = [not isinstance(fact, CdkitError) and fact.signers for _, fact in found[:4]]
    assert kinds == ([("ci",), False, (), False] if checks else [(), (), (), False])[:number]


def test_a_fault_in_where_the_records_come_from_is_nobody_s_record() -> None:
    def broken() -> Iterator[tuple[str, bytes]]:
        yield records(1)[0]
        raise Unreadable("the folder went away", where="records", remedy="look")

    with pytest.raises(Unreadable, match="the folder went away"):
        list(read_facts(broken(), verifier()))
