# SPDX-License-Identifier: Apache-2.0
"""An exported network in C holds the integers of PyTorch's layers at every stage, and gives its outputs."""

from __future__ import annotations

import platform
import shutil
import subprocess

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle_layers import ALGORITHMS, INTEGER, simulated_codes
from torch import nn
from torch.nn import functional

from experiments.exported import UNSEEN, Agreement, CompiledNetwork, compare, layer_integers
from experiments.networks import network
from wincraft import parse
from wincraft.errors import BadShape, BadValue, CannotWrite, NotApplicable, WrongType
from wincraft.torch import calibrate, convert, export_c
from wincraft.torch.export.building import exported_network

CC = next((name for name in ("gcc", "clang") if shutil.which(name)), "")
pytestmark = pytest.mark.skipif(not CC, reason="neither gcc nor clang is installed")
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
STRICT = ("-O1", *WARNINGS)
NATIVE = ("-march=native",) if platform.machine() in ("x86_64", "AMD64") else ()
PLAIN = ("-DNETWORK_PLAIN",)


@pytest.fixture(autouse=True)
def _compiler(monkeypatch):
    monkeypatch.setenv("CC", CC)


class Small(nn.Module):
    """A residual network with a stride, odd sizes and channels that fill no vector."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.third = nn.Conv2d(8, 20, 3, stride=2, padding=1)
        self.linear = nn.Linear(20, 10)

    def forward(self, x):
        x = functional.relu(self.first(x))
        x = functional.relu(self.second(x) + x)
        return self.linear(functional.relu(self.third(x)).mean((2, 3)))


def images(count=2, channels=3, size=(18, 15), seed=0):
    return torch.randn(count, channels, *size, generator=torch.Generator().manual_seed(seed))


def converted(model, algorithm="F4 wincnn", scheme="tapwise-8", x=None, **options):
    made = ALGORITHMS[algorithm]() if isinstance(algorithm, str) and algorithm in ALGORITHMS else algorithm
    found = convert(model.eval(), made, scheme, plans=False, **options)
    calibrate(found, [images() if x is None else x])
    return found


def agreement(model, folder, x, flags=(), **options):
    """Check that all integers are alike, and the outputs to float32; what was compared."""
    found = Agreement()
    compiled = CompiledNetwork(model, folder, x, (*STRICT, *flags), watched=True, **options)
    made = compare(model, compiled, x, found)
    assert found.integers > 0
    assert not found.unlike, found.places
    with torch.no_grad():
        np.testing.assert_allclose(made, model(x).numpy(), rtol=1e-5, atol=1e-5)
    return found


SCHEMES = [
    *INTEGER,
    "ncnn-int8",
    "tapwise-8+weights-per-channel+unsigned",
    "tapwise-8+mse",
    "tapwise-8,M=none",
    "tapwise-8,U=none,V=none",
    "tapwise-8,M=int30/tap,output=uint10",
    "barabasz-2020-8,M=none,U=none",
]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_integer_of_every_scheme(scheme, tmp_path):
    agreement(converted(Small(), scheme=scheme), tmp_path, images(seed=1), NATIVE)


@pytest.mark.parametrize("scheme", ["tapwise-8", "barabasz-2020-8", "tapwise-pow2", "ncnn-int8"])
def test_every_integer_is_that_of_the_simulation(scheme, tmp_path):
    """`wincraft.quantise.simulation` computes them without PyTorch."""
    model = converted(layers(nn.Conv2d(3, 6, 3, padding=1)), scheme=scheme)
    x = images(1, seed=1)
    _, wanted = simulated_codes(model[0], x, model[0].scheme, model[0].scales)
    wanted = {label: codes.reshape(-1, *codes.shape[-2:]).swapaxes(1, 2) for label, codes in wanted.items()}
    like = {label: np.ascontiguousarray(wanted[label], np.int32) for label in ("U", "M", "output") if label in wanted}
    compiled = CompiledNetwork(model, tmp_path, x, STRICT, watched=True)
    _, (found,) = compiled.watched(x, [{"input": np.zeros((1, 18 * 15, 3), np.int32), **like}], (1, 6, 18, 15))
    for label, codes in like.items():
        assert np.array_equal(found[label], codes), label
        assert len(np.unique(codes)) > 8


@pytest.mark.parametrize("size", ["F2", "F4 legendre", "F4 mixed", "F4 quadratic", "F4 integer", "F6 quadratic"])
@pytest.mark.parametrize("scheme", ["tapwise-8", "barabasz-2020-8"])
def test_every_integer_of_every_algorithm(size, scheme, tmp_path):
    agreement(converted(Small(), size, scheme), tmp_path, images(seed=1))


@pytest.mark.parametrize(
    "text",
    [
        "barabasz-2020-8,post-step=int9/channel-tap,pre-step=int6/tap",
        "tapwise-8,pre-step=int8/tap,post-step=int12/tap",
    ],
)
def test_what_is_stored_between_the_stages_of_a_chain(text, tmp_path):
    model = converted(Small(), "F4 legendre", text)
    labels = {label for stages in layer_integers(model, images(), Agreement())[1] for label in stages}
    assert {"input pre-step 1", "post-step 1"} <= labels
    agreement(model, tmp_path, images(seed=1))


@pytest.mark.parametrize(
    "options",
    [
        {"balance_channels": True},
        {"rank_one_scales": True},
        {"learn_scales": True},
        {"transforms": "diagonals"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_integer_of_layers_with_options(options, tmp_path):
    agreement(converted(Small(), **options), tmp_path, images(seed=1))


@pytest.mark.parametrize("flags", [(), NATIVE, PLAIN], ids=["baseline", "native", "plain"])
@pytest.mark.parametrize(("lanes", "word"), [(4, 16), (8, 16), (16, 16), (4, 8), (8, 8), (16, 8)])
def test_every_width_of_vectors_and_words(lanes, word, flags, tmp_path):
    agreement(converted(Small()), tmp_path, images(1, seed=1), flags, lanes=lanes, word=word)


def test_seven_layers_of_resnet(tmp_path):
    """The network of the experiment, narrow: padded shortcuts, strides, batch normalisation that is folded."""
    torch.manual_seed(0)
    model = network("resnet20", 0.5).eval()
    x = images(3, size=(32, 32))
    for item in model.modules():
        if isinstance(item, nn.BatchNorm2d):
            item.running_var.fill_(2.0)

    def choose(name, layer):
        return "F(4x4,3x3)" if layer.stride == (1, 1) else None

    found = agreement(converted(model, choose, x=x, fold_bn=True), tmp_path, x[:2], NATIVE)
    assert found.nearest > 2.0**-40


def test_a_changed_filter_is_seen(tmp_path):
    """The comparison is none of nothing: one weight more or less by a step gives other integers."""
    model = converted(Small())
    compiled = CompiledNetwork(model, tmp_path, images(), STRICT, watched=True)
    with torch.no_grad():
        model.second.weight[0, 0, 0, 0] += 0.1
    found = Agreement()
    with pytest.warns(UserWarning, match="second: its weights changed"):
        compare(model, compiled, images(1), found)
    assert found.unlike
    assert min(found.places) == (1, "M")


class Tied(nn.Module):
    """Images whose values lie in the middle between two codes of the first layer, for powers of two as scales."""

    def __init__(self):
        super().__init__()
        self.only = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.only(x)


@pytest.mark.parametrize("flags", [NATIVE, PLAIN], ids=["native", "plain"])
def test_ties_go_to_the_even_code(flags, tmp_path):
    model = converted(Tied(), "F2", "tapwise-pow2", x=images(channels=4))
    step = float(model.only.scales["input"].scale.item())
    x = (torch.randint(-100, 100, (2, 4, 9, 10)) + 0.5) * step
    agreement(model, tmp_path, x, flags)


def layers(*items):
    return nn.Sequential(*items)


DIRECT = {
    "1x1": lambda: nn.Conv2d(3, 20, 1),
    "stride 2": lambda: nn.Conv2d(3, 8, 3, stride=2, padding=1),
    "stride 2 x 1, 5x3": lambda: nn.Conv2d(3, 8, (5, 3), stride=(2, 1), padding=(2, 0)),
    "dilation": lambda: nn.Conv2d(3, 8, 3, dilation=2, padding=2),
    "dilation 2 x 1": lambda: nn.Conv2d(3, 8, 3, dilation=(2, 1), padding=(1, 1)),
    "groups": lambda: nn.Conv2d(6, 4, 3, stride=2, groups=2),
    "no padding, even": lambda: nn.Conv2d(3, 33, 2, stride=3),
    "same": lambda: nn.Conv2d(3, 5, 4, padding="same", dilation=2),
}


@pytest.mark.parametrize("word", [16, 8])
@pytest.mark.parametrize("name", DIRECT)
def test_direct_layers(name, word, tmp_path):
    layer = DIRECT[name]()
    x = images(2, layer.in_channels)
    model = converted(layers(layer), None, "tapwise-8+weights-per-channel", x=x)
    agreement(model, tmp_path, x, word=word)


@pytest.mark.parametrize(
    ("layer", "algorithm"),
    [
        (nn.Conv2d(6, 9, 3, groups=3), "F2"),
        (nn.Conv2d(5, 5, 3, groups=5, padding=1), "F4 wincnn"),
        (nn.Conv2d(2, 3, (3, 5), padding=(0, 4)), "rectangular"),
        (nn.Conv2d(100, 35, 3), "F4 wincnn"),
        (nn.Conv2d(3, 4, (1, 3)), "F4 wincnn"),
    ],
    ids=["groups", "depthwise", "rectangular", "several blocks and panels", "a row"],
)
def test_layers_of_other_shapes_by_tiles(layer, algorithm, tmp_path):
    x = images(2, layer.in_channels)
    agreement(converted(layers(layer), algorithm, x=x), tmp_path, x)


class Steps(nn.Module):
    """A function of the outputs of one quantised layer."""

    def __init__(self, function):
        super().__init__()
        self.layer, self.function = nn.Conv2d(3, 6, 3, padding=1), function

    def forward(self, x):
        return self.function(self.layer(x))


STEPS = {
    "relu6": functional.relu6,
    "hardtanh": lambda y: functional.hardtanh(y, -0.25, 0.5),
    "added to itself": lambda y: y + y,
    "added in place": lambda y: functional.relu(y).add_(y),
    "relu in place": lambda y: torch.cat([functional.relu(y, inplace=True), y], 1),
    "changed behind a copy": lambda y: functional.pad(y, (0, 0)).add_(y) + y,
    "changed through a view": lambda y: y[:].relu_() + y,
    "all of it": lambda y: y[:, :, ::1] + functional.pad(y, (0, 0, 0, 0)),
    "joined": lambda y: torch.cat([y, functional.relu(y), y[:, 1:3]], dim=1),
    "a part": lambda y: y[:, 2:, 1::2, 3:-2],
    "padded": lambda y: functional.pad(y, (1, 2, 0, 3, 4, 0)),
    "padded with ones": lambda y: functional.pad(y, (1, 0), value=1.0),
    "maximum": lambda y: functional.max_pool2d(y, 3, 2, 1),
    "maximum of 2": lambda y: functional.max_pool2d(y, 2),
    "average": lambda y: functional.avg_pool2d(y, 3, 2, 1),
    "average of what there is": lambda y: functional.avg_pool2d(y, (3, 2), padding=1, count_include_pad=False),
    "adaptive": lambda y: functional.adaptive_avg_pool2d(y, 1),
    "adaptive, then flat": lambda y: functional.adaptive_avg_pool2d(y, (1, 1)).view(y.size(0), -1),
    "mean": lambda y: y.mean([-1, -2], keepdim=True),
    "flat": lambda y: torch.flatten(y, 1),
    "reshaped": lambda y: y.reshape(y.shape[0], -1),
    "dropout": lambda y: functional.dropout(y, training=False).contiguous(),
}


@pytest.mark.parametrize("name", STEPS)
def test_what_stands_between_convolutions(name, tmp_path):
    x = images()
    agreement(converted(Steps(STEPS[name]), x=x), tmp_path, x)


MODULES = {
    "pools": lambda: (
        nn.MaxPool2d(2, 1),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 3, bias=False),
    ),
    "clamps": lambda: (nn.ReLU(inplace=True), nn.Hardtanh(-1, 0.5), nn.ReLU6(), nn.Dropout(), nn.Identity()),
    "a layer in float": lambda: (nn.Conv2d(6, 4, 3, stride=2, padding=1, dilation=2, groups=2), nn.ReLU()),
    "a classifier": lambda: (nn.Flatten(), nn.Linear(6 * 18 * 15, 33), nn.ReLU(), nn.Linear(33, 17)),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_between_convolutions(name, tmp_path):
    x = images()
    later = list(MODULES[name]())
    model = converted(layers(nn.Conv2d(3, 6, 3, padding=1), *later), x=x, skip=("1",) if "float" in name else ())
    agreement(model, tmp_path, x)


def test_a_network_without_quantised_layers_is_one_too(tmp_path):
    model = layers(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Flatten()).eval()
    compiled = CompiledNetwork(model, tmp_path, images(), STRICT, watched=False)
    with torch.no_grad():
        wanted = model(images())
    np.testing.assert_allclose(compiled.outputs(images(), wanted.shape), wanted.numpy(), rtol=1e-5, atol=1e-6)


def test_a_layer_that_is_used_twice(tmp_path):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, x):
            return self.layer(functional.relu(self.layer(x)))

    x = images(channels=4)
    model = converted(Twice(), x=x)
    compiled = CompiledNetwork(model, tmp_path, x, STRICT, watched=False)
    with torch.no_grad():
        assert np.array_equal(compiled.outputs(x, (2, 4, 18, 15)), model(x).numpy())


def test_threads_share_the_images(tmp_path):
    model, x = converted(Small()), images(5)
    compiled = CompiledNetwork(model, tmp_path, x, STRICT, watched=False)
    alone = compiled.outputs(x, (5, 10))
    assert np.array_equal(compiled.outputs(x, (5, 10), threads=3), alone)
    assert np.array_equal(compiled.outputs(x, (5, 10), threads=7), alone)


def test_statuses(tmp_path):
    compiled = CompiledNetwork(converted(Small()), tmp_path, images(), STRICT, watched=False)
    run, size = compiled.library.network_run, compiled.library.network_work_size(1)
    memory = np.zeros(size + 64, np.uint8)
    work = memory.ctypes.data + -memory.ctypes.data % 64
    x, y = np.zeros(3 * 18 * 15, np.float32).ctypes.data, np.zeros(10, np.float32).ctypes.data
    assert run(x, 1, y, work, size, 0, 1) == 0
    assert run(x, 0, y, work, size, 0, 1) == 0
    assert run(x, 1, y, work, size - 1, 0, 1) == -4
    assert run(x, 1, y, work, size, 0, 2) == -4
    assert compiled.library.network_work_size(0) == 0
    wrong = [(None, 1, y, work), (x, 1, None, work), (x, 1, y, None), (x, -1, y, work), (x, 1, y, work + 4)]
    assert {run(*given, size, 0, 1) for given in wrong} == {-1}
    assert {run(x, 1, y, work, size, *threads) for threads in ((1, 1), (-1, 1), (0, 0), (0, -1))} == {-1}


@pytest.mark.parametrize("compiler", ["gcc", "clang", "g++", "clang++"])
@pytest.mark.parametrize(
    "flags", [(), NATIVE, PLAIN, (*NATIVE, "-DNETWORK_WATCH")], ids=["baseline", "native", "plain", "watch"]
)
def test_no_compiler_warns(compiler, flags, tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    language = ["-x", "c++", "-std=c++17"] if "++" in compiler else ["-std=c99"]
    for number, (size, scheme, word) in enumerate(
        [("F4 wincnn", "tapwise-8", 16), ("F4 legendre", "barabasz-2020-8", 8), ("F2", "ncnn-int8", 16)]
    ):
        folder = tmp_path / str(number)
        export_c(converted(Small(), size, scheme), folder, images(), word=word)
        command = [compiler, *language, *WARNINGS, *flags, "-fsyntax-only", str(folder / "network.c")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr


MAIN = """
#include "network.h"
#include <stdio.h>
#include <stdlib.h>
static float images[2 * 3 * 18 * 15], outputs[2 * 10];
int main(void)
{
    const size_t size = network_work_size(1);
    void *work = aligned_alloc(64, size);
    size_t i;
    for (i = 0; i < sizeof images / sizeof *images; ++i) images[i] = (float)((int)(i * 37 % 101) - 50) / 20.0F;
    if (network_run(images, 2, outputs, work, size, 0, 1)) return 1;
    for (i = 0; i < sizeof outputs / sizeof *outputs; ++i) printf("%a\\n", (double)outputs[i]);
    free(work);
    return 0;
}
"""


def program(folder, command, runner=()):
    """What a program prints that runs a network on two images."""
    (folder / "main.c").write_text(MAIN)
    output = folder / "main"
    sources = [str(folder / name) for name in ("main.c", "network.c")]
    done = subprocess.run([*command, *sources, "-o", str(output), "-lm"], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    ran = subprocess.run([*runner, str(output)], capture_output=True, text=True, check=False)
    assert not ran.returncode, ran.stderr
    return [float.fromhex(line) for line in ran.stdout.split()]


def wanted(model):
    x = torch.tensor([(i * 37 % 101 - 50) / 20 for i in range(2 * 3 * 18 * 15)]).view(2, 3, 18, 15)
    with torch.no_grad():
        return model(x).numpy().ravel()


@pytest.mark.parametrize("flags", [NATIVE, PLAIN], ids=["native", "plain"])
@pytest.mark.parametrize(("scheme", "word"), [("tapwise-8", 16), ("barabasz-2020-8", 8), ("ncnn-int8", 16)])
def test_nothing_is_undefined(scheme, word, flags, tmp_path):
    model = converted(Small(), scheme=scheme)
    export_c(model, tmp_path, images(), word=word)
    command = [CC, "-std=c11", "-O1", "-g", *flags, "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    np.testing.assert_allclose(program(tmp_path, command), wanted(model), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("word", [16, 8])
@pytest.mark.parametrize("arch", ["armv8-a", "armv8.2-a+dotprod"])
def test_arm(word, arch, tmp_path):
    compiler, emulator = shutil.which("aarch64-linux-gnu-gcc"), shutil.which("qemu-aarch64")
    if compiler is None or emulator is None:
        pytest.skip("no cross compiler for aarch64, or no qemu-aarch64")
    model = converted(Small())
    export_c(model, tmp_path, images(), lanes=4, word=word)
    command = [compiler, "-std=c11", "-O2", "-static", f"-march={arch}", *WARNINGS]
    found = program(tmp_path, command, [emulator, "-cpu", "max"])
    np.testing.assert_allclose(found, wanted(model), rtol=1e-5, atol=1e-6)


def test_the_same_network_gives_the_same_files(tmp_path):
    model = converted(Small())
    texts = []
    for name in ("first", "second"):
        paths = export_c(model, tmp_path / name, images(4), name="small_net")
        assert [path.name for path in paths] == ["small_net.h", "small_net.c", "small_net_tables.h"]
        texts.append([path.read_text() for path in paths])
    assert texts[0] == texts[1]
    assert str(tmp_path) not in "".join(texts[0])


def test_the_network_stays_as_it_is(tmp_path):
    model = converted(Small()).train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    export_c(model, tmp_path, images())
    assert model.training
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert not any(stage._forward_hooks for stage in model.modules())


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

    def forward(self, x):
        return self.bn(self.conv(x))


class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv(x) if x.sum() > 0 else self.conv(-x)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv(x), x


REFUSED = {
    "batch normalisation": (lambda: converted(Norm()), "module bn.*fold_bn=True before calibrate"),
    "a module": (lambda: converted(layers(nn.Conv2d(3, 4, 3), nn.Sigmoid())), "module 1: Sigmoid has no C code"),
    "a function": (lambda: converted(Steps(torch.sigmoid)), "sigmoid has no C code"),
    "a method": (lambda: converted(Steps(lambda y: y.exp())), "exp has no C code"),
    "an operand": (lambda: converted(Steps(lambda y: y + 1)), "add: one of its operands is no image"),
    "a change of a part": (lambda: converted(Steps(lambda y: y[:, 1:].relu_())), "changes layer in place"),
    "channels of a mean": (lambda: converted(Steps(lambda y: y.mean(1))), "mean over 1"),
    "values that decide": (lambda: converted(Branch()), "cannot trace"),
    "two outputs": (lambda: converted(Pair()), "something else than one tensor"),
    "circular padding": (
        lambda: converted(layers(nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"))),
        "layer 0: it pads with circular",
    ),
    "float schemes": (
        lambda: convert(Small().eval(), "F(2x2,3x3)", "fp16"),
        "layer first: fp16 rounds every operation",
    ),
    "no scheme": (
        lambda: convert(Small().eval(), "F(2x2,3x3)"),
        "layer first: the scheme exact does not store its input",
    ),
    "no output": (lambda: converted(Small(), scheme="tapwise-8,output=none"), "layer first.*does not store its output"),
    "no scales": (lambda: convert(Small().eval(), "F(2x2,3x3)", "tapwise-8"), "not calibrated"),
    "learned matrices": (
        lambda: converted(Small(), transforms="flex"),
        'layer first: its matrices are learned.*"static"',
    ),
    "irrational points": (
        lambda: converted(Small(), parse("F(4x4,3x3)", points="0,1,-1,sqrt(2),-sqrt(2)")),
        "layer first: its matrices are not rational",
    ),
    "a stride by tiles": (
        lambda: converted(Small(), lambda name, layer: "F(4x4,3x3)", "tapwise-8"),
        "layer third: it runs as 4 pieces of a plan.*plans=False.*choose None",
    ),
    "wide data": (
        lambda: converted(Small(), scheme="tapwise-8,U=int20/tap"),
        "layer first: its U reaches .*beyond 16 bits",
    ),
    "very wide products": (
        lambda: converted(Small(), scheme="tapwise-8,M=int40/tap"),
        "layer first: its M is stored in",
    ),
    "sums that wrap, by tap": (
        lambda: converted(Small(), scheme="ncnn-int8,M=int16/tap"),
        "layer first: its sums wrap and its scales differ",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::wincraft.torch.StaleScales")
def test_what_has_no_c_code_is_refused_by_name(name, tmp_path):
    make, told = REFUSED[name]
    model = make()
    with pytest.raises(NotApplicable, match=told):
        export_c(model, tmp_path / "files", images())
    assert not (tmp_path / "files").exists()


def test_words_that_do_not_hold_the_operands(tmp_path):
    model = converted(Small(), scheme="ncnn-int8")
    with pytest.raises(NotApplicable, match="U reaches 12700, beyond 8 bits; export with word=16"):
        export_c(model, tmp_path, images(), word=8)


@pytest.mark.parametrize(
    ("options", "kind", "told"),
    [
        ({"name": "my net"}, BadValue, "letters, digits"),
        ({"lanes": 5}, BadValue, "4, 8, 16"),
        ({"word": 32}, BadValue, "8 or 16"),
        ({"example": images()[0]}, BadShape, "N, C, H, W"),
        ({"example": images().double()}, WrongType, "float64"),
        ({"example": [1.0]}, WrongType, "a batch of images"),
    ],
)
def test_arguments(options, kind, told, tmp_path):
    given = {"example": images()} | options
    with pytest.raises(kind, match=told):
        export_c(converted(Small()), tmp_path, **given)


def test_parameters_of_another_dtype(tmp_path):
    with pytest.raises(WrongType, match=r"first.weight of torch.float16.*call .float"):
        export_c(converted(Small()).half(), tmp_path, images())


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(CannotWrite):
        export_c(converted(Small()), tmp_path / "taken", images())


def test_steps_are_merged_into_the_convolution_before_them():
    network = exported_network(converted(Small()), images())
    assert [step.kind for step in network.steps] == ["load", "quantised", "quantised", "quantised", "mean", "linear"]
    assert [dict(step.sizes) for step in network.steps if step.layer] == [{"relu": 1}] * 3
    assert [len(step.inputs) for step in network.steps if step.layer] == [1, 2, 1]


def test_what_nobody_shows_stays_unseen(tmp_path):
    """The arrays of the comparison are filled by the C code alone."""
    model = converted(Small())
    compiled = CompiledNetwork(model, tmp_path, images(), STRICT, watched=True)
    _, like = layer_integers(model, images(), Agreement())
    _, found = compiled.watched(images(), like, (2, 10))
    assert all((codes != UNSEEN).all() for stages in found for codes in stages.values())
