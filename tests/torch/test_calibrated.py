# SPDX-License-Identifier: Apache-2.0
"""Layers say, once, that their weights are others than those their scales were calibrated with."""

from __future__ import annotations

import copy
import io
import pickle
import warnings

import pytest

torch = pytest.importorskip("torch")

from oracle_layers import rand
from oracle_messages import refused
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from wincraft.errors import BadDocument, BadValue
from wincraft.torch import DirectConv2d, StaleScales, WinogradConv2d, calibrate, convert
from wincraft.torch import replacement as module

X = rand(2, 3, 10, 10)


def network(scheme="tapwise-8", **options):
    """A Winograd layer and a direct one, calibrated, in evaluation mode."""
    plain = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, stride=2)).eval()
    made = convert(plain, "F(2x2,3x3)", scheme, **options)
    calibrate(made, [X])
    return made


def warned(run):
    """The layers that a call warns of."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        run()
    return [str(item.message.layer) for item in found if isinstance(item.message, StaleScales)]


def scaled(weight):
    return nn.Parameter(4 * weight.detach())


def fused(layer):
    norm = nn.BatchNorm2d(4).eval()
    nn.init.constant_(norm.running_var, 0.05)
    return fuse_conv_bn_eval(layer, norm)


@torch.no_grad()
def written(layer):
    layer.weight.mul_(4)
    return layer


def assigned(layer):
    layer.weight = scaled(layer.weight)
    return layer


def loaded(layer):
    layer.load_state_dict(nn.Conv2d(*layer.weight.shape[1::-1], 3).state_dict())
    return layer


def past_the_counter(layer):
    layer.train()
    layer.weight.data.mul_(4)
    return layer.eval()


CHANGES = [fused, written, assigned, loaded, past_the_counter]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("scheme", ["tapwise-8", "fp8-e4m3"])
def test_changed_weights_warn_once_by_layer(change, scheme):
    made = network(scheme)
    assert warned(lambda: made(X)) == []
    names = ["0", "1"] if scheme == "tapwise-8" else ["0"]
    for name in names:
        made[int(name)] = change(made[int(name)])
    assert warned(lambda: made(X)) == names
    assert warned(lambda: made(X)) == []
    calibrate(made, [X])
    assert warned(lambda: made(X)) == []
    assert not any(made[int(name)].stale for name in names)
    made[0] = change(made[0])
    assert warned(lambda: made(X)) == ["0"]


def test_calibrating_again_does_not_warn():
    made = network()
    written(made[0])
    written(made[1])
    assert warned(lambda: calibrate(made, [X[:1], X[1:]])) == []
    assert warned(lambda: made(X)) == []


def test_a_calibration_that_fails_leaves_the_weights_unknown():
    made = network()
    written(made[0])
    with refused(BadValue, "the loader is empty"):
        calibrate(made, [])
    assert warned(lambda: made(X)) == ["0"]


def test_a_warning_made_an_error_comes_every_time():
    made = network()
    written(made[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            with pytest.raises(StaleScales, match="layer 0: its weights changed since it was calibrated"):
                made(X)


def test_values_written_back_are_the_same_weights():
    made = network()
    before = made[0].weight.detach().clone()
    written(made[0])
    with torch.no_grad():
        made[0].weight.copy_(before)
    assert warned(lambda: made(X)) == []


@pytest.mark.parametrize("change", [torch.neg, lambda w: w.flip(0), lambda w: w.transpose(2, 3).contiguous()])
def test_the_same_magnitudes_otherwise_are_others(change):
    made = network()
    made[0].weight = nn.Parameter(change(made[0].weight.detach()))
    assert warned(lambda: made(X)) == ["0"]


def test_training_does_not_warn():
    for options in ({}, {"learn_scales": True}):
        made = network(**options)
        optimiser = torch.optim.SGD(made.parameters(), lr=0.1)

        saved = network(**options)

        def epoch(made=made, optimiser=optimiser, saved=saved):
            made.train()
            for _ in range(3):
                optimiser.zero_grad()
                made(X).square().mean().backward()
                with torch.no_grad():
                    made(X)  # as for a metric
                saved.load_state_dict(made.state_dict())
                saved(X)
                optimiser.step()
            made.eval()
            made(X)

        before = made[0].weight.detach().clone()
        assert warned(lambda: (epoch(), epoch())) == []
        assert not torch.equal(before, made[0].weight)
        written(made[0])  # what comes after training does
        assert warned(lambda made=made: made(X)) == ["0"]


def test_frozen_weights_and_passes_without_gradients_are_no_training():
    made = network().train()
    with torch.no_grad():
        made(X)
    assert warned(lambda: written(made[0]).eval()(X)) == ["0"]
    frozen = network().train().requires_grad_(False)
    frozen(X)
    written(frozen[1])
    assert warned(lambda: frozen(X)) == ["1"]


def test_weights_are_hashed_only_where_they_may_have_changed(monkeypatch):
    hashed = []
    real = module.fingerprint
    monkeypatch.setattr(module, "fingerprint", lambda weight: hashed.append(weight) or real(weight))
    made = network()
    made(X)
    hashed.clear()
    for _ in range(5):
        made(X)
    assert hashed == []
    with torch.no_grad():
        made[0].weight.mul_(1)
    made(X)
    made(X)
    assert len(hashed) == 1


def test_layers_that_are_not_calibrated_say_nothing():
    exact = convert(nn.Sequential(nn.Conv2d(3, 4, 3)).eval())
    written(exact[0])
    assert warned(lambda: exact(X)) == []
    assert not exact[0].stale
    assert list(exact.state_dict()) == ["0.weight", "0.bias"]
    with pytest.raises(RuntimeError, match="calibrated_weights"):
        exact.load_state_dict(exact.state_dict() | {"0.calibrated_weights": torch.zeros(16, dtype=torch.uint8)})
    floats = WinogradConv2d(3, 4, 3, scheme="fp16").eval()  # rounds, but has no scale
    floats.remember_weights("0")
    written(floats)
    assert warned(lambda: floats(X)) == []


@pytest.mark.parametrize("change", [None, written])
@pytest.mark.parametrize("way", ["state", "deepcopy", "pickle"])
def test_copies_and_states_keep_what_is_known(change, way):
    made = network()
    if change:
        change(made[0])
    if way == "state":
        file = io.BytesIO()
        torch.save(made.state_dict(), file)
        file.seek(0)
        other = network()
        other.load_state_dict(torch.load(file, weights_only=True))
    else:
        other = copy.deepcopy(made) if way == "deepcopy" else pickle.loads(pickle.dumps(made))
    assert warned(lambda: other(X)) == (["0"] if change else [])
    assert warned(lambda: written(other[1])(rand(1, 4, 9, 9))) == ["1"]


def test_a_state_without_a_fingerprint_is_of_its_own_weights():
    made, other = network(), network()
    state = {key: item for key, item in written(made[0]).state_dict().items() if "calibrated" not in key}
    other[0].load_state_dict(state)
    assert warned(lambda: other(X)) == []
    written(other[0])
    assert warned(lambda: other(X)) == ["0"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_casts_keep_the_weights_known(dtype):
    made = network()
    assert warned(lambda: made.to(dtype)(X.to(dtype))) == []
    assert warned(lambda: made.float()(X)) == []
    other = network().to(dtype)
    other.load_state_dict(made.state_dict())
    assert warned(lambda: other(X.to(dtype))) == []
    written(other[0])
    assert warned(lambda: other.double()(X.double())) == ["0"]


def test_functional_calls_see_the_weights_they_are_given():
    made = network()[:1]
    weights = {name: item.detach() for name, item in made.named_parameters()}
    assert warned(lambda: torch.func.functional_call(made, weights, (X,))) == []
    weights["0.weight"] = 4 * weights["0.weight"]
    assert warned(lambda: torch.func.functional_call(made, weights, (X,))) == ["0"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_exported_layers_compute_the_same():
    made = network()
    exported = torch.export.export(made, (X,))
    assert torch.equal(exported.module()(X), made(X))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_compiled_layers_look_when_they_are_compiled():
    torch.compiler.reset()
    made = network()
    with torch.no_grad():
        assert warned(lambda: torch.compile(made, backend="eager", fullgraph=True)(X)) == []
        written(made[1])
        torch.compiler.reset()
        compiled = torch.compile(made, backend="eager", fullgraph=True)
        assert warned(lambda: compiled(X)) == ["1"]
        assert warned(lambda: compiled(X)) == []
        assert warned(lambda: made(X)) == ["1"]
        assert torch.equal(compiled(X), made(X))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_compiled_training_does_not_warn():
    torch.compiler.reset()
    made = network()[:1].train()
    compiled = torch.compile(made, backend="eager", fullgraph=True)
    optimiser = torch.optim.SGD(made.parameters(), lr=0.1)
    for _ in range(2):
        compiled(X).square().mean().backward()
        optimiser.step()
    assert warned(lambda: made.eval()(X)) == []


@pytest.mark.parametrize(
    "wrong", ["text", None, torch.zeros(16), torch.zeros(15, dtype=torch.uint8), torch.zeros(4, 4, dtype=torch.uint8)]
)
def test_a_fingerprint_that_is_none(wrong):
    made = network()
    state = made.state_dict() | {"0.calibrated_weights": wrong}
    with refused(BadDocument, "0.calibrated_weights"):
        made.load_state_dict(state)


def test_direct_layers_alone():
    layer = DirectConv2d(3, 4, 3, scheme="tapwise-8").eval()
    calibrate(layer, [X])
    written(layer)
    assert layer.stale
    assert warned(lambda: layer(X)) == ["DirectConv2d"]
