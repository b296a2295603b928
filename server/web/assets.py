"""Styles, scripts and icons: read once, served ready-made below an address that changes with them.

What only people read, comments and indentation, stays here: a fifth of the bytes on a weak line. No minifier
does that, for those that need no JavaScript engine misread regular expressions and nested templates.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from server.web.bodies import Body

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
}
_IMPORT: Final = re.compile(r"""^(?:import|export)\b[^;"'=(]*["']\./([a-z_]+\.js)["']""", re.MULTILINE)
_MODULE: Final = re.compile(
    r'<script type="module"(?: async)? src="(?P<at>[^"]*/)(?P<name>[a-z_]+\.js)"></script>'
)
_FOR_PEOPLE: Final = {
    ".css": re.compile(rb"/\*.*?\*/\s*|^[ \t]+|\n(?=\n)", re.MULTILINE | re.DOTALL),
    ".js": re.compile(rb"^[ \t]*(?://.*)?\n|^[ \t]+", re.MULTILINE),
}
"""Whole lines of comment, indentation and blank lines; a text in a script stands on one line."""
_FOR_EVER: Final = b"public, max-age=31536000, immutable"


class Assets:
    """All files of ``static/``; ``version`` is a digest of them and stands in their address."""

    def __init__(self) -> None:
        paths = sorted(path for path in _FOLDER.rglob("*") if path.suffix in _TYPES)
        self._bodies = {
            path.relative_to(_FOLDER).as_posix(): Body.of(_for_browsers(path), _TYPES[path.suffix], _FOR_EVER)
            for path in paths
        }
        digest = hashlib.blake2b(digest_size=6)
        for name, body in self._bodies.items():
            digest.update(name.encode() + body.plain)
        self.version = digest.hexdigest()
        self._imported = cache(self._find_imported)

    def get(self, name: str) -> Body | None:
        """The file of that name below ``static/``, None when there is none."""
        return self._bodies.get(name)

    def imported(self, name: str) -> tuple[str, ...]:
        """All modules of ``js/`` that ``name`` there imports, directly or through others, without itself."""
        return self._imported(name)

    def preloaded(self, page: str) -> str:
        """``page`` with a link to each module that its own modules import.

        A browser finds an import only once it has read the module, a round trip for each level; and the
        service worker keeps what the page names.
        """
        named = {found["name"] for found in _MODULE.finditer(page)}

        def with_links(found: re.Match[str]) -> str:
            new = [name for name in self.imported(found["name"]) if name not in named]
            named.update(new)
            links = [f'\n<link rel="modulepreload" href="{found["at"]}{name}">' for name in new]
            return found[0] + "".join(links)

        return _MODULE.sub(with_links, page)

    def _find_imported(self, name: str) -> tuple[str, ...]:
        met = [name]
        for each in met:
            body = self._bodies.get(f"js/{each}")
            names = _IMPORT.findall(body.plain.decode()) if body else []
            met += [other for other in dict.fromkeys(names) if other not in met]
        return tuple(met[1:])


def _for_browsers(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix not in _FOR_PEOPLE or "vendor" in path.relative_to(_FOLDER).parts:
        return content
    return _FOR_PEOPLE[path.suffix].sub(b"", content)
