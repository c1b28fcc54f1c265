# SPDX-License-Identifier: Apache-2.0
"""The experiment on generated images: it runs, goes on where it was stopped, and refuses what does not fit."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from experiments import cifar10, results, tables
from experiments.cifar10 import PRESETS
from experiments.images import generated
from experiments.networks import network, quantised
from experiments.rows import ROWS, cases
from experiments.training import LOG_RATE, Plan, train
from wincraft.errors import BadDocument, NotApplicable, UnknownName
from wincraft.torch import calibrate

SMALL = replace(
    PRESETS["smoke"],
    plan=Plan(epochs=1, rate=0.1, batch=32, images=64),
    aware=Plan(epochs=1, rate=0.02, batch=16, images=32),
    width=0.25,
    generated=64,
    calibration_images=16,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("run")
    cifar10.run(SMALL, folder, match="F4-M8-canonical-pow2")
    torch.set_num_threads(threads)
    return folder


def test_a_run_leaves_a_result_for_every_case_and_answers_for_every_image(folder):
    found = {path.parent.name + "/" + path.stem for path in folder.glob("seed0/*/*.json")}
    pow2 = "F4-M8-canonical-pow2"
    assert found == {"float/float", "untrained/direct", f"untrained/{pow2}", "trained/direct", f"trained/{pow2}"}
    for path in folder.glob("seed0/*/*.json"):
        result = json.loads(path.read_text())
        assert len(result["right"]) == result["images"] == 64
        assert result["accuracy"] == 100 * result["right"].count("1") / 64
        assert bool(result["curve"]) == (result["stage"] != "untrained")


def test_a_trained_network_answers_with_the_scales_it_was_trained_with(folder, tmp_path, monkeypatch):
    shutil.copytree(folder, tmp_path / "run", ignore=shutil.ignore_patterns("*.json"))
    answering = []

    def answered(model, data):
        answering.append(model.state_dict())
        return torch.zeros_like(data.labels)

    monkeypatch.setattr(cifar10, "answers", answered)
    cifar10.run(SMALL, tmp_path / "run", only=("trained",), match="F4-M8-canonical-pow2")
    kept = torch.load(folder / "seed0" / "trained-F4-M8-canonical-pow2.pt", weights_only=True)["model"]
    assert all(torch.equal(answering[-1][name], value) for name, value in kept.items())


def test_a_second_run_computes_nothing_again(folder, monkeypatch):
    monkeypatch.setattr(cifar10, "answers", lambda *_: pytest.fail("computed again"))
    monkeypatch.setattr(cifar10, "calibrate", lambda *_: pytest.fail("calibrated again"))
    cifar10.run(SMALL, folder, match="F4-M8-canonical-pow2")


def test_a_folder_of_other_settings_is_refused(folder):
    with pytest.raises(BadDocument, match="another preset"):
        cifar10.run(replace(SMALL, calibration_images=17), folder)


def test_training_that_was_stopped_gives_the_same_network(tmp_path):
    data, plan = generated(64, 0), Plan(epochs=3, rate=0.1, batch=32)

    def fresh():
        torch.manual_seed(0)
        return network("resnet20", 0.25)

    whole = fresh()
    curve = train(whole, data, plan)
    stopped = fresh()

    class Stop(Exception):
        pass

    def stop(record):
        if record["epoch"] == 2:
            raise Stop

    with pytest.raises(Stop):
        train(stopped, data, plan, tmp_path / "net.pt", after_record=stop)
    resumed = fresh()
    again = train(resumed, data, plan, tmp_path / "net.pt")
    assert [record["loss"] for record in again] == [record["loss"] for record in curve]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path):
    model, data = network("resnet20", 0.25), generated(32, 0)
    train(model, data, Plan(epochs=1, images=32), tmp_path / "net.pt", {"network": "resnet20"})
    with pytest.raises(BadDocument, match=r"network 'resnet20', not 'resnet18'"):
        train(model, data, Plan(epochs=1, images=32), tmp_path / "net.pt", {"network": "resnet18"})
    (tmp_path / "net.pt").write_bytes(b"nonsense")
    with pytest.raises(BadDocument, match="no checkpoint"):
        train(model, data, Plan(epochs=1, images=32), tmp_path / "net.pt", {"network": "resnet20"})


def test_training_learns_the_generated_images():
    torch.manual_seed(0)
    model, data = network("resnet20", 0.25), generated(256, 0)
    curve = train(model, data, Plan(epochs=4, rate=0.1, batch=32))
    assert curve[-1]["loss"] < curve[0]["loss"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cpu", "out"], "download https://www.cs.toronto.edu"),
        (["cpu", "out", "--data", "nowhere"], "download https://www.cs.toronto.edu"),
        (["smoke", "out", "--device", "cuda"], "PyTorch cannot use it"),
        (["smoke", "out", "--device", "gpu"], "PyTorch cannot use it"),
        (["smoke", "out", "--match", "F4-M8-lengendre"], "did you mean F4-M8-Legendre?"),
        (["smoke", "file/out"], "cannot write file/out"),
    ],
)
def test_bad_usage_ends_with_one_line(arguments, message, tmp_path, monkeypatch):
    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(cifar10.main, arguments)
    assert result.exit_code == 3
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_networks_have_the_sizes_of_the_papers():
    assert sum(p.numel() for p in network("resnet20").parameters()) == 269_722
    assert network("resnet18")(torch.zeros(1, 3, 32, 32)).shape == (1, 10)
    assert network("resnet18", 1.0).linear.in_features == 512
    with pytest.raises(UnknownName, match="resnet20"):
        network("resnet21")


def test_every_case_makes_a_network_and_none_comes_twice():
    model = network("resnet20", 0.25)
    for stage in ("untrained", "trained"):
        found = cases(stage, (2, 4, 6), (2, 4, 6), (8, 9, 10))
        assert len({case.name for case in found}) == len(found)
        made = {case.row.name for case in found if case.row is not None}
        assert made == {row.name for row in ROWS if stage in row.when}
        for case in found[:: 1 if stage == "trained" else 5]:
            quantised(model, case)


def test_quadratic_rows_nest_one_algorithm_per_axis():
    ranks = {m: {row.algorithm(m).rank for row in ROWS if row.points == "quadratic"} for m in (4, 6)}
    assert ranks == {4: {49}, 6: {100}}


def test_small_images_of_resnet18_get_smaller_tiles():
    case = next(case for case in cases("untrained", (6,), (), (8,)) if case.row is not None)
    model = quantised(network("resnet18", 0.125), case)
    assert model.blocks[5].conv2.algorithm.m == (6, 6)
    assert model.blocks[6].conv2.algorithm.m == (4, 4)
    assert model.blocks[2].projection[0].note == "direct: as chosen"


def test_tables_need_no_torch():
    subprocess.run(
        [sys.executable, "-c", "import experiments.tables, sys; assert 'torch' not in sys.modules"], check=True
    )


def test_tables_compare_with_direct_convolution_image_by_image(folder, tmp_path):
    found = results.collect(folder)
    pow2 = next(r for r in found if r.stage == "untrained" and r.case != "direct")
    direct = next(r for r in found if r.stage == "untrained" and r.case == "direct")
    assert pow2.accuracy - direct.accuracy == pytest.approx(pow2.difference)
    assert direct.gained == direct.lost == 0
    results.write_csv(tmp_path / "r.csv", found)
    assert results.read_csv(tmp_path / "r.csv") == found


def test_intervals_are_those_of_student_and_of_the_images():
    made = [results.Result("untrained", "F4-M8-x", "F(4x4,3x3), M 8 bits: x", s, 80.0, 100, g, l, c, 1.0)
            for s, (g, l, c) in enumerate([(1, 3, 0.5), (2, 5, 0.75), (0, 1, 1.0)])]  # fmt: skip
    (item,) = results.summaries(made, "untrained")
    assert item.difference == pytest.approx(-2)
    assert item.over_seeds == pytest.approx(4.302653 * 1 / 3**0.5, rel=1e-6)
    assert item.over_images == pytest.approx(1.96 * 2.25**0.5 / 3)


def test_seeds_that_answer_alike_share_the_chance_of_the_images(tmp_path):
    """The interval over images is that of the mean over the seeds, from the images as a sample."""
    rng = np.random.default_rng(0)
    common = rng.random(1000) < 0.3
    gains = []
    for seed in range(3):
        right = {"direct": rng.random(1000) < 0.8}
        right["F4-M8-x"] = right["direct"] & ~common
        gains.append(right["F4-M8-x"] * 1.0 - right["direct"])
        for case, answers in right.items():
            path = tmp_path / f"seed{seed}" / "untrained" / f"{case}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = "".join("01"[int(answer)] for answer in answers)
            label = "direct, 8 bits" if case == "direct" else "F(4x4,3x3), M 8 bits: x"
            known = {"stage": "untrained", "case": case, "label": label, "seed": seed, "images": 1000}
            path.write_text(json.dumps(known | {"accuracy": 1.0, "seconds": 1.0, "curve": [], "right": text}))
    found = results.collect(tmp_path)
    (item,) = [item for item in results.summaries(found, "untrained") if item.case != "direct"]
    assert item.over_images == pytest.approx(100 * 1.96 * np.mean(gains, axis=0).std() / 1000**0.5)
    alone = [100 * 1.96 * gain.std() / 1000**0.5 for gain in gains]
    assert item.over_images > 1.3 * np.linalg.norm(alone) / 3
    path.write_text("{")
    with pytest.raises(BadDocument, match="no result"):
        results.collect(tmp_path)
    (tmp_path / "x-curves.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadDocument, match="no learning curves"):
        results.read_curves(tmp_path / "x-curves.csv")


def test_pages_are_updated_only_where_they_say_so(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- trained -->\nold\n<!-- end -->\nafter\n")
    tables.insert(page, "trained", "new")
    assert page.read_text() == "before\n<!-- trained -->\nnew\n<!-- end -->\nafter\n"
    with pytest.raises(BadDocument, match="no place"):
        tables.insert(page, "untrained", "new")
    with pytest.raises(BadDocument, match="no results"):
        results.collect(tmp_path)
    with pytest.raises(BadDocument, match="no results"):
        results.read_csv(page)


def test_tables_and_plots_are_the_same_from_the_folder_and_from_its_csv(folder, tmp_path):
    summed_up, plots = tmp_path / "small.csv", tmp_path / "plots"
    made = CliRunner().invoke(tables.main, [str(folder), "--csv", str(summed_up), "--plots", str(plots)])
    assert made.exit_code == 0, made.output
    assert "canonical, pow2" in made.output
    written = {path.name for path in plots.iterdir()}
    shown = ("untrained", "trained", "float-curves", "trained-curves")
    assert written == {f"cifar10-{folder.stem}-{name}.png" for name in shown}
    page = tmp_path / "page.md"
    page.write_text("<!-- small untrained -->\n<!-- end -->\n<!-- small trained -->\n<!-- end -->\n")
    again = CliRunner().invoke(tables.main, [str(summed_up), "--into", str(page)])
    assert again.output == made.output
    assert page.read_text().count("| direct, 8 bits |") == 2
    curves = results.read_curves(tmp_path / "small-curves.csv")
    assert {key: len(curve) for key, curve in curves.items()} == {
        key: len(curve) for key, curve in results.learning_curves(folder).items()
    }


def test_a_device_that_is_not_there_is_refused_before_anything_is_written(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(NotApplicable, match="cuda"):
        cifar10.run(SMALL, tmp_path / "new", device="cuda")
    assert not (tmp_path / "new").exists()


def test_learned_logarithms_are_trained_without_decay():
    torch.manual_seed(0)
    case = next(case for case in cases("trained", (4,), (4,), (8,)) if case.row and "clipping" in case.row.name)
    model = quantised(network("resnet20", 0.25), case)
    data = generated(64, 0)
    calibrate(model, [data.inputs(torch.arange(64))])
    model.requires_grad_(True)
    logarithms = {name: p for name, p in model.named_parameters() if name.endswith("log_scale")}
    before = {name: p.detach().clone() for name, p in logarithms.items()}
    train(model, data, Plan(epochs=1, rate=0.0, batch=32, decay=1.0))
    moved = torch.cat([(p.detach() - before[name]).flatten() for name, p in logarithms.items()])
    assert moved.abs().max() <= 2 * LOG_RATE
    assert (moved > 0).any()
    assert (moved < 0).any()
