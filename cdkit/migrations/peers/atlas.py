"""Atlas: the codes of its analyzers, those behind a login too."""

from cdkit.migrations.peer import Peer, row


def _altered(columns: str, clause: str) -> str:
    """Return a table of MySQL 8.0 that runs, and an ALTER TABLE of it."""
    return f"-- server mysql:8.0\nCREATE TABLE o ({columns});\n-- released\nALTER TABLE o {clause};"


PEER = Peer(
    title="Atlas",
    version="0.38",
    page="https://atlasgo.io/lint/analyzers",
    rows=(
        row("DS101", "dropped-object"),
        row("DS102", "dropped-table"),
        row("DS103", "dropped-column"),
        row("MF101", "constraint-on-existing-table"),
        row("MF102", "constraint-on-existing-table"),
        row("MF103", "required-column"),
        row("MF104", "not-null-added"),
        row("BC101", "renamed-table"),
        row("BC102", "renamed-column"),
        row("CD101", "dropped-cascade", note="One that only refuses is no loss to what works."),
        row("PG101", "blocking-index"),
        row("PG102", "blocking-index-drop"),
        row("PG103", "concurrently-in-transaction"),
        row("PG104", "blocking-constraint"),
        row("PG105", "blocking-constraint"),
        row(
            "PG110",
            note=(
                "The order of columns for their alignment saves a few bytes a row and breaks "
                "nobody."
            ),
        ),
        row("PG301", "rewriting-type-change"),
        row("PG302", "volatile-default"),
        row("PG303", "blocking-not-null"),
        row("PG304", "blocking-constraint", "blocking-not-null"),
        row("PG305", "blocking-constraint"),
        row("PG306", "blocking-constraint"),
        row("MY101", "required-column", note="MySQL fills in an implicit default."),
        row(
            "MY102",
            note=(
                "Before 9.0 MySQL passes an inline REFERENCES over: nothing happens, so nothing "
                "breaks. Since 9.0 it is a foreign key, and judged as one."
            ),
        ),
        row(
            "MY110",
            "changed-enum",
            "copying-alter",
            sql=_altered("e enum('a','b')", "MODIFY e enum('a')"),
        ),
        row(
            "MY111",
            "changed-enum",
            "copying-alter",
            sql=_altered("e enum('a','b')", "MODIFY e enum('b','a')"),
        ),
        row(
            "MY112",
            "changed-enum",
            "copying-alter",
            sql=_altered("e enum('a','b')", "MODIFY e enum('a','c','b')"),
        ),
        row("MY113", "copying-alter"),
        row(
            "MY120",
            "changed-enum",
            "copying-alter",
            sql=_altered("e set('a','b')", "MODIFY e set('a')"),
        ),
        row(
            "MY121",
            "changed-enum",
            "copying-alter",
            sql=_altered("e set('a','b')", "MODIFY e set('b','a')"),
        ),
        row(
            "MY122",
            "changed-enum",
            "copying-alter",
            sql=_altered("e set('a','b')", "MODIFY e set('a','c','b')"),
        ),
        row("MY123", "copying-alter"),
        row(
            "MY137",
            "rebuilding-alter",
            sql=_altered(
                "id int PRIMARY KEY, a int NOT NULL", "DROP PRIMARY KEY, ADD PRIMARY KEY (a, id)"
            ),
        ),
        row("MY138", "copying-alter", sql=_altered("id int PRIMARY KEY", "ENGINE=MyISAM")),
        row(
            "MY139",
            "copying-alter",
            sql=_altered("id int PRIMARY KEY", "PARTITION BY HASH(id) PARTITIONS 4"),
        ),
        row("MY140", "copying-alter", sql=_altered("a int", "ADD COLUMN b int AS (a + 1) STORED")),
        row(
            "MY141",
            "copying-alter",
            sql=_altered("a int", "ADD COLUMN id int AUTO_INCREMENT PRIMARY KEY"),
        ),
        row(
            "MY142",
            "misplaced-column",
            "rebuilding-alter",
            sql=_altered("a int", "ADD COLUMN b int FIRST"),
        ),
        row("LT101", "not-null-added"),
        row("NM101", note="How a schema is called is a matter of taste of your own."),
        row("NM102", note="How a table is called is a matter of taste of your own."),
        row("NM103", note="How a column is called is a matter of taste of your own."),
        row("NM104", note="How an index is called is a matter of taste of your own."),
        row("NM105", note="How a foreign key is called is a matter of taste of your own."),
        row("NM106", note="How a CHECK is called is a matter of taste of your own."),
        row(
            "AR101", note="Rights are read and judged: `revoked-privilege`; a grant breaks nobody."
        ),
    ),
)
