"""``waystation influx setup`` against InfluxDB 2's API as it is documented, and against InfluxDB 1.6.7."""

from collections.abc import Iterator

import pytest

from server.influx.setup import SetupError, ShorteningError, prepare
from tests.support.influx import Influx
from tests.support.influx_api import ALL, Api, influx_api
from tests.support.mosquitto import free_port


@pytest.fixture
def api() -> Iterator[Api]:
    with influx_api() as api:
        yield api


def test_makes_what_is_missing_once(api: Api) -> None:
    token = api.token()
    bucket_id, steps = prepare(api.url, token, api.org, "waystation", 1096)
    assert steps == [
        'bucket "waystation" is made; it keeps 1096 days',
        'InfluxQL finds it as database "waystation" by itself',
        "this token may write and read",
    ]
    assert api.buckets[bucket_id]["retentionRules"] == [{"type": "expire", "everySeconds": 94_694_400}]
    assert api.changes == ["bucket waystation"]
    again, steps = prepare(api.url, token, api.org, "waystation", 1096)
    assert again == bucket_id
    assert steps[0] == 'bucket "waystation" is there; it keeps 1096 days'
    assert api.changes == ["bucket waystation"], "nothing more"


def test_makes_the_mapping_where_influxdb_does_not() -> None:
    with influx_api(virtual=False, version="v2.0.9") as api:
        token = api.token()
        bucket_id, steps = prepare(api.url, token, api.org, "waystation")
        assert steps[:2] == [
            'bucket "waystation" is made; it keeps points for ever',
            'InfluxQL finds it as database "waystation": the mapping is made',
        ]
        (mapping,) = api.mappings
        assert (mapping["bucketID"], mapping["retention_policy"], mapping["default"]) == (
            bucket_id,
            "autogen",
            True,
        )
        assert prepare(api.url, token, api.org, "waystation").steps[1] == (
            'InfluxQL finds it as database "waystation"'
        )
        assert api.changes == ["bucket waystation", "mapping waystation"]


def test_takes_no_database_from_another_bucket() -> None:
    with influx_api(virtual=False) as api:
        token = api.token()
        taken = {
            "bucketID": "another",
            "orgID": api.org_id,
            "database": "waystation",
            "retention_policy": "autogen",
        }
        api.mappings.append({**taken, "default": True})
        with pytest.raises(SetupError, match="mapped to another bucket: another"):
            prepare(api.url, token, api.org, "waystation")


def test_changes_how_long_points_are_kept_only_when_told(api: Api) -> None:
    token = api.token()
    bucket_id, _ = prepare(api.url, token, api.org, "b", 30)
    assert prepare(api.url, token, api.org, "b").steps[0] == 'bucket "b" is there; it keeps 30 days'
    assert prepare(api.url, token, api.org, "b", 60).steps[0] == (
        'bucket "b" keeps 60 days from now on, until now 30 days'
    )
    with pytest.raises(ShorteningError, match="would drop what is older than 30 days"):
        prepare(api.url, token, api.org, "b", 30)
    assert prepare(api.url, token, api.org, "b", 0).steps[0] == (
        'bucket "b" keeps points for ever from now on, until now 60 days'
    )
    with pytest.raises(ShorteningError):
        prepare(api.url, token, api.org, "b", 3650)
    assert api.buckets[bucket_id]["retentionRules"] == []
    prepare(api.url, token, api.org, "b", 3650, shorten=True)
    assert api.buckets[bucket_id]["retentionRules"] == [{"type": "expire", "everySeconds": 315_360_000}]


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        (frozenset({"orgs", "write"}), "all-access token"),
        (frozenset({"write", "read"}), 'no organisation "city" that this token may see'),
        (ALL - {"write"}, "may not write to bucket"),
    ],
)
def test_says_which_right_is_missing(api: Api, rights: frozenset[str], said: str) -> None:
    with pytest.raises(SetupError, match=said):
        prepare(api.url, api.token(rights), api.org, "waystation")


def test_a_token_that_may_not_read_is_enough(api: Api) -> None:
    prepare(api.url, api.token(), api.org, "waystation")
    _, steps = prepare(api.url, api.token(ALL - {"read"}), api.org, "waystation")
    assert "may write, but not read" in steps[-1]


def test_says_what_it_met_instead(api: Api) -> None:
    with pytest.raises(SetupError, match=r"refuses the token .* unauthorized access"):
        prepare(api.url, "wrong", api.org, "waystation")
    with pytest.raises(SetupError, match='no organisation "village"'):
        prepare(api.url, api.token(), "village", "waystation")
    with pytest.raises(SetupError, match="cannot be reached"):
        prepare(f"http://127.0.0.1:{free_port()}", "t", "city", "waystation")
    with pytest.raises(SetupError, match="cannot be reached"):
        prepare("http://", "t", "city", "waystation")


def test_influxdb_1_is_told_apart(influx_server: Influx) -> None:
    with pytest.raises(SetupError, match=r"is InfluxDB 1\.6\.7.*: InfluxDB 2 is needed"):
        prepare(influx_server.url, influx_server.token, influx_server.org, "waystation")
