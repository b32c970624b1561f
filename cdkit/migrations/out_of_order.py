"""Migrations that come out of order: new ones that sort before what is released."""

from collections.abc import Iterator

from cdkit.migrations.change import Scope
from cdkit.migrations.source import Complaint, Project


def out_of_order(project: Project, scope: Scope) -> Iterator[Complaint]:
    """Yield what the tool would refuse or skip, since a later migration ran already.

    Only where it is known what is released: the scope of a revision.
    """
    late = project.late
    versioned = [one for one in project.migrations if not one.repeats]
    new = scope.change - scope.released.keys()
    old = [one for one in versioned if one.name not in new]
    old += scope.ahead
    old += [one for one in project.stand_ins if one.said.path in scope.stand_ins.released]
    if late is None or not old:
        return
    newest = max(old, key=lambda one: one.order)
    for one in versioned:
        if one.name not in new or one.order > newest.order:
            continue
        yield Complaint(
            rule="out-of-order-version",
            path=one.said.path,
            what=f"sorts before {newest.path}, which is released: {late.says}",
            about=one.key or one.path.rpartition("/")[2],
            remedy=late.remedy,
            severity=late.severity,
        )


def edited_stand_ins(scope: Scope) -> Iterator[Complaint]:
    """Yield what was released to stand for others, and is another now: new databases differ."""
    for path in scope.stand_ins.edited:
        yield Complaint(
            rule="edited-migration",
            path=path,
            what="this stands for migrations before it and is released, and the change edits it: "
            "databases that it made are not like those that it makes from here on",
        )
