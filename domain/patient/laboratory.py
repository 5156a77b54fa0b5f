"""What the laboratory says: answers to orders, and later reports of results it gave before."""

from domain.amended import latest_reports
from domain.patient import amendments
from domain.patient import commands as c
from domain.patient.draft import Draft
from domain.patient.results import follow_up, record
from domain.submission import Reason, Refused


def labs_reported(draft: Draft, command: c.LabsReported) -> None:
    """Record the answer to an order. A late one is kept and drives nothing; none is kept once consent is withdrawn.

    A report that changes what is on record is a correction, and brings nothing else with it.
    """
    if draft.journey.consent_withdrawn_on is not None:
        return
    order = draft.journey.orders.get(command.order)
    if order is None:
        detail = f"there is no laboratory order {command.order}"
        raise Refused(Reason.CONTRADICTS, detail, field="order", accepts="the number of an order on record")
    was_open = command.order in draft.journey.intents
    results = amendments.take(draft, latest_reports(command.results), order.after)
    if not was_open and command.results and not results:
        return
    still_open = command.order in draft.journey.intents
    record(draft, results, command.order if still_open else None, complete=command.complete)
    if was_open:
        follow_up(draft, order, command.order, complete=command.complete)
