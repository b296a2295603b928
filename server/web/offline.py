"""What a phone needs to go on without a network: the service worker, the page it shows then, the manifest.

The worker lies at the top of the site, because a worker sees only what lies below its own address.
"""

import json
from typing import Final

from fastapi import FastAPI, Request, Response

from server.web.api import Ready
from server.web.bodies import PAGE_CACHE, Body, Headers
from server.web.render import Renderer, View, answer_page
from server.web.text import strings

_SCRIPT: Final = b"text/javascript; charset=utf-8"
_MANIFEST: Final = b"application/manifest+json"


def add_offline(app: FastAPI, renderer: Renderer) -> None:
    """Add ``/worker.js``, ``/offline`` and ``/manifest.webmanifest`` to ``app``."""
    script = renderer.assets.get("js/worker.js")
    assert script is not None, "a file of this package"
    worker = Body.of(script.plain, _SCRIPT, PAGE_CACHE)
    scope: Headers = [(b"service-worker-allowed", f"{renderer.base_path}/".encode())]

    @app.get("/worker.js", include_in_schema=False)
    async def the_worker() -> Response:
        return Ready(worker, scope)

    @app.get("/offline", include_in_schema=False)
    async def offline(request: Request) -> Response:
        return answer_page(renderer.page("offline.html", renderer.view(request)))

    @app.get("/manifest.webmanifest", include_in_schema=False)
    async def manifest(request: Request) -> Response:
        return Ready(_manifest(renderer, renderer.view(request)), [(b"vary", b"accept-language")])


def _manifest(renderer: Renderer, view: View) -> Body:
    static = f"{renderer.base_path}/static/{renderer.assets.version}"
    words = strings(view.language)
    content = {
        "name": words["product"],
        "short_name": words["product"],
        "description": words["meta.description"],
        "lang": "zh-CN" if view.language == "zh" else "en",
        "start_url": view.link("/"),
        "scope": f"{renderer.base_path}/",
        "display": "minimal-ui",
        "background_color": "#f4f3ef",
        "theme_color": "#0b4f6c",
        "icons": [
            {"src": f"{static}/icon.svg", "type": "image/svg+xml", "sizes": "any"},
            {"src": f"{static}/icon-192.png", "type": "image/png", "sizes": "192x192", "purpose": "maskable"},
            {"src": f"{static}/icon-512.png", "type": "image/png", "sizes": "512x512", "purpose": "maskable"},
            {"src": f"{static}/icon-192.png", "type": "image/png", "sizes": "192x192"},
        ],
    }
    return Body.of(json.dumps(content, ensure_ascii=False).encode(), _MANIFEST, PAGE_CACHE)
