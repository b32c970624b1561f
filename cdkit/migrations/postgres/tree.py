"""The parts of PostgreSQL's parse trees that we read, as libpg_query writes them in JSON.

Names and fields are those of PostgreSQL's `parsenodes.h` (18); what is not named here is skipped
by the decoder, and costs nothing.
"""

from typing import Any

from msgspec import Raw, Struct, field

Json = dict[str, Any]
_WITHIN = (dict, list)


class Text(Struct, frozen=True):
    """`String`."""

    sval: str = ""


class RangeVar(Struct, frozen=True):
    """`RangeVar`: a relation as it is named."""

    relname: str = ""
    schemaname: str = ""
    relpersistence: str = "p"
    inh: bool = False
    location: int = -1


class Word(Struct, frozen=True):
    """A node in a list where only a `String` can be."""

    string: Text | None = field(name="String", default=None)


class TypeName(Struct, frozen=True):
    """`TypeName`."""

    setof: bool = False
    names: Raw = Raw()
    typmods: tuple[Json, ...] = ()
    arrayBounds: tuple[Json, ...] = ()  # noqa: N815 - PostgreSQL's own name
    location: int = -1


class ColumnDef(Struct, frozen=True):
    """`ColumnDef`; in ALTER COLUMN TYPE `raw_default` is the USING expression."""

    colname: str = ""
    typeName: TypeName | None = None  # noqa: N815 - PostgreSQL's own name
    constraints: tuple["Constrained", ...] = ()
    collClause: Json | None = None  # noqa: N815 - PostgreSQL's own name
    raw_default: Raw = Raw()
    location: int = -1


class Constraint(Struct, frozen=True):
    """`Constraint`."""

    contype: str
    conname: str = ""
    raw_expr: Raw = Raw()
    generated_kind: str = ""
    generated_when: str = ""
    fk_del_action: str = ""
    fk_upd_action: str = ""
    nulls_not_distinct: bool = False
    keys: tuple[Word, ...] = ()
    fk_attrs: tuple[Word, ...] = ()
    pk_attrs: tuple[Word, ...] = ()
    exclusions: tuple[Json, ...] = ()
    options: tuple["Node", ...] = ()
    pktable: RangeVar | None = None
    indexname: str = ""
    skip_validation: bool = False
    is_enforced: bool = False
    deferrable: bool = False
    initdeferred: bool = False
    location: int = -1


class AlteredConstraint(Struct, frozen=True):
    """`ATAlterConstraint`: ALTER CONSTRAINT, and which of its sides is meant."""

    conname: str = ""
    alterEnforceability: bool = False  # noqa: N815 - PostgreSQL's own name
    is_enforced: bool = False
    alterDeferrability: bool = False  # noqa: N815 - PostgreSQL's own name
    deferrable: bool = False
    initdeferred: bool = False


class Constrained(Struct, frozen=True):
    """A node in a list where only a `Constraint` can be."""

    constraint: Constraint = field(name="Constraint")


class TableElement(Struct, frozen=True):
    """A node in the list of what a table is made of: all but one are None."""

    column: ColumnDef | None = field(name="ColumnDef", default=None)
    constraint: Constraint | None = field(name="Constraint", default=None)
    like: Json | None = field(name="TableLikeClause", default=None)


class ObjectWithArgs(Struct, frozen=True):
    """`ObjectWithArgs`: a function as it is named."""

    objname: tuple["Node", ...] = ()
    objargs: tuple["Node", ...] = ()
    args_unspecified: bool = False


class FunctionParameter(Struct, frozen=True):
    """`FunctionParameter`."""

    name: str = ""
    argType: TypeName | None = None  # noqa: N815 - PostgreSQL's own name
    mode: str = ""
    defexpr: Json | None = None


class AccessPriv(Struct, frozen=True):
    """`AccessPriv`: a privilege, on columns perhaps."""

    priv_name: str = ""
    cols: tuple["Node", ...] = ()


class Items(Struct, frozen=True):
    """`List`."""

    items: tuple["Node", ...] = ()


class PartitionCmd(Struct, frozen=True):
    """`PartitionCmd`."""

    name: RangeVar
    bound: Json | None = None
    concurrent: bool = False


class Definition(Struct, frozen=True):
    """What a clause of an ALTER TABLE says: all but one are None."""

    items: Items | None = field(name="List", default=None)
    column: ColumnDef | None = field(name="ColumnDef", default=None)
    constraint: Constraint | None = field(name="Constraint", default=None)
    altered: AlteredConstraint | None = field(name="ATAlterConstraint", default=None)
    relation: RangeVar | None = field(name="RangeVar", default=None)
    partition: PartitionCmd | None = field(name="PartitionCmd", default=None)


class AlterTableCmd(Struct, frozen=True):
    """`AlterTableCmd`."""

    subtype: str
    name: str = ""
    definition: Definition | None = field(name="def", default=None)
    newowner: Json | None = None
    missing_ok: bool = False


class DefElem(Struct, frozen=True):
    """`DefElem`: an option."""

    defname: str = ""
    arg: "Node | None" = None


class IndexElem(Struct, frozen=True):
    """`IndexElem`."""

    name: str = ""
    expr: Json | None = None


class RoleSpec(Struct, frozen=True):
    """`RoleSpec`."""

    roletype: str = ""
    rolename: str = ""


class Node(Struct, frozen=True):
    """A node of any of the kinds that we read; all but one are None."""

    string: Text | None = field(name="String", default=None)
    items: Items | None = field(name="List", default=None)
    column: ColumnDef | None = field(name="ColumnDef", default=None)
    constraint: Constraint | None = field(name="Constraint", default=None)
    type: TypeName | None = field(name="TypeName", default=None)
    parameter: FunctionParameter | None = field(name="FunctionParameter", default=None)
    privilege: AccessPriv | None = field(name="AccessPriv", default=None)
    integer: Json | None = field(name="Integer", default=None)
    large: Json | None = field(name="Float", default=None)
    boolean: Json | None = field(name="Boolean", default=None)
    setting: Json | None = field(name="VariableSetStmt", default=None)
    function: ObjectWithArgs | None = field(name="ObjectWithArgs", default=None)
    relation: RangeVar | None = field(name="RangeVar", default=None)
    option: DefElem | None = field(name="DefElem", default=None)
    role: RoleSpec | None = field(name="RoleSpec", default=None)
    call: Json | None = field(name="FuncCall", default=None)
    constant: Json | None = field(name="A_Const", default=None)
    vacuumed: Json | None = field(name="VacuumRelation", default=None)


def words(nodes: tuple[Node | Word, ...]) -> tuple[str, ...]:
    """Return the strings in a list of nodes."""
    return tuple([node.string.sval for node in nodes if node.string]) if nodes else ()


def calls(tree: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
    """Return the functions that an expression calls anywhere, by their last name, sorted.

    `CURRENT_USER` and its like are `sqlvaluefunction`: never volatile.
    """
    found: set[str] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if call := node.get("FuncCall"):
                found.add(_last(call.get("funcname", [])))
            if "SQLValueFunction" in node:
                found.add("sqlvaluefunction")
            stack += [each for each in node.values() if isinstance(each, _WITHIN)]
        elif isinstance(node, list):
            stack += node
    return tuple(sorted(found))


def _last(names: list[Json]) -> str:
    return str(names[-1].get("String", {}).get("sval", "")) if names else ""


def literal(tree: Any) -> str | None:  # noqa: ANN401 - JSON
    """Return a constant (or a cast of one) as text, or None where it is anything else."""
    if not isinstance(tree, dict):
        return None
    if cast := tree.get("TypeCast"):
        return literal(cast.get("arg"))
    constant = tree.get("A_Const")
    if constant is None:
        return None
    if constant.get("isnull"):
        return "null"
    for key, empty in (("sval", ""), ("ival", 0), ("fval", ""), ("boolval", False), ("bsval", "")):
        if key in constant:
            return (
                str(constant[key].get(key, empty)).lower()
                if key == "boolval"
                else str(constant[key].get(key, empty))
            )
    return None
