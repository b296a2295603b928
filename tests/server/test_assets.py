from pathlib import Path

import pytest

from server.web import assets
from server.web.assets import Assets

FILES = {
    "js/page.js": 'import { a } from "./a.js";\nimport {\n  b,\n} from "./b.js";\nimport("./lazy.js");\n',
    "js/a.js": 'import { b } from "./b.js";\nexport const a = "./not_imported.js";\n',
    "js/b.js": 'import { a } from "./a.js"; // in a circle\nexport { c } from "./c.js";\n',
    "js/c.js": 'export const c = 1; // import "./comment.js";\n',
    "js/alone.js": "export {};\n",
}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Assets:
    (tmp_path / "js").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(assets, "_FOLDER", tmp_path)
    return Assets()


def test_imports_are_found_through_others_and_lazy_ones_left(made: Assets) -> None:
    assert made.imported("page.js") == ("a.js", "b.js", "c.js")
    assert made.imported("alone.js") == ()
    assert made.imported("missing.js") == ()


def test_a_page_names_each_module_once(made: Assets) -> None:
    script = '<script type="module" src="/way/static/7f/js/{}"></script>'
    page = script.format("a.js").replace('"module"', '"module" async') + script.format("page.js")
    html = made.preloaded(f"<head>{page}</head>")
    links = [part.split('"')[0] for part in html.split('modulepreload" href="')[1:]]
    assert links == ["/way/static/7f/js/b.js", "/way/static/7f/js/c.js"]
    assert made.preloaded("<p>no scripts</p>") == "<p>no scripts</p>"
