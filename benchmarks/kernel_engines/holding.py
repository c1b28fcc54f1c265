# SPDX-License-Identifier: Apache-2.0
"""Engines on one core and on AVX2: by their own switches, and where they have none by a masked `cpuid`.

Everything here has to happen before the first engine is loaded, so the benchmark starts itself anew with what
`environment` gives.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SWITCHES = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "DNNL_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "FBGEMM_ENABLE_INSTRUCTIONS": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OV_CPU_MAX_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
HELD = {
    "OpenBLAS": "OPENBLAS_CORETYPE",
    "torch": "ONEDNN_MAX_CPU_ISA, FBGEMM_ENABLE_INSTRUCTIONS",
    "openvino": "OV_CPU_MAX_ISA",
}
# family: a module that is not loaded to find it, and libraries beside it that ask the processor
ASKING = {
    "torch": ("torch", "lib/libc10.so"),  # fbgemm asks it for VNNI past its own switch
    "onnxruntime": ("onnxruntime", "capi/onnxruntime_pybind11_state*.so"),
    "XNNPACK": ("ai_edge_litert", "lib*itert*.so"),
    "ncnn": ("ncnn", "ncnn*.so"),
    "MNN": ("_mnncengine", "_mnncengine*.so"),
}
BEYOND = ("avx512f", "avx_vnni")  # what a processor must lack to run AVX2 code anyway
MARK = "WINCRAFT_HELD"
LIST = "WINCRAFT_MASK"
MASKED = "cpuid masked"


def processor() -> dict[str, str]:
    """The processor's name and flags as Linux tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {"model name": platform.processor(), "flags": ""}
    pairs = dict(line.split(":", 1) for line in lines if ":" in line)
    said = {key.strip(): value.strip() for key, value in pairs.items()}
    return {name: said.get(name, "") for name in ("model name", "cpu family", "model", "flags")}


def environment(isa: str, place: Path) -> dict[str, str]:
    """What the environment needs: one thread everywhere; for "avx2" the switches and a list of what is masked.

    Says under `MARK` by what every family is held, as `family=how` in lines. Files go to `place`.
    """
    values = dict(ONE_THREAD)
    if isa != "avx2":
        # OpenBLAS falls back to AVX2 on processors newer than itself
        wide = "avx512f" in processor()["flags"].split()
        return {**values, MARK: "", **({"OPENBLAS_CORETYPE": "SkylakeX"} if wide else {})}
    held = dict(HELD)
    values |= SWITCHES
    if any(flag in processor()["flags"].split() for flag in BEYOND):
        masked, why_not = _mask(place)
        held |= {family: ", ".join([*filter(None, [HELD.get(family)]), MASKED]) for family in masked}
        held |= dict.fromkeys(set(ASKING) - set(masked) - set(HELD), why_not)
        values |= {"LD_AUDIT": str(place / "mask.so"), LIST: str(place / "mask.txt")} if masked else {}
    else:
        held = dict.fromkeys([*HELD, *ASKING], "the processor has no more")
    return {**values, MARK: "\n".join(f"{family}={how}" for family, how in held.items())}


def held_by() -> dict[str, str]:
    """By what every family is held, "not held: ..." where it is not; masked ones only where memory shows the mask.

    To be asked when the engines are loaded.
    """
    held = dict(line.split("=", 1) for line in os.environ.get(MARK, "").splitlines())
    masked = [family for family, how in held.items() if how.endswith(MASKED)]
    if masked:
        listed = Path(os.environ[LIST]).read_text(encoding="utf-8").splitlines()
        loaded = _loaded()
        for family in masked:
            pattern = Path(ASKING[family][1]).name
            places = [line.split() for line in listed if fnmatch(line.split()[0], pattern)]
            seen = [loaded[name] + int(offset, 16) for name, offset in places if name in loaded]
            if any(ctypes.string_at(place, 2) != b"\x0f\x0b" for place in seen):
                held[family] = "not held: the mask did not take"
    return held


def _loaded() -> dict[str, int]:
    """Where the libraries of this process begin, by file name."""
    begin: dict[str, int] = {}
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        words = line.split(maxsplit=5)
        if len(words) == 6 and words[2] == "00000000":
            begin.setdefault(Path(words[5]).name, int(words[0].partition("-")[0], 16))
    return begin


def release_children() -> None:
    """Compilers and converters run as they are: only this process is audited, which began before."""
    os.environ.pop("LD_AUDIT", None)


def _mask(place: Path) -> tuple[list[str], str]:
    """Families whose cpuid instructions are listed in `place`/mask.txt, beside the auditor; and why others are not."""
    if platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc":
        return [], "not held: masking needs glibc on x86-64"
    missing = [tool for tool in ("gcc", "objdump") if not shutil.which(tool)]
    if missing:
        return [], f"not held: no {missing[0]} for masking"
    auditor = ["gcc", "-O2", "-shared", "-fPIC", str(Path(__file__).with_name("mask.c")), "-o", str(place / "mask.so")]
    if subprocess.run(auditor, capture_output=True, check=False).returncode:
        return [], "not held: the auditor does not compile"
    families, lines = [], []
    for family, (module, pattern) in ASKING.items():
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            continue
        found = [line for file in Path(spec.origin).parent.glob(pattern) for line in _asking(file)]
        if found:
            families.append(family)
            lines += found
    (place / "mask.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return families, "not held: no cpuid found in it"


def _asking(file: Path) -> list[str]:
    """`file offset` of every cpuid instruction: disassembled, since its bytes may stand inside others."""
    command = ["objdump", "-d", "--no-show-raw-insn", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        words = (line.split() for line in running.stdout if "cpuid" in line)
        return [f"{file.name} {word[0].rstrip(':')}" for word in words if word[1:] == ["cpuid"]]
