"""Panels of each kind, all with the same manners: Chinese titles, what is told of each, nothing shown as fine
that is not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColor,
    FieldColorModeId,
    GridPos,
    Panel,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
    ValueMapping,
)

from grafana.influxql import SOURCE, Target
from grafana.words import BAD, GOOD, PLAIN, WATCH

NOTHING: Final = "✕ 没有新数据"
"""In the place of a number that is missing or too old: never a zero, never the last one."""


@dataclass(frozen=True, slots=True)
class Told:
    """What people read of a panel.

    Attributes:
        title: above it, in Chinese.
        zh: what it means and what to do when it is red, behind the (i) of the panel.
        en: what it means, for ``README.md``.
        red: what to do when it is red (or marked with ▲, ■, ✕).
    """

    title: str
    zh: str
    en: str
    red: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel stands: 24 columns wide, rows of 38 pixels."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A panel with what is told of it."""

    told: Told
    panel: Builder[Panel]


FAR_TITLE: Final = 38
"""Pixels of a title for those who stand far away: 2.4 cm on 55 inches, a 250th of six metres."""

Steps = Sequence[tuple[float, str]]
"""From which number on which colour; below the first one it is plain."""
ANY: Final[Steps] = ((0, GOOD), (1, WATCH))
"""One is worth a look."""
GRAVE: Final[Steps] = ((0, GOOD), (1, BAD))
"""One is one too many."""


class _Any(Protocol):
    """What all builders of panels have."""

    def build(self) -> Panel: ...
    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def datasource(self, datasource: DataSourceRef) -> Self: ...
    def grid_pos(self, grid_pos: GridPos) -> Self: ...
    def targets(self, targets: list[Builder[Dataquery]]) -> Self: ...
    def mappings(self, mappings: list[ValueMapping]) -> Self: ...
    def thresholds(self, thresholds: Builder[ThresholdsConfig]) -> Self: ...
    def color_scheme(self, color: Builder[FieldColor]) -> Self: ...
    def no_value(self, no_value: str) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def decimals(self, decimals: float) -> Self: ...


P = TypeVar("P", bound=_Any)


def dressed(
    panel: P,
    told: Told,
    place: Place,
    asked: Sequence[Target],
    *,
    mappings: Sequence[ValueMapping] = (),
    steps: Steps = (),
    unit: str = "",
    nothing: str = NOTHING,
) -> P:
    """What every panel has."""
    panel.title(told.title).description(told.zh).datasource(SOURCE).targets(list(asked))
    panel.grid_pos(GridPos(place.h, place.w, place.x, place.y)).mappings(list(mappings)).no_value(nothing)
    panel.thresholds(thresholds(steps)).color_scheme(colour(FieldColorModeId.THRESHOLDS))
    if unit:
        panel.unit(unit)
    return panel


def thresholds(steps: Steps) -> Builder[ThresholdsConfig]:
    """Plain below the first step."""
    made = [Threshold(None, PLAIN), *(Threshold(value, shade) for value, shade in steps)]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)


def colour(mode: FieldColorModeId, fixed: str = "") -> Builder[FieldColor]:
    """How a panel's colours are found."""
    made = dashboard.FieldColor().mode(mode)
    return made.fixed_color(fixed) if fixed else made


def big(
    told: Told,
    place: Place,
    asked: Sequence[Target],
    *,
    size: int = 0,
    field: str = "",
    names: Mapping[str, str] = {},
    **dress: Any,
) -> Piece:
    """A number or a word, coloured.

    Args:
        size: of the letters, in pixels, for those who stand far away; the title is then told inside the
            panel, where Grafana lets it have a size. 0: as Grafana finds it.
        field: the one to show where it is text or a time; "": the numbers.
        names: of several fields that stand side by side, in Chinese.
    """
    panel = stat.Panel().graph_mode(kinds.BigValueGraphMode.NONE)
    panel.color_mode(kinds.BigValueColorMode.VALUE).justify_mode(kinds.BigValueJustifyMode.CENTER)
    dressed(panel, told, place, asked, **dress)
    shown = names or {field: told.title} if size and (names or field) else {}
    if size:
        panel.title("").text_mode(kinds.BigValueTextMode.VALUE_AND_NAME)
        panel.text(common.VizTextDisplayOptions().title_size(max(FAR_TITLE, size // 2)).value_size(size))
    if size and not shown:
        panel.display_name(told.title)
    for name, title in shown.items():
        panel.override_by_name(name, [DynamicConfigValue("displayName", title)])
    # Grafana chooses fields by the name that they are shown with.
    chosen = f"/^{shown.get(field, field)}$/" if field else ""
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(chosen))
    return Piece(told, panel)


def lines(
    told: Told,
    place: Place,
    asked: Sequence[Target],
    *,
    bars: bool = False,
    colours: FieldColorModeId = FieldColorModeId.PALETTE_CLASSIC_BY_NAME,
    **dress: Any,
) -> Piece:
    """Numbers over time; gaps stay gaps. Bars are stacked: their sum is what counts."""
    panel = timeseries.Panel().legend(_legend()).tooltip(_tooltip()).span_nulls(False)
    if bars:
        panel.draw_style(kinds.GraphDrawStyle.BARS).fill_opacity(80).line_width(0)
        panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL)).bar_alignment(
            kinds.BarAlignment.AFTER
        )
    else:
        panel.line_width(2).show_points(kinds.VisibilityMode.AUTO)
    dressed(panel, told, place, asked, **dress).color_scheme(colour(colours))
    return Piece(told, panel)


def _legend() -> common.VizLegendOptions:
    shown = common.VizLegendOptions().display_mode(kinds.LegendDisplayMode.LIST).show_legend(True)
    return shown.placement(kinds.LegendPlacement.BOTTOM).calcs([])


def _tooltip() -> common.VizTooltipOptions:
    return common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING)


def bands(told: Told, place: Place, asked: Sequence[Target], **dress: Any) -> Piece:
    """Words over time, one band for each series; a gap of more than 10 minutes stays a gap."""
    panel = statetimeline.Panel().show_value(kinds.VisibilityMode.AUTO).merge_values(True).row_height(0.85)
    panel.legend(_legend()).tooltip(_tooltip()).fill_opacity(85).line_width(0)
    return Piece(told, dressed(panel, told, place, asked, **dress))


def gauges(told: Told, place: Place, asked: Sequence[Target], **dress: Any) -> Piece:
    """A bar for each series, with its number."""
    panel = bargauge.Panel().display_mode(kinds.BarGaugeDisplayMode.BASIC).min(0)
    panel.orientation(kinds.VizOrientation.HORIZONTAL).value_mode(kinds.BarGaugeValueMode.COLOR)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
    return Piece(told, dressed(panel, told, place, asked, **dress))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name in the query, and in Chinese above it.

    Attributes:
        unit: as Grafana names it.
        mappings, steps: how its values are told and coloured.
        link: the path of a dashboard behind it, with fields of the row.
    """

    name: str
    title: str
    unit: str = ""
    mappings: Sequence[ValueMapping] = ()
    steps: Steps = ()
    link: str = ""

    def properties(self) -> list[DynamicConfigValue]:
        """As Grafana writes the exceptions of a field."""
        made = [DynamicConfigValue("displayName", self.title)]
        if self.unit:
            made.append(DynamicConfigValue("unit", self.unit))
        if self.mappings or self.steps:
            text = {"type": kinds.TableCellDisplayMode.COLOR_TEXT}
            made.append(DynamicConfigValue("custom.cellOptions", text))
        if self.mappings:
            made.append(DynamicConfigValue("mappings", list(self.mappings)))
        if self.steps:
            made.append(DynamicConfigValue("thresholds", thresholds(self.steps).build()))
        if self.link:
            link = {"title": "看这个驿站", "url": self.link, "targetBlank": False}
            made.append(DynamicConfigValue("links", [link]))
        return made


def rows(
    told: Told,
    place: Place,
    asked: Sequence[Target],
    columns: Sequence[Column],
    hidden: Sequence[str] = ("Time",),
) -> Piece:
    """A table; its cells are text and numbers, never anything that a browser would interpret."""
    panel = table.Panel().show_header(True).cell_height(kinds.TableCellHeight.SM)
    order: dict[str, object] = {column.name: index for index, column in enumerate(columns)}
    away: dict[str, object] = dict.fromkeys(hidden, True)
    organized = {"excludeByName": away, "indexByName": order, "renameByName": {}}
    dressed(panel, told, place, asked, steps=())
    panel.transformations([DataTransformerConfig("organize", options=organized)])
    for column in columns:
        panel.override_by_name(column.name, column.properties())
    return Piece(told, panel)
