import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import ContractError
from contract.topics import LEAVES, STATION_ID, Leaf, check_station, everyones, parse, topic

STATIONS = st.from_regex(STATION_ID, fullmatch=True)


@given(STATIONS, st.sampled_from(LEAVES))
def test_a_topic_is_taken_apart_into_what_it_was_made_of(station: str, leaf: Leaf) -> None:
    assert parse(topic(station, leaf)) == (station, leaf)


@given(st.text(max_size=60))
def test_any_text_is_a_topic_or_a_contract_error(name: str) -> None:
    try:
        station, leaf = parse(name)
    except ContractError:
        return
    assert topic(station, leaf) == name


def test_the_topics_of_v1_are_these() -> None:
    assert [topic("east-1", leaf) for leaf in LEAVES] == [
        "waystation/v1/east-1/telemetry",
        "waystation/v1/east-1/ack",
        "waystation/v1/east-1/status",
        "waystation/v1/east-1/info",
    ]
    assert everyones("telemetry") == "waystation/v1/+/telemetry"


@pytest.mark.parametrize("station", ["abc", "0-0", "a" * 32, "east-1", "101"])
def test_station_ids(station: str) -> None:
    assert check_station(station) == station


@pytest.mark.parametrize(
    ("station", "reason"),
    [
        ("ab", "too short"),
        ("a" * 33, "too long"),
        ("", "empty"),
        ("East", "an upper-case letter"),
        ("-east", "starts with a dash, like an option"),
        ("a_b", "an underscore"),
        ("+++", "a wildcard"),
        ("###", "a wildcard"),
        ("a/b", "a level of its own"),
        ("../", "a path"),
        ("$SYS", "the broker's own"),
        ("abc\n", "a line end"),
        ("a\0bc", "a zero byte"),
        ("驿站一", "not ASCII"),
    ],
)
def test_what_is_no_station_id(station: str, reason: str) -> None:
    with pytest.raises(ContractError, match="3 to 32 of"):
        check_station(station)
    with pytest.raises(ContractError):
        topic(station, "telemetry")
    assert reason


@pytest.mark.parametrize(
    "name",
    [
        "waystation/v2/east-1/telemetry",
        "waystation/v1/east-1/command",
        "waystation/v1/east-1",
        "waystation/v1/east-1/telemetry/",
        "/waystation/v1/east-1/telemetry",
        "waystation/v1//telemetry",
        "waystation/v1/+/telemetry",
        "",
    ],
)
def test_what_is_no_topic(name: str) -> None:
    with pytest.raises(ContractError):
        parse(name)
