"""Which views need a column: they show it, or ask for it to find their rows."""

from collections.abc import Iterator

from cdkit.migrations.nouns import Name, Query
from cdkit.migrations.postgres.prints import names_column
from cdkit.migrations.schema import Schema


def views_on(name: Name, schema: Schema) -> Iterator[tuple[Name, Query | None]]:
    """Yield the views that read a table or view, with what each shows where that could be read."""
    for view in schema.showing.get(name, ()):
        thing = schema.things.get(view)
        query = thing.query if thing else None
        if thing and (query is None or name in map(schema.full, query.sources)):
            yield view, query


def needs(query: Query, table: Name, column: str, schema: Schema) -> bool | None:
    """Return whether a view shows a table's column, or asks for it to find its rows.

    None where another table that it reads may have a column of this name: nobody can tell from
    here whose it is.
    """
    if query.expressions:
        named = any(names_column(each, column) for each in (*query.expressions, query.rest))
    else:
        named = bool({column, "*"} & set(query.columns)) or names_column(query.rest, column)
    if not named:
        return False
    others = [schema.table(each) for each in query.sources if schema.full(each) != table]
    unclear = any(each is None or column in each.columns or not each.known for each in others)
    return None if unclear else True


def taken_along(table: Name, column: str, schema: Schema) -> Iterator[Name]:
    """Yield the views that go with a column, or with the whole table where none is named.

    One of which nobody can tell is among them. What reads a view that goes, goes as well.
    """
    views = views_on(table, schema)
    waiting = [
        view
        for view, query in views
        if not (column and query and needs(query, table, column, schema) is False)
    ]
    seen: set[Name] = set()
    while waiting:
        view = waiting.pop(0)
        if view not in seen:
            seen.add(view)
            yield view
            waiting += [each for each, _ in views_on(view, schema)]
