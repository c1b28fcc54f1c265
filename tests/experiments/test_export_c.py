# SPDX-License-Identifier: Apache-2.0
"""The experiment on exported networks, on generated images: all integers alike, and tables that say so."""

import shutil
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from click.testing import CliRunner

from experiments import cifar10, export_c, export_layers
from experiments.cifar10 import PRESETS
from experiments.images import generated
from experiments.rows import DIRECT
from experiments.training import Plan
from wincraft.errors import BadDocument

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler is installed")
SMALL = replace(
    PRESETS["smoke"],
    plan=Plan(epochs=1, rate=0.1, batch=32, images=64),
    width=0.25,
    generated=64,
    calibration_images=16,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("run")
    cifar10.run(SMALL, folder, only=("float",))
    yield folder
    torch.set_num_threads(threads)


def test_every_integer_is_alike_and_the_page_says_so(folder, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- agreement -->\n<!-- end -->\n<!-- times -->\n<!-- end -->\n")
    data = generated(64, 0), generated(64, 1)
    names = (DIRECT, "best points, per tap", export_c.EXACT)
    outcomes = export_c.run(folder, data, 0, images=4, rounds=1, names=names, into=page, preset=SMALL)
    assert [(item.name, item.images, item.alike, item.agreement.unlike) for item in outcomes] == [
        (name, 4, 4, 0) for name in names
    ]
    assert all(item.agreement.integers > 10_000 and item.agreement.difference < 1e-4 for item in outcomes)
    assert outcomes[1].agreement.integers > outcomes[0].agreement.integers
    text = page.read_text()
    assert all(f"| {name} |" in text for name in names)
    assert text.count("4 of 4") == 3


def test_a_folder_without_a_network_is_refused(tmp_path):
    with pytest.raises(BadDocument, match="--only float"):
        export_c.run(tmp_path, (generated(4, 0), generated(4, 1)), 0, images=1, rounds=1)


def test_layers_are_timed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- layers -->\n<!-- end -->\n")
    result = CliRunner().invoke(export_layers.main, ["--layer", "16,8", "--rounds", "1", "--into", str(page)])
    assert result.exit_code == 0, result.output
    assert "| 16, 8x8 |" in page.read_text()
    assert CliRunner().invoke(export_layers.main, ["--layer", "16"]).exit_code == 2
