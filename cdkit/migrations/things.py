"""Replaying what makes views, functions and whatever else has a name of its own."""

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.domains import by_name
from cdkit.migrations.nouns import STEADY, Function, Name, Query, Type
from cdkit.migrations.schema import Routine, Schema, Table, Thing


def create_object(schema: Schema, made: op.CreateObject) -> None:
    """Put what is made into the schema."""
    full = schema.full(made.name)
    old = schema.things.get(full)
    if old is None:
        schema.grants.make(made.kind, full)
    routines = old.routines if old else {}
    if made.function:
        takes = made.function.takes
        before = routines.get(takes)
        epoch = before.epoch if before else _routine_epoch(schema, full, takes)
        routine = Routine(function=made.function, body=made.body, epoch=epoch)
        routines = {**routines, takes: routine}
    elif made.options:
        routines = _altered(routines, made.options)
    thing = Thing(
        kind=made.kind,
        epoch=old.epoch if old else schema.epoch_of(full),
        body=made.body or (old.body if old else ""),
        query=_expanded(schema, placed(schema, made.query))
        if made.query
        else old.query
        if old
        else None,
        routines=routines,
        triggers=old.triggers if old else {},
        ruled=old is not None and old.ruled,
        labels=made.labels,
        invoker=made.kind == "view" and "security_invoker" in made.options,
        defaults=old.defaults if old else {},
        rules=old.rules if old else {},
        numbers=dict(each.partition("=")[::2] for each in made.options)
        if made.kind == "sequence"
        else {},
        default=made.kind == "domain" and "default" in made.options,
        constraints=by_name(made.name.name, made.constraints),
    )
    schema.things[full] = thing
    schema.call(full)
    for source in thing.query.sources if thing.query else ():
        rely(schema, source)
        schema.note("showing", schema.full(source), full)


Routines = dict[tuple[Type, ...], Routine]


def unknown(schema: Schema, added: op.AddColumn) -> Table | None:
    """Remember a table of which no migration tells more than that it gets a column now.

    With IF NOT EXISTS the column may be there already.
    """
    full = schema.full(added.table)
    if added.if_not_exists or added.attribute or full in schema.things:
        return None
    schema.miss()
    schema.tables[full] = Table(name=full, epoch=0, known=False)
    return schema.tables[full]


def rely(schema: Schema, *names: Name) -> None:
    """Note where something is used that no migration made, but for the catalogue."""
    for name in map(schema.full, names):
        of_server = name.schema in _OF_SERVER or name.name.startswith("pg_")
        if name not in schema.tables and name not in schema.things and not of_server:
            schema.miss()


_OF_SERVER = frozenset({"pg_catalog", "information_schema"})
_RIGHTS = frozenset({"security definer", "security invoker"})
_STEADY = STEADY | {"volatile"}


def _altered(routines: Routines, options: tuple[str, ...]) -> Routines:
    """Return functions as ALTER FUNCTION leaves them: whose rights they have, how steady they are.

    Its other options decide nothing that is asked of the model.
    """
    given = set(options)

    def altered(old: Function) -> Function:
        kept = set(old.options) - _STEADY if given & _STEADY else set(old.options)
        definer = "security definer" in given if given & _RIGHTS else old.definer
        return structs.replace(old, definer=definer, options=tuple(sorted(kept | (given & STEADY))))

    return {
        takes: structs.replace(each, function=altered(each.function))
        for takes, each in routines.items()
    }


def _routine_epoch(schema: Schema, name: Name, takes: tuple[Type, ...]) -> int:
    released = schema.released.thing(name) if schema.released else None
    return 0 if released and takes in released.routines else schema.epoch


def place_column(schema: Schema, name: Name, column: str, where: str) -> None:
    """Put a column of a table first (`FIRST`) or behind another; an empty place moves none."""
    found = schema.table(name) if where else None
    if found is None or column not in found.columns:
        return
    others = [each for each in found.columns if each != column]
    if where != "FIRST" and where not in others:
        return
    at = 0 if where == "FIRST" else others.index(where) + 1
    names = (*others[:at], column, *others[at:])
    schema.change(name, columns={each: found.columns[each] for each in names})


def placed(schema: Schema, query: Query) -> Query:
    """Return a query whose sources have their schemas, as the search path is now."""
    return structs.replace(query, sources=tuple(map(schema.full, query.sources)))


def _expanded(schema: Schema, query: Query) -> Query | None:
    """Put a source's columns where its `*` is; where nobody knows them, nobody knows the view's."""
    if "*" not in query.columns:
        return query
    known = schema.shows(query.sources[0]) if len(query.sources) == 1 else None
    if known is None:
        return None
    columns: list[str] = []
    for column in query.columns:
        columns += known if column == "*" else (column,)
    return structs.replace(query, columns=tuple(columns), expressions=())


def move_indexes(schema: Schema, old: Name, new: Name) -> None:
    """Let the indexes of a table or view go along with it, to another name or schema."""
    for name in schema.indexes.of(old):
        kept = name.name if schema.shared_names else name.name.removeprefix(f"{old.name}.")
        moved = structs.replace(schema.indexes.pop(name), table=new)
        schema.indexes[schema.index_name(new, kept)] = moved
        schema.call(schema.index_name(new, kept))
