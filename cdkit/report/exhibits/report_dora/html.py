"""HTML: the page of a delivery, in place of a report's common one."""

from cdkit.core.documents.delivery import Delivery
from cdkit.report.delivery.page import page
from cdkit.report.exhibit import ExhibitFormat

FORMAT = ExhibitFormat(name="html", of=Delivery, render=page)
