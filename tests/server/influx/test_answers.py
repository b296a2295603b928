"""Every answer that InfluxDB, a proxy before it, or something else at its address may give."""

import json

import pytest

from server.influx.answers import LONGEST_PAUSE_MS, TAKEN, Answer, Later, Refused, answer, asked_ms, pause_ms

NOW_MS = 1_753_416_000_000


def said(message: str) -> str:
    return json.dumps({"code": "invalid", "message": message})


CONFLICT = (
    'failure writing points to database: partial write: field type conflict: input field "v" on measurement'
    ' "m" is type float, already exists as type integer dropped=1'
)

EARLY = CONFLICT.replace("failure", "unexpected error")
BEYOND = "dropped because it violates a Retention Policy Lower Bound at 2025-09-02T09:04:10Z"
OUTSIDE = (
    "failure writing points to database: partial write: dropped 350 points outside retention policy of"
    " duration 72h0m0s - oldest point climate,network=city,district=dropped\\=7,station=a at"
    f" 2025-08-26T03:26:38Z {BEYOND}, newest point climate,network=city,district=东,station=b at"
    f" 2025-08-27T03:26:38Z {BEYOND} dropped=350 for database: 0c1a5d2e3f405060 for retention policy: autogen"
)


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (204, "", TAKEN),
        (422, said(CONFLICT), Refused(f"422 {CONFLICT}"[:204], 1)),
        (500, said(EARLY), Refused(f"500 {EARLY}"[:204], 1)),
        (422, said(OUTSIDE), Refused(f"422 {OUTSIDE}"[:204], 350)),
        (400, '{"error":"partial write: points beyond retention policy dropped=7"}',
         Refused("400 partial write: points beyond retention policy dropped=7", 7)),
        (400, said("unable to parse 'm v= 1': missing field value"),
         Refused("400 unable to parse 'm v= 1': missing field value")),
    ],
    ids=[
        "written", "a conflict of types", "the same, first releases of 2", "older than the bucket keeps, 2.7",
        "the same, 1.x", "a line that cannot be read",
    ],
)  # fmt: skip
def test_taken_and_refused_for_good(status: int, body: str, meaning: Answer) -> None:
    assert answer(status, body, None, NOW_MS) == meaning


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        pytest.param(
            200, "<html>sign in to the Wi-Fi</html>", "200 not an answer of InfluxDB", id="a portal"
        ),
        pytest.param(201, "", "201 not an answer of InfluxDB", id="somebody else's yes"),
        pytest.param(302, "", "302 not an answer of InfluxDB", id="moved"),
        pytest.param(
            400, "<html>The plain HTTP request was sent to HTTPS port</html>",
            "400 not an answer of InfluxDB", id="http where https is spoken",
        ),
        pytest.param(400, said("please provide an org"), "400 please provide an org", id="a setting"),
        pytest.param(
            401, said("unauthorized access"), "401 the token is not accepted: unauthorized access", id="token"
        ),
        pytest.param(
            403, said("forbidden"), "403 the token may not write there: forbidden", id="a token for reading"
        ),
        pytest.param(
            404, said('bucket "x" not found'),
            '404 no such bucket or organization: bucket "x" not found', id="no bucket",
        ),
        pytest.param(500, said("internal error"), "500 internal error", id="a fault of its own"),
        pytest.param(502, "<html>Bad Gateway</html>", "502 not an answer of InfluxDB", id="a proxy"),
        pytest.param(503, said("unavailable"), "503 not ready: unavailable", id="starting"),
    ],
)  # fmt: skip
def test_everything_else_comes_again(status: int, body: str, why: str) -> None:
    assert answer(status, body, None, NOW_MS) == Later(why)


def test_too_much_at_once_comes_again_in_less() -> None:
    assert answer(413, "", None, NOW_MS) == Later("413 too much at once", smaller=True)


def test_what_is_said_is_one_short_line() -> None:
    later = answer(500, said("a\nb\x00" + "c" * 10_000), None, NOW_MS)
    assert isinstance(later, Later)
    assert later.why.startswith("500 a b c")
    assert len(later.why) < 260


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("30", 30_000),
        ("0", 0),
        (" 7 ", 7_000),
        ("Fri, 25 Jul 2025 04:02:00 GMT", 120_000),
        ("Fri, 25 Jul 2025 03:00:00 GMT", 0),
        ("999999999", 3_600_000),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, asked: int | None) -> None:
    assert asked_ms(header, NOW_MS) == asked
    assert answer(503, "", header, NOW_MS) == Later("503 not ready", asked)


def test_pauses_grow_to_a_minute() -> None:
    assert [pause_ms(tries) for tries in (1, 2, 3, 6, 7, 1_000)] == [
        1_000,
        2_000,
        4_000,
        32_000,
        60_000,
        60_000,
    ]
    assert pause_ms(10**6) == LONGEST_PAUSE_MS
