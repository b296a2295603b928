"""The libraries that browsers load are the published ones, each with its licence."""

import hashlib
import re

from tests.support.recordings import CHECKOUT

VENDOR = CHECKOUT / "server" / "web" / "static" / "vendor"


def sums() -> dict[str, str]:
    lines = (VENDOR / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_every_file_is_as_it_was_published() -> None:
    files = {path.relative_to(VENDOR).as_posix(): path for path in VENDOR.rglob("*") if path.is_file()}
    del files["SHA256SUMS"]
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == sums()


def test_every_library_has_its_licence_and_its_version_is_written_down() -> None:
    script = (CHECKOUT / "scripts" / "vendor.sh").read_text(encoding="utf-8")
    folders = {name.partition("/")[0] for name in sums()}
    assert folders == {"leaflet", "supercluster"}
    for folder in folders:
        assert (VENDOR / folder / "LICENSE").is_file()
        assert re.search(rf"^vendor {folder} \d+\.\d+\.\d+ ", script, re.MULTILINE)
