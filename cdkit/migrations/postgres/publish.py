"""Reading CREATE and ALTER PUBLICATION: whose rows go out from now on."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from cdkit.migrations import operation as op
from cdkit.migrations.anew import Publish
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.names import of_relation
from cdkit.migrations.postgres.objects import at_start
from cdkit.migrations.postgres.prints import nodes
from cdkit.migrations.postgres.tree import Json, Node, RangeVar
from cdkit.migrations.statement import Statement


class _Publication(Struct, frozen=True):
    pubobjects: tuple[Json, ...] = ()
    options: tuple[Node, ...] = ()
    for_all_tables: bool = False
    action: str = ""


def publication(statement: Statement) -> Iterator[Operation]:
    """Yield each table that a publication gets; `publish` may leave out updates and deletes."""
    made = statement.read(_Publication)
    said = [each.option for each in made.options if each.option]
    given = [x.arg.string.sval for x in said if x.defname == "publish" and x.arg and x.arg.string]
    verbs = {word.strip().lower() for word in ",".join(given).split(",")} if given else _ALL
    wide = [_schema(each) for each in made.pubobjects] if not made.for_all_tables else [""]
    if made.action == "AP_DropObjects" or not verbs & {"update", "delete"}:
        yield op.Harmless(**at_start(statement))
        return
    for each in made.pubobjects:
        spec = each.get("PublicationObjSpec", {}).get("pubtable", {})
        if named := spec.get("relation"):
            yield Publish(
                **at_start(statement),
                table=of_relation(msgspec.convert(named, RangeVar)),
                asks=tuple(_columns(spec.get("whereClause"))),
                sends=tuple(each["String"]["sval"] for each in spec.get("columns", ())),
            )
    for schema in wide:
        if schema is not None:
            yield Publish(**at_start(statement), table=Name(schema, ""))
    if not made.pubobjects and not made.for_all_tables:
        yield op.Harmless(**at_start(statement))


def _columns(condition: Json | None) -> Iterator[str]:
    for each in nodes(condition, "ColumnRef"):
        yield str(each.get("fields", [{}])[-1].get("String", {}).get("sval", ""))


_ALL = {"insert", "update", "delete", "truncate"}


def _schema(written: Json) -> str | None:
    """Return the schema all of whose tables are meant; None where it is something else."""
    spec = written.get("PublicationObjSpec", {})
    if spec.get("pubobjtype") == "PUBLICATIONOBJ_TABLES_IN_CUR_SCHEMA":
        return "public"
    return (
        str(spec["name"]) if spec.get("pubobjtype") == "PUBLICATIONOBJ_TABLES_IN_SCHEMA" else None
    )
