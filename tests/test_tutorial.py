"""The tutorial runs from its first cell to its last, and shows what it says it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")


def test_its_outputs_are_kept_and_name_no_machine(repository: Path) -> None:
    path = repository / "docs" / "tutorial.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    drawn = [out for cell in cells for out in cell.outputs if "image/png" in out.get("data", {})]
    assert len(drawn) >= 5
    assert all(out.output_type != "error" for cell in cells for out in cell.outputs)
    assert "/tmp/" not in path.read_text(encoding="utf-8")


def test_what_it_imports_is_there(repository: Path) -> None:
    notebook = nbformat.read(repository / "docs" / "tutorial.ipynb", as_version=4)
    cells = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    imports = re.findall(r"^(?:from wargame\S* )?import .*$", cells, re.MULTILINE)
    assert len(imports) >= 5
    exec("\n".join(imports), {})


@pytest.mark.long
def test_it_runs(repository: Path, tmp_path: Path) -> None:
    client = pytest.importorskip("nbclient").NotebookClient
    notebook = nbformat.read(repository / "docs" / "tutorial.ipynb", as_version=4)
    client(notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}}).execute()
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    assert last.outputs[0]["data"]["text/plain"] == "True"
