"""``python -m grafana``: write the dashboards and the tables of README.md."""

from grafana.writing import files

for path, text in files().items():
    path.write_text(text, encoding="utf-8")
