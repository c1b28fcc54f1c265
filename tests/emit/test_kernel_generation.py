# SPDX-License-Identifier: Apache-2.0
"""What a kernel cannot be made of, and what is said instead; what its header states is what was proved."""

from __future__ import annotations

import pytest
from kernel_calls import KERNELS, algorithm_of, bound_of, files_of
from oracle_messages import refused
from oracle_tiles import kronecker_square

from wincraft import parse, winograd
from wincraft.emit.kernel.conv2d import conv2d_files
from wincraft.emit.kernel.writing import write_kernel
from wincraft.errors import BadValue, CannotWrite, NotApplicable, UnknownName, WrongForm
from wincraft.measure.float_bound import error_bound


@pytest.mark.parametrize("lanes", [0, 1, 5, 12, 32, -8])
def test_lanes(lanes):
    with refused(BadValue, f"lanes is {lanes}", "4, 8, 16"):
        conv2d_files(parse("F(2x2,3x3)"), lanes=lanes)


@pytest.mark.parametrize("type", ["float64", "int16", "", "FLOAT32", "float"])
def test_types(type):
    with refused(UnknownName, repr(type), "float32, float16, bfloat16, int8, uint8"):
        conv2d_files(parse("F(2x2,3x3)"), type)


def test_forms_and_axes():
    with refused(NotApplicable, "F(2x2x2,3x3x3)", "3 axes", "one or two"):
        conv2d_files(parse("F(2x2x2,3x3x3)"))
    with refused(WrongForm, "conv2d"):
        conv2d_files(winograd(2, 3).transpose())
    with refused(NotApplicable, "whole tiles", "nested along axes"):
        conv2d_files(kronecker_square())


@pytest.mark.parametrize(
    ("size", "type", "points", "mentions"),
    [
        (
            "F(6x6,3x3)",
            "int8",
            "0,1,-1,2,-2,1/2,-1/2",
            ("needs 20 bits, a word has 16", "int8-exact points hold 3,640"),
        ),
        ("F(4x4,3x3)", "int8", "0,1,-1,2,1/2", ("needs 17 bits", "int8-exact points hold 3,640 channels")),
        ("F(4x4,3x3)", "uint8", "0,3/2,-3/2,2/3,-2/3", ("bits, a word has 16", "hold 1,827 channels")),
        ("F(12x12,3x3)", "int8", None, ("a word has 16", "F(8x8,3x3)", "holds 910 channels")),
        ("F(9x9,9x9)", "int8", None, ("a word has 16", "F(2x2,9x9)")),
    ],
)
def test_integers_that_do_not_fit_say_what_would(size, type, points, mentions):
    with refused(NotApplicable, f"an {type} kernel of {size}", *mentions):
        conv2d_files(parse(size, points=points), type)


def test_irrational_points_have_floats_alone():
    irrational = parse("F(4x4,3x3)", points="0,1,-1,sqrt(2),-sqrt(2)")
    with refused(NotApplicable, "rational points"):
        conv2d_files(irrational, "int8")
    assert "_ERROR(c)" in conv2d_files(irrational)["wincraft_f4x4_3x3_float32.h"]


def test_constants_beyond_float():
    with refused(NotApplicable, "F(3,3)", "normal range of float", "smaller height"):
        conv2d_files(parse("F(3,3)", points="0,1,-1,1/100000000000000000000"))


def test_folders_that_cannot_be_written(tmp_path):
    algorithm = parse("F(2x2,3x3)")
    (tmp_path / "file").write_text("")
    with refused(CannotWrite, "file"):
        write_kernel(algorithm, tmp_path / "file")
    with refused(CannotWrite, "file"):
        write_kernel(algorithm, tmp_path / "file" / "below")
    (tmp_path / "taken" / "wincraft_f2x2_3x3_float32.c").mkdir(parents=True)
    with refused(CannotWrite, "wincraft_f2x2_3x3_float32.c"):
        write_kernel(algorithm, tmp_path / "taken")
    assert len(list((tmp_path / "taken").iterdir())) == 1
    with refused(UnknownName, "'conv3d'", "conv2d"):
        write_kernel(algorithm, tmp_path, kernel="conv3d")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in ("F(8x8,3x3)", "F(7x7,3x3)")))
        for name, (_, type, _) in KERNELS.items()
        if type == "float32"
    ],
)
def test_the_bound_of_the_header_is_that_of_the_algorithm(name):
    """By another way than the kernel takes: every operation of its circuits rounds, channels are added one by one."""
    (header,) = (text for file, text in files_of(name).items() if file.endswith(".h"))
    stated, algorithm = bound_of(header), algorithm_of(name)
    for channels, room in ((1, 1.15), (2, 1.1), (3, 1.1), (8, 1.02), (100, 1.01), (1000, 1.01), (4096, 1.01)):
        proved = error_bound(algorithm, order="circuit", channels=channels).max()
        assert proved <= stated(channels) <= room * proved
