# SPDX-License-Identifier: Apache-2.0
"""Small files in the spellings that people use, right and wrong ones; corpus/manifest.json says what each is."""

import json
from pathlib import Path

import pytest

from wincraft.errors import WincraftError
from wincraft.files import found_in, judge

CORPUS = Path(__file__).parent / "corpus"
MANIFEST = json.loads((CORPUS / "manifest.json").read_text(encoding="utf-8"))
RIGHT = sorted(name for name, wanted in MANIFEST.items() if "exit" not in wanted)
WRONG = sorted(MANIFEST.keys() - set(RIGHT))


def test_the_manifest_lists_every_file_and_enough_spellings():
    files = {path.name for path in CORPUS.iterdir()} - {"manifest.json"}
    assert files == set(MANIFEST)
    assert len(files) >= 60
    assert len({Path(name).suffix for name in files}) >= 20


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_file_is_read_as_it_is(name):
    wanted = MANIFEST[name]
    verdicts = judge(found_in(CORPUS / name))
    assert [verdict.error for verdict in verdicts if verdict.error] == []
    found = [verdict.found for verdict in verdicts]
    assert [one.algorithm.size for one in found] == wanted.get("sizes", [wanted.get("size")])
    assert {one.algorithm.form for one in found} == {"correlation"}
    if "points" in wanted:
        assert ",".join(map(str, found[0].algorithm.moduli)) == wanted["points"]
    if "transposed" in wanted:
        assert ",".join(found[0].transposed) == wanted["transposed"]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_its_cause(name):
    wanted = MANIFEST[name]
    try:
        errors = [verdict.error for verdict in judge(found_in(CORPUS / name)) if verdict.error]
    except WincraftError as error:
        errors = [error]
    assert min(error.exit_code for error in errors) == wanted["exit"]
    assert wanted["cause"] in " ".join(map(str, errors))
