"""How InnoDB carries out each kind of change: the algorithm, the lock, whether it rebuilds.

Sources: MySQL manual, "Online DDL Operations" of 5.7, 8.0, 8.4 and 9 (tables 14.11 to 17.21), and
"ALTER TABLE Statement" (CHECK constraints are added by COPY); MariaDB, "InnoDB Online DDL
Operations with the INPLACE / NOCOPY / INSTANT Alter Algorithm", "Online Schema Change" (11.2: COPY
with LOCK=NONE). Each MariaDB fact is asked of a real server by tests/migrations/test_on_mariadb.py.
"""

from collections.abc import Mapping

from msgspec import Struct

from cdkit.migrations.engine import Server, Version

ALGORITHMS = ("INSTANT", "NOCOPY", "INPLACE", "COPY")
LOCKS = ("NONE", "SHARED", "EXCLUSIVE")
MYSQL_PAGE = "https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html"
MARIADB_PAGE = "https://mariadb.com/kb/en/innodb-online-ddl-overview/"
ONLINE_COPY = (11, 2)


class Way(Struct, frozen=True):
    """The best algorithm, the least lock that it needs (LOCK=…), whether rows are written anew."""

    algorithm: str
    lock: str = "NONE"
    rebuilds: bool = False

    def __str__(self) -> str:
        """Return it as ALTER TABLE asks for it."""
        return f"ALGORITHM={self.algorithm}, LOCK={self.lock}"


_INSTANT = Way("INSTANT")
_NOCOPY = Way("NOCOPY")
_INPLACE = Way("INPLACE")
_REBUILD = Way("INPLACE", "NONE", True)
_SHARED_REBUILD = Way("INPLACE", "SHARED", True)
_COPY = Way("COPY", "SHARED", True)
_RENAME = Way("INSTANT", "EXCLUSIVE")

Since = tuple[tuple[Version, Way], ...]
"""Ways by the version since which they are so, oldest first."""


class Fact(Struct, frozen=True):
    """How MySQL and MariaDB do one kind of change.

    `structural`: done together with what is not instant, it is a rebuild of the table.
    """

    mysql: Since
    mariadb: Since
    structural: bool = False


def _both(way: Way) -> Fact:
    return Fact((((5, 7), way),), (((10, 5), way),))


def _fact(mysql: Way | Since, mariadb: Way | Since, *, structural: bool = False) -> Fact:
    return Fact(
        (((5, 7), mysql),) if isinstance(mysql, Way) else mysql,
        (((10, 5), mariadb),) if isinstance(mariadb, Way) else mariadb,
        structural,
    )


_SINCE_12: Since = (((5, 7), _INPLACE), ((8, 0, 12), _INSTANT))
_SINCE_29: Since = (((5, 7), _REBUILD), ((8, 0, 29), _INSTANT))

FACTS: Mapping[str, Fact] = {
    "adds a column at the end": _fact(
        (((5, 7), _REBUILD), ((8, 0, 12), _INSTANT)), _INSTANT, structural=True
    ),
    "adds a column that is not the last": _fact(_SINCE_29, _INSTANT, structural=True),
    "adds a column before others beside generated ones": _fact(_SINCE_29, _COPY, structural=True),
    "adds an AUTO_INCREMENT column": _both(_SHARED_REBUILD),
    "adds a stored generated column": _both(_COPY),
    "adds a virtual column": _fact(_SINCE_12, _INSTANT),
    "adds a column with a computed default": _both(_COPY),
    "adds a column with a constant expression": _fact(_COPY, _INSTANT),
    "adds a CHECK": _fact((((5, 7), _INPLACE), ((8, 0, 16), _COPY)), _COPY),
    "adds a CHECK with its column": _fact((((5, 7), _INPLACE), ((8, 0, 16), _COPY)), _INSTANT),
    "drops a CHECK or a constraint": _fact(_INPLACE, _INSTANT),
    "adds a foreign key": _both(_COPY),
    "adds a foreign key unchecked": _fact(_INPLACE, _NOCOPY),
    "drops a foreign key": _fact(_INPLACE, _INSTANT),
    "drops a column": _fact(_SINCE_29, _INSTANT, structural=True),
    "drops a column that is in an index": _fact(_REBUILD, _NOCOPY),
    "drops a stored generated column": _fact(_REBUILD, _INSTANT, structural=True),
    "drops a virtual column": _fact(_SINCE_12, _INSTANT),
    "renames a column": _fact((((5, 7), _INPLACE), ((8, 0, 28), _INSTANT)), _INSTANT),
    "changes nothing that is stored": _fact(_SINCE_12, _INSTANT),
    "moves a column": _fact(_REBUILD, _INSTANT, structural=True),
    "makes a column nullable": _both(_REBUILD),
    "makes a column NOT NULL": _both(_REBUILD),
    "makes a column NOT NULL beside generated ones": _fact(_REBUILD, _COPY),
    "extends a varchar": _fact(_INPLACE, _INSTANT),
    "extends a varchar over 255 bytes": _fact(_COPY, _INSTANT),
    "extends a varchar of over 127 bytes over 255 bytes": _both(_COPY),
    "appends to an enum or set": _fact(_SINCE_12, _INSTANT),
    "changes the values of an enum or set": _both(_COPY),
    "changes a type": _both(_COPY),
    "changes a character set": _both(_COPY),
    "changes utf8mb3 to utf8mb4": _fact(_COPY, _INSTANT),
    "changes a collation": _fact(_COPY, _INSTANT),
    "changes a collation of an index": _fact(_COPY, _NOCOPY),
    "changes a generated column": _both(_COPY),
    "changes a column's AUTO_INCREMENT": _both(_COPY),
    "hides or shows a column": _both(_INSTANT),
    "adds an index": _fact(_INPLACE, _NOCOPY),
    "adds the first fulltext index": _both(_SHARED_REBUILD),
    "adds a fulltext index": _fact(Way("INPLACE", "SHARED"), Way("NOCOPY", "SHARED")),
    "adds a spatial index": _fact(Way("INPLACE", "SHARED"), Way("NOCOPY", "SHARED")),
    "drops an index": _fact(_INPLACE, _NOCOPY),
    "renames an index": _fact(_INPLACE, _INSTANT),
    "hides or shows an index": _fact(_INPLACE, _INSTANT),
    "adds a primary key": _both(_REBUILD),
    "replaces the primary key": _both(_REBUILD),
    "drops the primary key": _both(_COPY),
    "renames the table": _both(_RENAME),
    "converts the character set": _both(_COPY),
    "sets the character set of columns to come": _fact(_REBUILD, _INSTANT),
    "rebuilds the table": _both(_REBUILD),
    "rebuilds a table with a fulltext index": _fact(_COPY, _SHARED_REBUILD),
    "changes the engine": _both(_COPY),
    "changes how rows are kept": _both(_REBUILD),
    "changes a setting of the table": _fact(_INPLACE, _INSTANT),
    "partitions the table": _both(_COPY),
    "adds a partition": _fact(_INPLACE, Way("NOCOPY", "NONE")),
    "drops a partition": _fact(Way("INPLACE", "SHARED"), Way("INPLACE", "SHARED")),
    "reorganizes partitions": _fact(Way("INPLACE", "SHARED", True), Way("COPY", "SHARED", True)),
    "orders the rows": _both(_COPY),
    "adds or drops system versioning": _both(_COPY),
    "switches keys off or on": _both(_RENAME),
    "swaps the table's file": _both(_RENAME),
}


_BUILDS = frozenset(
    {"adds an index", "adds a fulltext index", "adds a spatial index"}
    | {"adds a foreign key unchecked", "adds the first fulltext index"}
)


def way_of(kind: str, server: Server) -> Way:
    """Return how a server does a kind of change; a version unsaid is the newest.

    But for a COPY: whether others write meanwhile is known only where the version is.
    """
    rows = FACTS[kind].mariadb if server.engine == "mariadb" else FACTS[kind].mysql
    found = [way for since, way in rows if not server.before(*since)]
    way = found[-1] if found else rows[0][1]
    known = server.engine == "mariadb" and server.version and not server.before(*ONLINE_COPY)
    if way == _COPY and known:
        return Way("COPY", "NONE", True)
    return way


def is_structural(kind: str) -> bool:
    """Whether a kind of change adds columns to what a row holds, or takes them from it.

    A table with compressed rows is rebuilt for it (MySQL manual, "Column Operations": not INSTANT
    with ROW_FORMAT=COMPRESSED; MariaDB, "InnoDB Online DDL Operations with the INSTANT Alter
    Algorithm", the same).
    """
    return FACTS[kind].structural or kind == "drops a column that is in an index"


def worst(kinds: tuple[str, ...], server: Server) -> Way:
    """Return how the server does several changes in one ALTER TABLE.

    The slowest algorithm and the strongest lock count; what is instant alone is a rebuild beside
    what is not (in MariaDB: beside an index that is built). RENAME needs its lock only alone.
    """
    ways = [way_of(kind, server) for kind in kinds]
    if len(ways) > 1:
        ways = [Way(way.algorithm) if way == _RENAME else way for way in ways]
    algorithm = max((way.algorithm for way in ways), key=ALGORITHMS.index, default="INSTANT")
    lock = max((way.lock for way in ways), key=LOCKS.index, default="NONE")
    rebuilds = any(way.rebuilds for way in ways)
    builds = server.engine == "mysql" or bool(_BUILDS & set(kinds))
    mixed = algorithm in {"NOCOPY", "INPLACE"} and any(FACTS[kind].structural for kind in kinds)
    if mixed and builds and not rebuilds:
        return Way("INPLACE", lock, True)
    return Way(algorithm, lock, rebuilds)
