"""SVG: the five metrics with their course in one small picture."""

from cdkit.core.documents.delivery import Delivery
from cdkit.report.delivery.picture import picture
from cdkit.report.exhibit import ExhibitFormat

FORMAT = ExhibitFormat(name="svg", of=Delivery, render=picture)
