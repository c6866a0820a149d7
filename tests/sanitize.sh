#!/usr/bin/env bash
# The loops in C under the address and undefined behaviour sanitizers, on the hostile texts of the tests that hold them equal
# to their twins. Where the compiler has no sanitizers, or there is no compiler, that is said and nothing is tried.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=$(cd "$root" && realpath -s "${BUILDER:-python3}")
preload="$(${CC:-gcc} -print-file-name=libasan.so 2>/dev/null || true) $(${CC:-gcc} -print-file-name=libubsan.so 2>/dev/null || true)"
case "$preload" in /*" "/*) ;; *) echo "sanitizers: not installed here, not tried"; exit 0 ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git -C "$root" ls-files -z | (cd "$root" && xargs -0 cp --parents -t "$work" 2>/dev/null) # no traces of a build in the tree
cd "$work"
export CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined -g -O1" LDFLAGS="-fsanitize=address,undefined"
"$python" -c "from setuptools import setup; setup()" --quiet build_ext --inplace
export PYTHONPATH="$work" ASAN_OPTIONS=detect_leaks=0
LD_PRELOAD="$preload" "$python" -c "from pipeline import compiled; print(compiled.told()); compiled.missing() and exit(1)"
LD_PRELOAD="$preload" "$python" -m pytest -p no:cacheprovider tests/test_compiled*.py tests/test_openings.py tests/test_screens.py \
    -k "not without_compiled"
