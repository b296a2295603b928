"""What all four dashboards have: variables, the clock, the way from one to the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from grafana.influxql import SOURCE, ZONE
from grafana.panels import Piece

T = TypeVar("T")

TAG: Final = "waystation"
NETWORKS: Final = 'SHOW TAG VALUES FROM "network" WITH KEY = "network"'
STATIONS: Final = 'SHOW TAG VALUES FROM "status" WITH KEY = "station" WHERE "network" =~ /^${network:regex}$/'
NO_PART: Final = "-"
"""No network has this id."""


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard.

    Attributes:
        name: of its file, and behind ``waystation-`` its uid.
        about: what it is for, in English, for ``README.md``.
        since: beginning of the range that it shows, as Grafana writes it; the end is now.
        refresh: how often it asks anew.
        kiosk: for a screen that nobody touches: no choice is shown, the range stays.
    """

    name: str
    title: str
    about: str
    variables: Sequence[VariableModel]
    pieces: Sequence[Piece]
    since: str
    refresh: str
    kiosk: bool = False

    def built(self) -> Dashboard:
        """As Grafana reads it."""
        board = dashboard.Dashboard(self.title).uid(f"waystation-{self.name}").tags([TAG]).readonly()
        board.timezone(ZONE).time(self.since, "now").refresh(self.refresh).week_start("monday")
        picker = dashboard.TimePicker().hidden(self.kiosk).build()
        picker.time_options = None  # no longer known to Grafana 11.6
        board.tooltip(DashboardCursorSync.CROSSHAIR).timepicker(_Made(picker))
        for variable in self.variables:
            # Of variables of another kind; Grafana's own types have them there only.
            variable.auto = variable.auto_min = variable.auto_count = None
            board.with_variable(_Made(variable))
        for piece in self.pieces:
            board.with_panel(piece.panel)
        if not self.kiosk:
            board.link(_others())
        made = board.build()
        for number, panel in enumerate(made.panels or [], 1):
            panel.id_val = number
        return made


class _Made(Builder[T]):
    """What is built already."""

    def __init__(self, made: T) -> None:
        self._made = made

    def build(self) -> T:
        return self._made


def _others() -> dashboard.DashboardLink:
    """The way to the other dashboards, with the network that was chosen."""
    link = dashboard.DashboardLink("驿站看板").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(True).include_vars(True).icon("apps")


def network(*, several: bool = False, hidden: bool = False) -> VariableModel:
    """Which network; the first one until somebody chooses, or the address says it."""
    made = _asked("network", "地区", NETWORKS).multi(several).include_all(several)
    return (made.hide(VariableHide.HIDE_VARIABLE) if hidden else made).build()


def part() -> VariableModel:
    """Networks inside the wall's one, whose stations are on its map too; none until the address says it."""
    none = VariableOption(selected=True, text=["All"], value=["$__all"])
    made = _asked("part", "下属地区", NETWORKS).multi(True).include_all(True).all_value(NO_PART)
    return made.current(none).hide(VariableHide.HIDE_VARIABLE).build()


def station() -> VariableModel:
    """Which station of the network, by its id."""
    return _asked("station", "驿站编号", STATIONS).build()


def _asked(name: str, label: str, query: str) -> dashboard.QueryVariable:
    made = dashboard.QueryVariable(name).label(label).query(query).datasource(SOURCE)
    return made.refresh(VariableRefresh.ON_DASHBOARD_LOAD).sort(VariableSort.ALPHABETICAL_ASC)
