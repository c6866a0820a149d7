"""The wheel carries what the code reads at run time."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from pipeline import compiled

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_every_module_and_all_data_beside_them(tmp_path: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    for name in filter(None, listed):  # a build leaves its traces in the folder it works in
        target = tmp_path / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    build = [*command, "-w", str(tmp_path), str(tmp_path / "source")]
    done = subprocess.run(build, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.glob("copydesk-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("pipeline/")}
        entry_points = archive.read(next(n for n in archive.namelist() if n.endswith("entry_points.txt"))).decode()
    built = {name for name in packed if name.endswith(".so")}
    assert packed - built == {name for name in listed if name.startswith("pipeline/")}
    assert {name.partition(".")[0].replace("/", ".") for name in built} <= set(compiled.NAMES)
    assert "-abi3-" in wheel.name or not built  # one build serves all Pythons
    assert "copydesk = pipeline.__main__:main" in entry_points
