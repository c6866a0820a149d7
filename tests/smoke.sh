#!/usr/bin/env bash
# The wheel, installed with nothing but what it asks for, does its work: no tool of development is there to help it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git -C "$root" ls-files -z | (cd "$root" && xargs -0 cp --parents -t "$work" 2>/dev/null) # no traces of a build in the tree
"${BUILDER:-python3}" -m pip wheel --quiet --no-deps --no-build-isolation --no-index -w "$work/wheel" "$work"
"${PYTHON:-python3}" -m venv "$work/bare"
"$work/bare/bin/python" -m pip install --quiet --disable-pip-version-check "$work"/wheel/*.whl
cp -r "$root/seeds" "$work/articles"
mkdir "$work/empty" && cd "$work/empty"
export PATH="$work/bare/bin:/usr/bin:/bin"

copydesk --version
copydesk run "$work/articles"
copydesk plan | grep -c "nothing has changed" | grep -qx 8
copydesk explain 001_2059845ff647bd54 >/dev/null
python - <<'PYTHON'
import importlib.util

import pipeline

here = [name for name in ("pytest", "hypothesis", "mypy", "ruff", "sklearn") if importlib.util.find_spec(name)]
assert here == [], f"not a bare environment: {here}"
assert "site-packages" in pipeline.__file__
assert len(pipeline.read_corpus("output/corpus")) == 3
assert pipeline.clean("horrified,quot; he said").text != "horrified,quot; he said"
assert pipeline.detect_language("Der Bahnhof wird bis zum Jahresende umgebaut.").code == "de"
assert 0 <= pipeline.translation_quality("The council voted on Monday to close the old bridge for repairs.").score <= 1
story = "The council voted on Monday to close the old bridge for repairs until the end of the year, and asked drivers. " * 2
assert [d.of for d in pipeline.find_duplicates([("a", story), ("b", story.upper())])] == ["a"]
PYTHON
echo "the installed wheel works"
