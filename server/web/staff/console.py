"""All of the console: each part adds its routes, the gate shuts behind the last."""

from fastapi import FastAPI

from server.web.render import Renderer
from server.web.staff.accounts.audit import add_audit
from server.web.staff.accounts.people import add_people
from server.web.staff.accounts.signin import add_sign_in
from server.web.staff.alerts.alert import add_alert
from server.web.staff.alerts.page import add_alerts
from server.web.staff.alerts.silences import add_silences
from server.web.staff.alerts.taking import add_taking
from server.web.staff.alerts.thresholds import add_thresholds
from server.web.staff.fleet.device import add_device
from server.web.staff.fleet.letters import add_letters
from server.web.staff.fleet.occupancy import add_occupancy
from server.web.staff.fleet.page import add_fleet
from server.web.staff.gate import Gate
from server.web.staff.messages.channels import add_channels
from server.web.staff.messages.receivers import add_receivers
from server.web.staff.more import add_more
from server.web.staff.riders.notices import add_notices
from server.web.staff.riders.reports import add_reports
from server.web.staff.served.numbers import add_served_numbers
from server.web.staff.served.page import add_served
from server.web.staff.served.reach import add_reach
from server.web.staff.services import Staff
from server.web.staff.walls import add_walls

PARTS = (
    add_sign_in,
    add_more,
    add_alerts,
    add_alert,
    add_taking,
    add_silences,
    add_fleet,
    add_letters,
    add_device,
    add_occupancy,
    add_reports,
    add_notices,
    add_thresholds,
    add_walls,
    add_served,
    add_reach,
    add_served_numbers,
    add_channels,
    add_receivers,
    add_people,
    add_audit,
)
"""Each adds its routes to the gate."""


def add_console(app: FastAPI, renderer: Renderer, staff: Staff | None) -> Gate:
    """Add ``/staff`` to ``app``; without ``staff`` all of it answers that it cannot work now."""
    gate = Gate(app, renderer, staff)
    for part in PARTS:
        part(gate)
    gate.close()
    app.state.gate = gate
    return gate
