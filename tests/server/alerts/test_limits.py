"""Which numbers hold where, and changing them in two files at once."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from server.alerts import limits
from server.alerts.kinds import AlertThresholds, ThresholdError
from server.desk import Desk, DeskError
from server.model import Network, Station
from server.registry import Registry, RegistryError
from tests.support.ledger import NOW, audited, opened

CITY = Network("city", "市", "City", alert_limits={"too_hot_c": 31, "jumps": 6})
STREET = Network("street", "街", "Street", parent="city", alert_limits={"too_hot_c": 32})
OTHER = Network("other", "别处", "Other")
NETWORKS = {each.id: each for each in (CITY, STREET, OTHER)}
ROOM = Station("room", "street", "站", alert_limits={"pi_hot_c": 75})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(opened(tmp_path / "desk.db")) as desk:
        yield desk


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with closing(Registry.open(tmp_path / "registry.db")) as registry:
        registry.put_networks([CITY, STREET, OTHER])
        registry.put_stations([ROOM])
        yield registry


@pytest.mark.parametrize(
    ("station", "differs", "why"),
    [
        (ROOM, {"too_hot_c": 32, "jumps": 6, "pi_hot_c": 75}, "its own, its network's, that around it"),
        (
            replace(ROOM, alert_limits={"too_hot_c": 33}),
            {"too_hot_c": 33, "jumps": 6},
            "its own stands first",
        ),
        (
            replace(ROOM, network="city"),
            {"too_hot_c": 31, "jumps": 6, "pi_hot_c": 75},
            "not inside the street",
        ),
        (replace(ROOM, network="other", alert_limits={}), {}, "nobody has said anything"),
        (replace(ROOM, network="gone", alert_limits={}), {}, "of a network that is not there"),
    ],
)
def test_what_holds_for_a_station(station: Station, differs: dict[str, float], why: str) -> None:
    assert limits.of_station(station, NETWORKS) == replace(AlertThresholds(), **differs), why  # type: ignore[arg-type]  # numbers by name


def test_what_holds_for_a_network() -> None:
    assert limits.of_network("street", NETWORKS) == AlertThresholds(too_hot_c=32, jumps=6)
    assert limits.of_network("city", NETWORKS) == AlertThresholds(too_hot_c=31, jumps=6)
    ring = {"a": replace(CITY, id="a", parent="b"), "b": replace(CITY, id="b", parent="a")}
    assert limits.of_network("a", ring) == AlertThresholds(too_hot_c=31, jumps=6), "networks in a ring"


def test_a_number_that_is_not_known_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    odd = replace(ROOM, alert_limits={"of_tomorrow": 1, "jumps": 0.5, "too_cold_c": 10})
    holds = limits.of_station(odd, NETWORKS)
    assert (holds.too_cold_c, holds.jumps) == (10, 6)
    assert "of=room of_tomorrow" in caplog.text
    assert "of=room jumps: 0.5" in caplog.text


def test_a_change_is_written_and_audited(desk: Desk, registry: Registry) -> None:
    assert limits.change(desk, registry, ROOM, {"too_hot_c": 30}, by="max", now_ms=NOW)
    assert limits.change(desk, registry, OTHER, {"jumps": 9}, by="ada", now_ms=NOW + 1)
    assert not limits.change(desk, registry, OTHER, {"jumps": 9}, by="ada", now_ms=NOW + 2), "it was so"
    assert registry.stations()["room"] == replace(ROOM, alert_limits={"too_hot_c": 30})
    assert registry.networks()["other"] == replace(OTHER, alert_limits={"jumps": 9})
    assert [(each.at_ms, each.by, each.what, each.whom, each.values) for each in audited(desk)] == [
        (NOW, "max", "thresholds.changed", "room", {"pi_hot_c": None, "too_hot_c": 30}),
        (NOW + 1, "ada", "thresholds.changed", "other", {"jumps": 9}),
    ]


def test_what_cannot_be_changes_nothing(desk: Desk, registry: Registry) -> None:
    with pytest.raises(ThresholdError, match="too_hot_c: 200, expected a number from -40 to 125") as refused:
        limits.change(desk, registry, ROOM, {"jumps": 7, "too_hot_c": 200}, by="max", now_ms=NOW)
    assert (refused.value.name, refused.value.expected) == ("too_hot_c", "a number from -40 to 125")
    with pytest.raises(RegistryError, match="no station 'gone' is registered"):
        limits.change(desk, registry, replace(ROOM, id="gone"), {"jumps": 7}, by="max", now_ms=NOW)
    assert (registry.stations()["room"], audited(desk)) == (ROOM, [])


def test_without_an_audit_row_nothing_is_changed(desk: Desk, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_bytes(b"no database" * 500)
    with pytest.raises(DeskError):
        limits.change(desk, registry, ROOM, {"jumps": 7}, by="max", now_ms=NOW)
    assert registry.stations()["room"] == ROOM
