"""Styles, scripts and icons: read once, served ready-made below an address that changes with them."""

import hashlib
from pathlib import Path
from typing import Final

from server.web.bodies import Body

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
_FOR_EVER: Final = b"public, max-age=31536000, immutable"


class Assets:
    """All files of ``static/``; ``version`` is a digest of them and stands in their address."""

    def __init__(self) -> None:
        paths = sorted(path for path in _FOLDER.rglob("*") if path.suffix in _TYPES)
        self._bodies = {
            path.relative_to(_FOLDER).as_posix(): Body.of(path.read_bytes(), _TYPES[path.suffix], _FOR_EVER)
            for path in paths
        }
        digest = hashlib.blake2b(digest_size=6)
        for name, body in self._bodies.items():
            digest.update(name.encode() + body.plain)
        self.version = digest.hexdigest()

    def get(self, name: str) -> Body | None:
        """The file of that name below ``static/``, None when there is none."""
        return self._bodies.get(name)
