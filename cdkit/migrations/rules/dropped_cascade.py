"""A foreign key goes away that took rows along, or set them to null, when others went.

The running version deletes an order and relies on the server for its lines. Without the key they
stay, lead nowhere, and are read and counted still; with `ON UPDATE CASCADE` it was their key that
followed. No statement fails. A key that only refuses is no loss to what works.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.implied import same_key
from cdkit.migrations.net import eased
from cdkit.migrations.nouns import Constraint
from cdkit.migrations.operation import DropConstraint
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_DOES = {
    "c": "rows that refer to one that is deleted stay",
    "n": "columns that refer to a row that is deleted are not set to null",
    "d": "columns that refer to a row that is deleted keep their value",
}


def check(operation: DropConstraint, context: Context) -> Iterator[Hit]:
    """Flag each that acted on rows, as far as the migrations tell."""
    table = operation.table
    old = context.schema.constraint(table, operation.constraint)
    if old is None or old.kind != "foreign key" or context.schema.is_new_table(table):
        return
    if context.released.constraint(table, operation.constraint) is None:
        return
    effect = _DOES.get(old.deletes, "" if old.pins else "columns no longer follow another key")
    if not effect:
        return
    hit = Hit(
        message=f"drops the foreign key {operation.constraint} of {table}: {effect}",
        about=f"{table}.{operation.constraint}",
        fix=Fix(
            summary="release a version that deletes (or changes) those rows itself, let it run "
            "everywhere, and drop the key in a later release",
            replacement=later(operation, "a version that takes care of those rows itself"),
        ),
    )
    yield from eased(hit, context, undone=_is_back(operation, old, context))


def _is_back(operation: DropConstraint, old: Constraint, context: Context) -> bool:
    """Whether the end has one from the same columns to the same table.

    What it does in another way is `changed-constraint`'s to tell.
    """
    end = context.ahead.end
    table = end.table(operation.table)
    return table is not None and any(
        each.enforced and each.kind == old.kind and same_key(each, old, end)
        for each in table.constraints.values()
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(DropConstraint,),
    check=check,
    instead="Let a version take care of those rows itself first, and drop the key later.",
    bad=(
        Example(
            text="CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE o (p int, CONSTRAINT fk "
            "FOREIGN KEY (p) REFERENCES p ON DELETE CASCADE);\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT fk;",
            line=4,
        ),
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE o (p int, CONSTRAINT fk FOREIGN KEY (p) "
            "REFERENCES p (id) ON DELETE SET NULL);\n-- released\n"
            "ALTER TABLE o DROP FOREIGN KEY fk;",
            line=4,
        ),
        Example(
            text="CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE o (p int, CONSTRAINT fk "
            "FOREIGN KEY (p) REFERENCES p ON UPDATE CASCADE);\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT fk;",
            line=4,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (p int CONSTRAINT fk REFERENCES p (id));\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT fk;"
        ),
        Example(
            text="CREATE TABLE o (p int CONSTRAINT fk REFERENCES p (id) ON DELETE CASCADE);\n"
            "-- released\nBEGIN;\nALTER TABLE o DROP CONSTRAINT fk;\nALTER TABLE o ADD CONSTRAINT "
            "fk2 FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE NOT VALID;\nCOMMIT;"
        ),
        Example(
            text="CREATE TABLE o (p int CONSTRAINT fk REFERENCES p (id) ON DELETE CASCADE);\n"
            "-- released\nBEGIN;\nALTER TABLE o DROP CONSTRAINT fk;\nALTER TABLE o ADD CONSTRAINT "
            "fk FOREIGN KEY (p) REFERENCES public.p (id) ON DELETE CASCADE NOT VALID;\nCOMMIT;"
        ),
    ),
    sources=(
        "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
        "https://dev.mysql.com/doc/refman/8.4/en/create-table-foreign-keys.html",
    ),
)
