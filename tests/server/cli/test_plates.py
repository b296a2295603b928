"""``waystation plate`` as it is typed."""

from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.model import Network, Station
from server.registry import Registry
from tests.support import printed

URL = "https://stations.example.org"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and four stations, in which the command is typed."""
    (tmp_path / "waystation.toml").write_text('data_dir = "data"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    (tmp_path / "data").mkdir()
    with closing(Registry.open(tmp_path / "data" / "registry.db")) as registry:
        registry.put_networks([Network("city", "城", ""), Network("street", "街", "", parent="city")])
        registry.put_networks([Network("other", "别", "")])
        names = {"st-1": "city", "st-2": "street", "st-3": "other"}
        registry.put_stations([Station(name, network, "驿站") for name, network in names.items()])
        registry.put_stations([Station("st-4", "other", "暖😀心")])
    return tmp_path


def typed(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["plate", *words])
    return result.exit_code, result.stdout, result.stderr


def test_a_plate_is_a_pdf_named_after_its_station(here: Path) -> None:
    assert typed("st-1", "--out", "a/b", "--url", URL) == (0, "1 pdf file in a/b\n", "")
    [(text, _)] = printed.pdf((here / "a/b/st-1.pdf").read_bytes()).codes()
    assert text == f"{URL}/s/st-1"


@pytest.mark.parametrize(
    ("words", "files", "why"),
    [
        (["st-1", "st-2", "st-1"], ["st-1.pdf", "st-2.pdf"], "each once"),
        (["--all"], ["st-1.pdf", "st-2.pdf", "st-3.pdf", "st-4.pdf"], "all"),
        (["--all", "--network", "city"], ["st-1.pdf", "st-2.pdf"], "with what is inside it"),
        (["st-1", "--format", "svg"], ["st-1.svg"], "to be edited"),
        (["st-1", "--poster"], ["st-1-poster.pdf"], "beside the plate, not in its place"),
    ],
)
def test_which_files_are_written(here: Path, words: list[str], files: list[str], why: str) -> None:
    code, _, _ = typed(*words, "--out", "out", "--url", URL)
    assert (code, sorted(path.name for path in (here / "out").iterdir())) == (0, files), why


@pytest.mark.parametrize(
    ("public_url", "address"),
    [
        ("https://example.org", "https://example.org/s/st-1"),
        ("https://example.org/rest/", "https://example.org/rest/s/st-1"),
        ("http://192.0.2.7:8080", "http://192.0.2.7:8080/s/st-1"),
    ],
)
def test_the_address_is_a_setting(here: Path, public_url: str, address: str) -> None:
    (here / "waystation.toml").write_text(f'data_dir = "data"\npublic_url = "{public_url}"\n')
    assert typed("st-1", "--out", "out")[0] == 0
    assert printed.pdf((here / "out/st-1.pdf").read_bytes()).codes()[0][0] == address


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080/rest", True),
        ("http://127.9.9.9", True),
        ("http://192.0.2.7:8080", False),
        ("https://localhost.example.org", False),
    ],
)
def test_an_address_that_no_phone_reaches_is_warned_of(here: Path, address: str, warned: bool) -> None:
    code, _, error = typed("st-1", "st-2", "--out", "out", "--url", address)
    line = f"{address} is this machine only: from a phone these codes lead nowhere\n"
    assert (code, error, (here / "out/st-1.pdf").exists()) == (0, line if warned else "", True)


def test_without_an_address_it_says_what_to_type(here: Path) -> None:
    code, _, error = typed("st-1", "--out", "out")
    assert code == 2
    assert "give --url https://example.org, or write public_url = " in error
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["st-1", "--url", "example.org"], 2, "expected an address such as https://example.org"),
        (["st-1", "--url", "https://例.cn"], 2, "expected an address such as https://example.org"),
        (["st-1", "--url", f"{URL}/?a=b"], 2, "expected an address such as https://example.org"),
        (["st-1", "no-such", "--url", URL], 1, "not registered: 'no-such'; see waystation stations list"),
        (["--url", URL], 2, "give either the ids of stations, or --all"),
        (["st-1", "--all", "--url", URL], 2, "give either the ids of stations, or --all"),
        (["--network", "city", "--url", URL], 2, "give either the ids of stations, or --all"),
        (["--all", "--network", "x", "--url", URL], 1, "no network 'x'; there are: city, street, other"),
        (["st-1", "--url", URL, "--font", "no.ttf"], 1, "no.ttf: this font cannot be read"),
        (["st-1", "--url", URL, "--format", "png"], 2, "'png' is not one of 'svg', 'pdf'"),
    ],
)
def test_asked_wrongly(words: list[str], code: int, said: str) -> None:
    result = typed(*words, "--out", "out")
    assert (result[0], said in " ".join(result[2].replace("│", " ").split())) == (code, True), result[2]


def test_a_folder_that_cannot_be_written_is_named(here: Path) -> None:
    (here / "out").write_text("a file")
    code, _, error = typed("st-1", "--out", "out", "--url", URL)
    assert (code, error.startswith("out: ")) == (1, True)


def test_missing_glyphs_are_said() -> None:
    code, _, error = typed("st-4", "--out", "out", "--url", URL)
    assert (code, error) == (0, "st-4: the font has no U+1F600: left out\n")


def test_a_bad_setting_is_named(here: Path) -> None:
    (here / "waystation.toml").write_text('public_url = "stations.example.org"\n')
    code, _, error = typed("st-1", "--out", "out")
    assert (code, "waystation.toml:1: public_url = 'stations.example.org'" in error) == (2, True)
