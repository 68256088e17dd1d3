#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""DIR/matrix.json, as slabfuzz matrix leaves it, to DIR/matrix.html: one page without any resource from elsewhere.

Reproducers stand in the page; links to their files are relative, so DIR may move as a whole.
"""
import argparse
import json
import os
import pathlib
import re
import sys

try:
    import jinja2
except ImportError:
    sys.exit("matrix_html.py: there is no python3-jinja2: make deps-ci")

CSS = {"green": "green", "hazard": "hazard", "damage": "damage", "not applicable": "na"}
GRAVITY = ["not applicable", "green", "hazard", "damage"]


def anchor(cell):
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"{cell['question']}-{cell['column']}-{cell['allocator']}-{cell['arch']}")


def complete(cell, column, titles, directory):
    """Adds what the page shows of a cell."""
    cell.update(id=anchor(cell), css=CSS[cell["verdict"]], label=column["label"], settings=column["settings"])
    cell["text"] = {"green": "✓", "not applicable": "–"}.get(cell["verdict"], str(cell.get("ops", "")))
    if not titles and "ops" in cell:
        cell["text"] = str(cell["signatures"])
    cell["title"] = cell.get("signature", cell["verdict"])
    if cell.get("program"):
        cell["file"] = f"programs/{cell['program']}"
        cell["text_of_program"] = (directory / f"{cell['file']}.prog").read_text()
    for oracle in cell["oracles"]:
        oracle["css"] = CSS[oracle["verdict"]]
        if oracle.get("program"):
            oracle["file"] = f"programs/{oracle['program']}"
    return cell


def rows_of(cells, numbers):
    """One row for each allocator and arch, cells in the order of the columns."""
    rows, last = [], None
    by_place = {(c["allocator"], c["arch"], c["column"]): c for c in cells}
    for allocator, arch in dict.fromkeys((c["allocator"], c["arch"]) for c in cells):
        rows.append({"allocator": allocator, "arch": arch, "first": allocator != last,
                     "cells": [by_place.get((allocator, arch, n)) for n in numbers]})
        last = allocator
    return rows


def judge_column(column, cells):
    """The gravest cell; of those the one with the shortest program."""
    worst = max(cells, key=lambda c: (GRAVITY.index(c["verdict"]), -c.get("ops", 0)), default=None)
    column["verdict"] = worst["verdict"] if worst else "not done"
    column["css"] = CSS.get(column["verdict"], "na")
    column["worst"] = worst if worst and "signature" in worst else None


def page(directory):
    data = json.loads((directory / "matrix.json").read_text())
    titles = {question["name"]: question["titles"] for question in data["questions"]}
    for cell in data["cells"]:
        complete(cell, data["columns"][cell["column"]], titles[cell["question"]], directory)
    questions = []
    for question in data["questions"]:
        numbers = [n for n, column in enumerate(data["columns"]) if column["question"] == question["name"]]
        cells = [c for c in data["cells"] if c["question"] == question["name"]]
        if not cells:
            continue
        for n in numbers:
            judge_column(data["columns"][n], [c for c in cells if c["column"] == n])
        questions.append({**question, "columns": [data["columns"][n] for n in numbers], "cells": cells,
                          "rows": rows_of(cells, numbers)})
    data["questions"] = questions
    web = pathlib.Path(__file__).resolve().parent.parent / "web"
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(web), autoescape=True, trim_blocks=True)
    return environment.get_template("matrix.html.j2").render(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=pathlib.Path, help="of slabfuzz matrix --out")
    directory = parser.parse_args().directory
    text = page(directory)
    new = directory / "matrix.html.new"
    new.write_text(text)
    os.replace(new, directory / "matrix.html")
    print(directory / "matrix.html")


if __name__ == "__main__":
    main()
