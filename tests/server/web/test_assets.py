import re
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

OWN = [
    path
    for path in sorted(assets._FOLDER.rglob("*"))
    if path.suffix in (".css", ".js") and "vendor" not in path.parts
]
TOO_NEW = {
    ".css": {
        r":(is|where)\(": 88,
        r":has\(": 105,
        r"\binset:": 87,
        r"\baspect-ratio:": 88,
        r"color-mix\(": 111,
        r"@(layer|container|scope)\b": 99,
        r"^\s*&": 112,
    },
    ".js": {
        r"\.at\(": 92,
        r"\.findLast": 97,
        r"\.to(Sorted|Reversed|Spliced)\(": 110,
        r"\b(Object|Map)\.groupBy\(": 117,
        r"\bObject\.hasOwn\(": 93,
        r"\bstructuredClone\(": 98,
        r"\bAbortSignal\.(timeout|any)\(": 103,
        r"\bcrypto\.randomUUID\(": 92,
        r"^await\b|^(const|let)[^;(]*= await\b": 89,
        r"\bstatic \{": 94,
        r"\binert\b": 102,
        r"\.checkVisibility\(": 105,
    },
}
"""What WeChat's browser on an old Android phone, a Chromium 86, does not know, with the first that does."""


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


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_an_old_phone_understands_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = {
        word: since for word, since in TOO_NEW[path.suffix].items() if re.search(word, text, re.MULTILINE)
    }
    assert found == {}


def test_what_only_people_read_stays_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in {
        "js/a.js": '// Of a.\n\nexport const a = "// no comment"; // Stays.\n\n  // Of b.\n  b(`${a}`);\n',
        "css/a.css": '/* Of\n  all */\n\n@media print {\n  a { content: "  b"; }\n}\n',
        "vendor/c.js": "  // As it was published.\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(assets, "_FOLDER", tmp_path)
    served = {
        name: body.plain.decode()
        for name in ("js/a.js", "css/a.css", "vendor/c.js")
        if (body := Assets().get(name))
    }
    assert served == {
        "js/a.js": 'export const a = "// no comment"; // Stays.\nb(`${a}`);\n',
        "css/a.css": '@media print {\na { content: "  b"; }\n}\n',
        "vendor/c.js": "  // As it was published.\n",
    }


def test_no_text_in_a_script_goes_over_a_line() -> None:
    """For in a text nothing is a comment or an indentation."""
    for path in OWN:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert path.suffix == ".css" or line.count("`") % 2 == 0, (path.name, line)
