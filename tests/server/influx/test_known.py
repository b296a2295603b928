"""What a command beside the server knows of the stations is what the server knows."""

from contextlib import closing
from pathlib import Path

from server.accounts.tables import PART as ACCOUNTS
from server.desk import Desk
from server.influx import known
from server.influx.places import Places
from server.live import Live
from server.model import Thresholds
from server.notices import PART as NOTICES
from server.notices import Draft, Notices
from server.registry import Registry
from server.store.sqlite import Store
from tests.support.influx_city import NETWORKS, STATIONS, City

NOW_MS = 1_784_000_000_000
HOUR_MS = 3_600_000


def test_beside_the_server_and_in_it_the_same_is_known(tmp_path: Path) -> None:
    city = City(tmp_path, NOW_MS // HOUR_MS * HOUR_MS, 3)
    with closing(Desk.open(city.settings.desk_db, ACCOUNTS, NOTICES)) as desk:
        closed = Draft("city", station="ferry", access="closed", until_ms=NOW_MS + HOUR_MS, zh="今天关门")
        Notices(desk).add(closed, "lin", NOW_MS)
        with closing(Store.open(city.settings.readings_db)) as store:
            live = Live(store)
            live.refresh_registry(NETWORKS, {each.id: each for each in STATIONS}, NOW_MS)
            notices = Notices(desk)
            notices.show(live, NOW_MS)
            live.rebuild(NOW_MS)
            notices.close()
            inside = Places(live)
            networks, beside = known.read(city.settings, NOW_MS)
            assert networks == NETWORKS
            assert [each.known.station.id for each in beside] == ["ferry", "market", "town-1"]
            assert [len(each.notices) for each in beside] == [1, 0, 0]
            for place in beside:
                same = inside.of(place.known.station.id)
                assert same is not None
                assert (place.where, place.named, place.limits) == (same.where, same.named, same.limits)
                assert (place.notices, place.info) == (same.notices, same.info)


def test_a_stations_own_limits_win_and_a_desk_may_be_missing(tmp_path: Path) -> None:
    city = City(tmp_path, NOW_MS // HOUR_MS * HOUR_MS, 1)
    own = Thresholds(full_soc_pct=80)
    with closing(Registry.open(city.settings.registry_db)) as registry:
        (ferry, *_) = STATIONS
        registry.put_stations([type(ferry)("ferry", "city", "渡口", thresholds=own)])
    _, beside = known.read(city.settings, NOW_MS)
    assert [each.limits for each in beside] == [own, NETWORKS["city"].thresholds, NETWORKS["town"].thresholds]
