# SPDX-License-Identifier: Apache-2.0
"""Trainings side by side are those one after another: every network has its own numbers, images and course."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from torch import nn

from experiments import cifar10, learned, together
from experiments.captured import Training, train_together
from experiments.cifar10 import PRESETS
from experiments.images import augmented, generated
from experiments.networks import network, quantised
from experiments.rows import cases
from experiments.training import Plan, optimisers_of, train
from wincraft.errors import UnknownName
from wincraft.torch import WinogradConv2d, calibrate, fast_training
from wincraft.torch.direct import DirectConv2d

CASE = "F4-M9-Legendre-flex-learned-clipping"
SMALL = replace(
    PRESETS["claim"],
    width=0.125,
    plan=Plan(epochs=1, rate=0.1, batch=16, images=32),
    aware=Plan(epochs=2, rate=0.02, batch=16, images=32, matrix_rate=1e-3, clip=1.0),
    calibration_images=8,
    generated=32,
)
SIDE_BY_SIDE = (0, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("together")
    together.run(SMALL, folder, None, SIDE_BY_SIDE, device="cpu")
    together.run(SMALL, folder, None, SIDE_BY_SIDE, ("direct", CASE), device="cpu")
    torch.set_num_threads(threads)
    return folder


def test_they_are_the_trainings_one_after_another(folder, tmp_path):
    cifar10.run(SMALL, tmp_path, None, (1,), ("trained",), CASE, threads=1)
    for name in ("float/float", "trained/direct", f"trained/{CASE}"):
        one, other = (json.loads((path / "seed1" / f"{name}.json").read_text()) for path in (folder, tmp_path))
        assert one["right"] == other["right"]
        assert [record["loss"] for record in one["curve"]] == [record["loss"] for record in other["curve"]]
    other = json.loads((folder / "seed0" / "trained" / f"{CASE}.json").read_text())
    assert [record["loss"] for record in one["curve"]] != [record["loss"] for record in other["curve"]]


def test_a_second_run_trains_nothing_again(folder, monkeypatch):
    monkeypatch.setattr(together.Training, "step", lambda *_: pytest.fail("trained again"))
    together.run(SMALL, folder, None, SIDE_BY_SIDE, (CASE,), device="cpu")


def test_trainings_that_were_stopped_go_on_each_from_where_it_was(tmp_path):
    data, plans = generated(64, 0), [Plan(epochs=2, rate=0.1, batch=16, images=32, seed=seed) for seed in (0, 1)]

    def fresh():
        torch.manual_seed(0)
        return [network("resnet20", 0.25) for _ in plans]

    paths = [tmp_path / f"{name}.pt" for name in ("a", "b")]
    whole = train_together(fresh(), data, plans, paths, {}, every=1)
    curves = [training.curve for training in whole]

    class Stop(Exception):
        pass

    def stop(_, record):
        if record["epoch"] > 1:
            raise Stop

    paths = [tmp_path / f"{name}.pt" for name in ("c", "d")]
    with pytest.raises(Stop):
        train_together(fresh(), data, plans, paths, {}, every=1, after_record=stop)
    train(fresh()[0], data, plans[0], paths[0], {})  # the first alone to its end, the way of one after another
    again = [training.curve for training in train_together(fresh(), data, plans, paths, {}, every=1)]
    assert [[record["loss"] for record in curve] for curve in again] == [
        [record["loss"] for record in curve] for curve in curves
    ]


def test_fast_training_is_for_training_alone():
    case = next(case for case in cases("trained", (4,), (4,), (8,)) if case.row is None)
    model, images = quantised(network("resnet18", 0.125), case), generated(8, 0)
    calibrate(model, [images.inputs(slice(0, 8))])
    exact = model.eval()(images.inputs(slice(0, 8)))
    fast_training(model)
    assert torch.equal(model(images.inputs(slice(0, 8))), exact)
    layers = [module for module in model.modules() if isinstance(module, DirectConv2d)]
    words = []
    for layer in layers:
        layer.register_forward_hook(lambda module, *_: words.append(module.fast_training))
    assert model.train()(images.inputs(slice(0, 8))).isfinite().all()
    assert len(words) == len(layers)


def test_learned_matrices_have_their_own_rate_where_one_is_given():
    case = next(case for case in cases("trained", (4,), (4,), (8,)) if case.name == "F4-M8-canonical-flex")
    model = quantised(network("resnet20", 0.25), case).requires_grad_(True)
    matrices = {parameter for name, parameter in model.named_parameters() if ".matrices." in name}
    made = optimisers_of(model, Plan(epochs=1, matrix_rate=0.5))
    learned = {p for group in made["optimiser of matrices"].param_groups for p in group["params"]}
    assert learned == matrices
    assert not matrices & {p for group in made["optimiser"].param_groups for p in group["params"]}
    assert list(optimisers_of(model, Plan(epochs=1))) == ["optimiser"]


def test_unknown_cases_are_refused(tmp_path):
    with pytest.raises(UnknownName, match="F4-M9-canonical-flex"):
        together.run(SMALL, tmp_path, None, (0,), ("F4-M9-canonicl-flex",), device="cpu")
    result = CliRunner().invoke(together.main, ["claim", str(tmp_path), "--device", "cpu"])
    assert result.exit_code == 3
    assert result.stderr.startswith("error: ")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no CUDA device")
def test_on_streams_of_their_own_every_network_gets_the_images_of_its_seed(tmp_path):
    """What one stream still reads, the next training's memory must not be."""
    made = generated(20_000, 0)
    data = replace(made, pixels=made.pixels.cuda(), labels=made.labels.cuda())
    plans = [Plan(epochs=1, batch=100, seed=seed) for seed in range(4)]
    networks = [network("resnet20", 0.25).cuda() for _ in plans]
    trainings = [
        Training(networks[0], one, data, plan, tmp_path / "x.pt", {}) for one, plan in zip(networks, plans, strict=True)
    ]
    torch.cuda.synchronize()
    for training in trainings:
        training.begin(0)
    torch.cuda.synchronize()
    for plan, training in zip(plans, trainings, strict=True):
        generator = torch.Generator().manual_seed(plan.seed * 10_007)
        order = torch.randperm(len(made), generator=generator)
        assert torch.equal(torch.cat(training.classes).cpu(), made.labels[order])
        images = torch.cat([augmented(made.pixels[rows], generator) for rows in order.split(plan.batch)])
        assert torch.equal(torch.cat(training.images).cpu(), images)


def test_a_proved_algorithm_is_convolution_and_other_matrices_are_not(tmp_path):
    base = network("resnet18", 0.5)
    case = next(case for case in cases("trained", (4,), (4,), (9,)) if case.name == CASE)
    state = quantised(base, case).state_dict()
    (tmp_path / "seed0").mkdir()
    torch.save({"model": state}, tmp_path / "seed0" / f"trained-{CASE}.pt")
    result = CliRunner().invoke(learned.main, [str(tmp_path), "--case", CASE])
    assert "16 layers" in result.stdout
    assert "moved 0.0 %, condition 11.28 -> 11.28" in result.stdout
    assert "distance from convolution 0.0 (0.0 to 0.0)" in result.stdout
    name = "blocks.0.conv1.winograd.filter.matrices.0"
    changed = state | {name: state[name] * 2}  # twice per axis: four times the outputs
    first = next(learned.learned_layers("claim", CASE, changed))
    assert first.distance == pytest.approx(3, rel=1e-4)
    assert first.moved["filter"] == pytest.approx(1)
    missing = CliRunner().invoke(learned.main, [str(tmp_path), "--case", CASE, "--seed", "1"])
    assert missing.exit_code == 3
    assert "no such checkpoint" in missing.stderr


def test_felt_rounding_is_what_the_loss_moves_by():
    torch.manual_seed(0)
    made, label = generated(2, 0), "M"
    layer = WinogradConv2d(3, 4, 3, padding=1, algorithm="F(4x4,3x3)", scheme="barabasz-2020-8-9,output=none")
    model = nn.Sequential(layer, nn.Flatten(), nn.Linear(4 * 32 * 32, 10))
    calibrate(model, [made.inputs(slice(0, 2))])
    felt = learned.felt_rounding(model, made)
    assert felt.keys() == layer.labelled.keys()
    step, moved = 1e-2, []
    with torch.no_grad():
        before = nn.functional.cross_entropy(model(made.inputs(slice(0, 2))), made.labels)
        for _ in range(60):
            hook = layer.labelled[label].register_forward_hook(
                lambda _, __, result: (result[0] + step * (torch.rand_like(result[0]) - 0.5), result[1])
            )
            moved.append(nn.functional.cross_entropy(model(made.inputs(slice(0, 2))), made.labels) - before)
            hook.remove()
    spread = float(torch.stack(moved).double().square().mean().sqrt())
    assert spread == pytest.approx(step * felt[label], rel=0.3)  # three deviations of 60 draws
