#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build the source distribution and the wheel into a folder, and check both as they would be released:
#
#     scripts/package.sh dist
#
# their metadata and what a registry shows (twine), the wheel's files (check-wheel-contents), the wheel installed alone
# in a fresh environment away from the sources, and tests from the unpacked source distribution against that wheel.
# Needs Python 3.11 or later and the package index.
set -euo pipefail
out=$(mkdir -p "${1:?give a folder}" && cd "$1" && pwd)
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

python3 -m venv "$scratch/tools"
"$scratch/tools/bin/pip" install --quiet --disable-pip-version-check build twine check-wheel-contents
"$scratch/tools/bin/python" -m build --outdir "$scratch/dist" . > /dev/null
"$scratch/tools/bin/twine" check --strict "$scratch"/dist/*
"$scratch/tools/bin/check-wheel-contents" "$scratch"/dist/*.whl

python3 -m venv "$scratch/user"
"$scratch/user/bin/pip" install --quiet --disable-pip-version-check "$scratch"/dist/*.whl
(cd "$scratch" && user/bin/wincraft selftest && user/bin/wincraft certify 2x2,3x3 -o f2.v && user/bin/pip check)

tar -xzf "$scratch"/dist/*.tar.gz -C "$scratch"
cd "$scratch"/wincraft-*/
wheel=$(ls "$scratch"/dist/*.whl)
"$scratch/user/bin/pip" install --quiet --disable-pip-version-check "$wheel[test]"
rm -r wincraft # the tests are of what was installed
"$scratch/user/bin/pytest" -q -n auto -p no:cacheprovider tests/{exact,algorithm,files,packaging}

cp "$scratch"/dist/* "$out"
ls -l "$out"
