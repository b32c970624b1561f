"""GraphQL as GitHub speaks it: pages by cursor, and faults in an answer of 200.

Source: docs.github.com, GraphQL API, "Forming calls", "Rate limits and query limits".
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from cdkit.core.errors import CannotTell, NoAccess, Unreadable
from cdkit.core.escape import terminal
from cdkit.dora.api import Api

T = TypeVar("T")
_MOST_PAGES = 500
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
_A_MINUTE = 60.0


class _Fault(Struct, frozen=True):
    message: str = ""
    type: str = ""


class _PageInfo(Struct, frozen=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _Page(Struct, frozen=True, rename="camel"):
    page_info: _PageInfo
    nodes: Raw


class _Repository(Struct, frozen=True):
    page: _Page | None = None


class _Data(Struct, frozen=True):
    repository: _Repository | None = None


class _Answer(Struct, frozen=True):
    data: _Data | None = None
    errors: list[_Fault] = []


def asked_pages(
    api: Api, query: str, kind: type[T], **variables: object
) -> Iterator[tuple[T, ...]]:
    """Yield the pages of the list that a query calls `page`; raises CannotTell where one fails.

    What an answer holds beside a fault is not taken: it may be a part of it.
    """
    after: str | None = None
    for _ in range(_MOST_PAGES):
        page = _page(api, query, {**variables, "after": after})
        yield tuple(_nodes(page, kind, api))
        if not page.page_info.has_next_page:
            return
        if page.page_info.end_cursor in {None, after}:
            raise _odd(api, "says the same page again and again")
        after = page.page_info.end_cursor
    raise CannotTell(
        f"GitHub has more than {_MOST_PAGES} pages",
        where=api.where,
        remedy="ask for fewer days, or name the environments",
    )


def _page(api: Api, query: str, variables: dict[str, object]) -> _Page:
    while True:
        answer = api.post("/graphql", {"query": query, "variables": variables}, _Answer)
        if not answer.errors:
            break
        if answer.errors[0].type not in _LIMITED:
            raise _fault(api, answer.errors[0])
        api.wait(_A_MINUTE)
    if answer.data is None or answer.data.repository is None or answer.data.repository.page is None:
        raise _odd(api, "answers without what it was asked for")
    return answer.data.repository.page


def _nodes(page: _Page, kind: type[T], api: Api) -> list[T]:
    try:
        return msgspec.json.decode(page.nodes, type=list[kind])  # type: ignore[valid-type]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"GitHub answers something else than it should: {fault}",
            where=api.where,
            remedy="see what stands between this job and the server",
        ) from fault


def _fault(api: Api, fault: _Fault) -> CannotTell:
    said = terminal(fault.message[:200])
    status = {"NOT_FOUND": 404, "FORBIDDEN": 403, "INSUFFICIENT_SCOPES": 403}.get(fault.type, 0)
    kind = NoAccess if status == 403 else CannotTell
    return kind(f"GitHub refuses: {said}", where=api.where, remedy=api.refusal.of(status))


def _odd(api: Api, what: str) -> CannotTell:
    return CannotTell(f"GitHub {what}", where=api.where, remedy="try again later")
