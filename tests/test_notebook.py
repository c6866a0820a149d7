"""The notebook in `examples/`: it runs from top to bottom in a real kernel, and shows what it says that it shows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "examples" / "cleaning.ipynb"

pytestmark = pytest.mark.filterwarnings("ignore")  # of Jupyter itself


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def outputs(cell: Any, kind: str) -> str:
    """What a cell has shown, of a MIME type."""
    found = (output.get("data", {}).get(kind, "") or output.get("text", "") for output in cell["outputs"])
    return "".join(found)


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Its cells after it has run, by their source."""
    notebook = read()
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(ROOT))
        patched.setenv("TMPDIR", str(folder))
        patched.setenv("IPYTHONDIR", str(folder / "ipython"))
        client = NotebookClient(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": folder}})
        client.execute(env=dict(os.environ))  # a cell that fails is a CellExecutionError
    return {cell["source"].splitlines()[-1]: cell for cell in notebook["cells"] if cell["cell_type"] == "code"}


def test_it_is_kept_without_outputs() -> None:
    notebook = read()
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)


def test_every_cell_runs_and_shows_what_it_is_for(cells: dict[str, Any]) -> None:
    html = outputs(cells["result"], "text/html")
    assert "<del title=" in html
    assert "encoding/spaced_entity" in html
    assert "<ins title=" in html
    assert outputs(cells["result"], "text/plain").startswith("<Result: keep, ")
    assert "<table>" in outputs(cells["results"], "text/html")
    assert "The battle of 'Liberation' went on" in outputs(cells["results.text"], "text/plain")
    assert "newsletter_pitch" in outputs(cells['results.findings[["rule", "before", "after"]]'], "text/html")
    off = outputs(cells["print(pipeline.clean(broken, settings=off).text)"], "text/plain")
    assert off.endswith("Sign up for our newsletter\n")
    assert outputs(cells["article.title, article.text[:44]"], "text/plain") == (
        "('The bridge', 'The council voted on Monday to close the old')"
    )
    language = next(cell for source, cell in cells.items() if "detect_language" in source)
    assert "code='de'" in outputs(language, "text/plain")
    copies = next(cell for source, cell in cells.items() if "find_duplicates" in source)
    assert "id='first', of='again'" in outputs(copies, "text/plain")
    assert outputs(cells["len(corpus)"], "text/plain") == "2"
    assert "bakery" in outputs(cells['corpus.to_pandas(columns=["id", "language", "text"])'], "text/html")
