"""The wall's map and its list of what is wrong: where, and at which station by name.

Five layers, one for each state, because those who do not see colours see shapes: a disc is open and well, a
triangle crowded, a square too hot or too cold, a ring closed or unknown, a cross old data. The cross lies
above the others: from 5 to 10 minutes it stands over the last known state, then alone.
"""

from typing import Final

from grafana_foundation_sdk.builders import common, geomap, stat
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models.geomap import TooltipMode

from grafana.influxql import latest, silent, targets
from grafana.panels import FAR_TITLE, Piece, Place, Told, dressed
from grafana.words import BAD, GOOD, PLAIN, UNKNOWN, WATCH, from_to, mapped

PARTS: Final = '"network" =~ /^(${network:regex}|${part:regex})$/'
"""The network and those inside it that the address names."""

_FIELDS: Final = "access_code crowding_code comfort_code problems lat lon name"
_BY: Final = '"station", "district"'
_HOT: Final = '("comfort_code" = 3 OR "comfort_code" = 4)'
_CROWDED: Final = '("crowding_code" = 2 OR "crowding_code" = 3)'
_NOT_HOT: Final = '"comfort_code" != 3 AND "comfort_code" != 4'
_CALM: Final = f'{_NOT_HOT} AND "crowding_code" != 2 AND "crowding_code" != 3'


def _stations(shown: str, where: str) -> str:
    """Stations by what was last told of them within 10 minutes."""
    now = latest(_FIELDS, "status", PARTS, _BY)
    return f"SELECT {shown} FROM ({now}) WHERE {where} GROUP BY {_BY}"


_LAYERS: Final = (
    ("开放", "circle", GOOD, '"access_code" <= 1 AND ' + _CALM),
    ("关门或不清楚", "circle", PLAIN, '"access_code" > 1 AND ' + _CALM),
    ("很挤", "triangle", WATCH, f"{_CROWDED} AND {_NOT_HOT}"),
    ("太热或太冷", "square", BAD, _HOT),
)


def city(place: Place) -> Piece:
    """The map."""
    told = Told(
        "驿站地图",
        "●开放 ▲很挤 ■太热或太冷 ○关门或不清楚 ✕数据旧了。■和✕的驿站先打电话。"
        "没有地图底图时，点的位置仍然是对的。",
        "Each station with a device: ● open, ▲ crowded, ■ too hot or too cold, ○ closed or unknown, ✕ nothing"
        " for 5 minutes (above its last state until 10 minutes, then alone; gone after a week).",
        "■ and ✕: call the station; the list beside the map has the names.",
    )
    queries = [_stations('"name", "lat", "lon"', where) for *_, where in _LAYERS]
    layers = [
        _layer(chr(ord("A") + number), name, shape, colour, hollow=colour == PLAIN)
        for number, (name, shape, colour, _) in enumerate(_LAYERS)
    ]
    layers.append(_layer("E", "数据旧了", "x-mark", UNKNOWN, hollow=False))
    panel = geomap.Panel().layers(list(layers)).tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))
    panel.basemap(common.MapLayerOptions().type("default").name("底图").config({}))
    panel.view(geomap.MapViewConfig().id("fit").all_layers(True).zoom(15).padding(10))
    panel.controls(geomap.ControlsOptions().show_zoom(False).mouse_wheel_zoom(False).show_attribution(True))
    return Piece(told, dressed(panel, told, place, targets(*queries, silent(PARTS))))


def _layer(ref: str, name: str, shape: str, colour: str, *, hollow: bool) -> common.MapLayerOptions:
    style = {
        "color": {"fixed": colour},
        "opacity": 0.35 if hollow else 1,
        "rotation": {"fixed": 0, "max": 360, "min": -360, "mode": "mod"},
        "size": {"fixed": 14, "max": 15, "min": 2},
        "symbol": {"fixed": f"img/icons/marker/{shape}.svg", "mode": "fixed"},
        "symbolAlign": {"horizontal": "center", "vertical": "center"},
    }
    place = common.FrameGeometrySource().mode(kinds.FrameGeometrySourceMode.COORDS)
    made = common.MapLayerOptions().type("markers").name(name).config({"showLegend": True, "style": style})
    made.filter_data({"id": "byRefId", "options": ref})
    return made.location(place.latitude("lat").longitude("lon")).tooltip(True)


_WRONG: Final = (
    ('"name", "comfort_code" + 30 AS "code"', _HOT),
    ('"name", "crowding_code" + 20 AS "code"', '"crowding_code" = 3'),
    ('"name", "problems" + 1000 AS "code"', '"problems" >= 1'),
)


def wrong(place: Place) -> Piece:
    """Stations by name that somebody has to call, the gravest first."""
    told = Told(
        "要处理的驿站",
        "太热太冷、坐满、设备故障、数据旧了的驿站，最多 8 个，前面的更急。逐个打电话；设备故障报修。",
        "Stations by name that are too hot or cold, full, partly broken, or silent; eight at most.",
        "Call them from the top. `有故障`: the console's page of devices says which part. Empty is well only"
        " as long as `实时` stands above.",
    )
    code = f'SELECT "name", n AS "code" FROM ({silent(PARTS)}) GROUP BY {_BY}'
    queries = [*(_stations(shown, where) for shown, where in _WRONG), code]
    words = mapped(
        {
            "33": ("太热", BAD),
            "34": ("太冷", BAD),
            "23": ("满了", WATCH),
            "0": ("数据旧了", UNKNOWN),
        }
    )
    panel = stat.Panel().graph_mode(kinds.BigValueGraphMode.NONE).color_mode(kinds.BigValueColorMode.VALUE)
    panel.text_mode(kinds.BigValueTextMode.VALUE_AND_NAME).orientation(kinds.VizOrientation.HORIZONTAL)
    panel.reduce_options(common.ReduceDataOptions().values(True).limit(8).calcs([]).fields(""))
    panel.text(common.VizTextDisplayOptions().title_size(FAR_TITLE).value_size(FAR_TITLE))
    broken = from_to(1001, 1999, "有故障", WATCH)
    dressed(panel, told, place, targets(*queries), mappings=[words, broken], nothing="○ 名单是空的")
    return Piece(told, panel.display_name("${__data.fields.name}"))
