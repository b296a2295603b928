"""Reporting a problem over HTTP: the form, the same for programs, and what is refused."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.pipeline import Pipeline
from server.reports import reports as module
from server.reports.limits import MOST_FROM_ONE
from server.reports.reports import KINDS, Reports
from server.settings import Settings
from server.web.build import build_web
from server.web.desk import MAX_REPORT
from server.web.text import strings
from tests.support.asgi import Client, asking
from tests.support.serving import serving
from tests.support.web import TableLive, TableStore, open_state, station

ID = "taiyuan-0001"
PAGE, SENT, API = f"/s/{ID}/report", f"/s/{ID}/report/sent", f"/api/v1/stations/{ID}/reports"
HOSTILE = "<script>alert(1)</script>\u202e\"'"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reports.db"


@pytest.fixture
def reports(path: Path) -> Iterator[Reports]:
    with closing(Reports.open(path)) as opened:
        yield opened


def web(reports: Reports | None, **settings: Any) -> Any:
    live = TableLive()
    live.put(open_state(), open_state(station(2, name=HOSTILE)))
    return build_web(live, TableStore(), Settings(**settings), Pipeline(), reports=reports)


@pytest.fixture
def client(reports: Reports) -> Iterator[Client]:
    with asking(web(reports)) as client:
        yield client


def said(answer: httpx.Response) -> str:
    """What a page says is wrong."""
    found = re.search(r'<p class="refused" role="alert">(.*?)</p>', answer.text, re.DOTALL)
    return unescape(found[1]) if found else ""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_a_form_that_needs_no_script(client: Client, language: str) -> None:
    answer = client.ask(f"{PAGE}?lang={language}")
    assert answer.status_code == 200
    assert f'<form method="post" action="{PAGE}?lang={language}"' in answer.text
    for kind in KINDS:
        assert re.search(rf'<input type="radio" name="kind" value="{kind}" required>', answer.text)
        assert strings("en" if language == "en" else "zh")[f"report.kind.{kind}"] in answer.text
    assert 'maxlength="200"' in answer.text
    assert "form-action 'self'" in answer.headers["content-security-policy"]


def test_a_report_reaches_the_file_and_the_rider_is_thanked(client: Client, reports: Reports) -> None:
    answer = client.ask(f"{PAGE}?lang=en", "POST", data={"kind": "socket", "note": "二楼 13812345678"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{SENT}?lang=en")
    kept = reports.all()[0]
    assert (kept.station, kept.kind, kept.note) == (ID, "socket", "二楼 ***")
    thanks = client.ask(answer.headers["location"])
    assert "Got it, thank you!" in thanks.text
    assert "<form" not in thanks.text


def test_below_a_path_of_a_proxy(reports: Reports) -> None:
    app = web(reports, base_path="/rest")

    async def below(scope: Any, receive: Any, send: Any) -> None:
        """As uvicorn calls it with a root path."""
        await app({**scope, "root_path": "/rest", "path": "/rest" + scope["path"]}, receive, send)

    with asking(below) as client:
        assert f'action="/rest{PAGE}"' in client.ask(PAGE).text
        answer = client.ask(PAGE, "POST", data={"kind": "other"})
    assert answer.headers["location"] == f"/rest{SENT}"


@pytest.mark.parametrize(
    ("fields", "expected", "why"),
    [
        ({}, (400, "请先选一项：哪里不对？"), "no kind was chosen"),
        ({"kind": "lasagne"}, (400, "请先选一项：哪里不对？"), "a kind made by hand"),
        (
            {"kind": "closed", "note": "门" * 201},
            (400, "补充的内容最多 200 个字，请写短一点。"),
            "one too many",
        ),
        (
            {"kind": "closed", "note": "x" * MAX_REPORT},
            (413, "内容太长，没有发出去。"),
            "larger than our form",
        ),
    ],
)
def test_what_is_wrong_is_said_on_the_form(
    client: Client, reports: Reports, fields: dict[str, str], expected: tuple[int, str], why: str
) -> None:
    answer = client.ask(PAGE, "POST", data={"note": ""} | fields)
    assert (answer.status_code, said(answer)) == expected, why
    assert answer.headers["cache-control"] == "no-store"
    if answer.status_code == 400 and fields.get("note"):
        assert f"{fields['note']}</textarea>" in answer.text, "what was written stays"
    assert reports.all() == []


def test_the_longest_note_fits_however_it_is_written(client: Client, reports: Reports) -> None:
    assert client.ask(PAGE, "POST", data={"kind": "other", "note": "😀" * 200}).status_code == 303
    assert len(reports.all()[0].note) == 200
    assert (
        client.ask(PAGE, "POST", data={"kind": "other", "note": "门" * 190 + "\r\n" * 100}).status_code == 303
    )


@pytest.mark.parametrize(
    ("headers", "status", "why"),
    [
        ({}, 303, "a program says nothing of a site"),
        ({"sec-fetch-site": "same-origin"}, 303, "our page"),
        ({"sec-fetch-site": "none"}, 303, "the browser's own doing"),
        ({"sec-fetch-site": "cross-site"}, 403, "another site's page"),
        ({"sec-fetch-site": "same-site"}, 403, "a neighbour's"),
        ({"sec-fetch-site": "cross-site", "origin": "http://test"}, 403, "the newer word counts"),
        ({"origin": "http://test"}, 303, "an older browser on our page"),
        ({"origin": "http://test:8443"}, 303, "a proxy on another port"),
        ({"origin": "http://evil.example"}, 403, "an older browser on another site"),
        ({"origin": "null"}, 403, "a page that hides where it comes from"),
        ({"origin": "http://["}, 403, "nonsense"),
    ],
)
def test_other_sites_cannot_send(
    client: Client, reports: Reports, headers: dict[str, str], status: int, why: str
) -> None:
    answer = client.ask(PAGE, "POST", data={"kind": "closed", "note": "写好的"}, headers=headers)
    assert answer.status_code == status, why
    assert len(reports.all()) == (status == 303)
    programs = client.ask(API, "POST", json={"kind": "closed"}, headers=headers)
    assert programs.status_code == (201 if status == 303 else 403), why
    assert "access-control-allow-origin" not in programs.headers
    if status == 403:
        assert "写好的</textarea>" in answer.text


def test_too_many_are_refused_with_the_time_to_wait(client: Client, reports: Reports) -> None:
    for n in range(MOST_FROM_ONE):
        assert client.ask(API, "POST", json={"kind": "closed", "note": str(n)}).status_code == 201
    page = client.ask(PAGE, "POST", data={"kind": "closed", "note": "还想说"})
    assert (page.status_code, said(page)) == (429, "反馈太频繁了，没有发出去。请 10 分钟后再试。")
    assert 590 <= int(page.headers["retry-after"]) <= 600
    assert "还想说</textarea>" in page.text
    assert re.search('value="closed" required checked', page.text)
    program = client.ask(API, "POST", json={"kind": "crowded"})
    assert program.json() == {"error": "Too many reports: this one was not sent. Please try again in 10 min."}
    assert (program.status_code, int(program.headers["retry-after"]) > 590) == (429, True)
    assert len(reports.all()) == MOST_FROM_ONE


def test_sent_twice_counts_once(client: Client, reports: Reports) -> None:
    assert client.ask(API, "POST", json={"kind": "closed"}).status_code == 201
    again = client.ask(API, "POST", json={"kind": "closed", "note": " "})
    assert (again.status_code, again.json()["kind"]) == (200, "closed")
    assert client.ask(PAGE, "POST", data={"kind": "closed", "note": ""}).status_code == 303
    assert len(reports.all()) == 1


@pytest.mark.parametrize(
    ("content", "kind", "expected", "why"),
    [
        (b'{"kind":"socket"}', "application/json", (201, None), "the least"),
        (b'{"kind":"socket"}', "Application/JSON; charset=utf-8", (201, None), "as some write it"),
        (b'{"kind":"socket"}', "text/plain", (415, None), "what a page of another site could send unasked"),
        (b"kind=socket", "application/x-www-form-urlencoded", (415, None), "a form"),
        (b'{"kind":"fire"}', "application/json", (400, "kind"), "no such kind"),
        (b'{"note":"x"}', "application/json", (400, "kind"), "none at all"),
        (b'{"kind":"socket","note":7}', "application/json", (400, "note"), "a note is text"),
        (b'{"kind":"socket","phone":"1"}', "application/json", (400, "kind"), "we take no phone"),
        (b'{"kind":', "application/json", (400, None), "cut off"),
        (b"\xff\xfe", "application/json", (400, None), "no text"),
        (b"[" * 3000, "application/json", (400, "kind"), "nested"),
        (b'{"kind":"other","note":"' + b"x" * 201 + b'"}', "application/json", (400, "note"), "too long"),
        (b'{"kind":"other","note":"' + b"\\ud83d" * 9 + b'"}', "application/json", (400, None), "a half"),
        (b" " * (MAX_REPORT + 1), "application/json", (413, None), "too large"),
    ],
)  # fmt: skip
def test_what_programs_may_send(
    client: Client, content: bytes, kind: str, expected: tuple[int, str | None], why: str
) -> None:
    answer = client.ask(API, "POST", content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json().get("parameter")) == expected, (why, answer.text)
    assert answer.json().keys() <= {"error", "parameter", "station", "kind", "note", "at"}


def test_a_station_that_is_not_there(client: Client) -> None:
    for method in ("GET", "POST"):
        answer = client.ask(
            "/s/nowhere/report", method, data={"kind": "closed"} if method == "POST" else None
        )
        assert (answer.status_code, "没有找到" in answer.text) == (404, True)
    assert client.ask("/s/nowhere/report/sent").status_code == 404
    program = client.ask("/api/v1/stations/nowhere/reports", "POST", json={"kind": "closed"})
    assert (program.status_code, program.json()["parameter"]) == (404, "station")


def test_hostile_words_are_text_on_the_page(client: Client) -> None:
    page = client.ask("/s/taiyuan-0002/report", "POST", data={"kind": "", "note": "</textarea><script>"})
    assert "<script>alert" not in page.text
    assert "</textarea><script>" not in page.text


def test_a_full_station_and_a_broken_file_are_told_apart(
    client: Client, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PER_STATION", 1)
    client.ask(API, "POST", json={"kind": "closed"})
    full = client.ask(API, "POST", json={"kind": "crowded"})
    assert (full.status_code, "Many reports are waiting" in full.json()["error"]) == (503, True)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TABLE reports")
    broken = client.ask(PAGE, "POST", data={"kind": "other"})
    assert (broken.status_code, said(broken)) == (503, "暂时收不了反馈，这条没有发出去。请过些时候再试。")


def test_without_a_file_the_page_is_there_and_says_so() -> None:
    with asking(web(None)) as client:
        assert client.ask(PAGE).status_code == 200
        assert client.ask(PAGE, "POST", data={"kind": "other"}).status_code == 503
        assert "waystation_reports_open" not in client.ask("/metrics").text


def test_the_figures_count_what_is_open(client: Client, reports: Reports) -> None:
    assert "waystation_reports_open 0.0" in client.ask("/metrics").text
    client.ask(API, "POST", json={"kind": "closed"})
    client.ask(API, "POST", json={"kind": "crowded"})
    reports.close_reports([1], 1, "tian")
    assert "waystation_reports_open 1.0" in client.ask("/metrics").text


def test_the_document_describes_it(client: Client) -> None:
    described = client.ask("/api/v1/openapi.json").json()["paths"]["/api/v1/stations/{station_id}/reports"][
        "post"
    ]
    body = described["requestBody"]["content"]["application/json"]["schema"]
    assert sorted(body["properties"]["kind"]["enum"]) == sorted(KINDS)
    assert {"200", "201", "400", "403", "404", "413", "415", "429", "503"} <= described["responses"].keys()


@pytest.mark.parametrize(
    ("trusted", "separate", "why"),
    [("127.0.0.1", True, "the proxy is believed"), ("192.0.2.1", False, "anybody could claim it")],
)
def test_the_address_is_the_riders_only_where_the_proxy_is_believed(
    reports: Reports, trusted: str, separate: bool, why: str
) -> None:
    with serving(web(reports), forwarded_allow_ips=trusted) as port:
        address = f"http://127.0.0.1:{port}{API}"
        codes = [
            httpx.post(
                address,
                json={"kind": "closed", "note": str(n)},
                headers={"x-forwarded-for": f"203.0.113.{n % 2}"},
            ).status_code
            for n in range(2 * MOST_FROM_ONE)
        ]
    assert (codes.count(429) == 0) is separate, why
    assert len(reports.all()) == (2 if separate else 1) * MOST_FROM_ONE
