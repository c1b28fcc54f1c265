# SPDX-License-Identifier: Apache-2.0
"""The presets word for word, their options, texts and documents, and what is no scheme."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from oracle_messages import refused

from wincraft.errors import BadDocument, BadValue, NotApplicable, UnknownName
from wincraft.numbers import FORMATS, IntegerGrid, IntegerRange, parse_quantizer
from wincraft.quantise import OPTIONS, SCHEMES, STAGES, Scheme, parse_scheme, scheme_from_document
from wincraft.quantise.schemes import integers_of

EVERYWHERE = ("input", "weights", "pre_step", "U", "V", "M", "post_step", "output")
WITHOUT_STEPS = ("input", "weights", "U", "V", "M", "output")

PRESETS = {
    "barabasz-2020-8": dict.fromkeys(EVERYWHERE, "int8/tensor"),
    "barabasz-2020-8-9": dict.fromkeys(EVERYWHERE, "int8/tensor") | {"M": "int9/tensor"},
    "winograd-aware-nets": dict.fromkeys(WITHOUT_STEPS, "int8-full/tensor"),
    "tapwise-8": dict.fromkeys(WITHOUT_STEPS, "int8/tensor") | dict.fromkeys("UVM", "int8/tap"),
    "tapwise-pow2": dict.fromkeys(WITHOUT_STEPS, "int8/tensor/pow2")
    | dict.fromkeys("UV", "int8/tap/pow2")
    | {"M": "int10/tap/pow2"},
    "ncnn-int8": {"input": "int8/tensor", "weights": "int6/channel", "output": "int8/tensor"},
    "fp32": dict.fromkeys(EVERYWHERE, "fp32"),
    "fp16-fp32acc": dict.fromkeys(("U", "V", "M", "output"), "fp16"),
    "fp16": dict.fromkeys(EVERYWHERE, "fp16"),
    "bf16": dict.fromkeys(EVERYWHERE, "bf16"),
    "fp8-e4m3": dict.fromkeys(("input", "weights", "U", "V"), "fp8-e4m3/tensor/pow2") | {"output": "fp16"},
    "fp8-e5m2": dict.fromkeys(("input", "weights", "U", "V"), "fp8-e5m2/tensor/pow2") | {"output": "fp16"},
}
ARITHMETIC = {
    "fp32": "fp32",
    "fp16-fp32acc": "fp32",
    "fp16": "fp16",
    "bf16": "bf16",
    "fp8-e4m3": "fp32",
    "fp8-e5m2": "fp32",
}


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name):
    scheme = SCHEMES[name]
    assert scheme.name == name
    assert {stage: quantizer.name for stage, quantizer in scheme.stages.items()} == PRESETS[name]
    assert (scheme.arithmetic.name if scheme.arithmetic else None) == ARITHMETIC.get(name)
    assert (scheme.accumulator, scheme.order, scheme.channel_order) == (None, "sequential", "sequential")
    assert scheme.calibration == "max-abs"
    assert scheme.word == (16 if name == "ncnn-int8" else None)
    if name == "winograd-aware-nets":
        assert (scheme.matrices.low, scheme.matrices.high, float(scheme.matrices.limit)) == (-128, 127, 127.5)
    else:
        assert scheme.matrices == scheme.arithmetic


def test_no_preset_is_left_out():
    assert sorted(SCHEMES) == sorted(PRESETS)


@pytest.mark.parametrize("name", ["barabasz-2020-8", "tapwise-8", "tapwise-pow2", "ncnn-int8", "winograd-aware-nets"])
def test_options(name):
    scheme = SCHEMES[name]
    text = f"{name}+weights-per-channel+unsigned+percentile:99.5"
    changed = parse_scheme(text)
    assert changed.name == text
    assert changed.named_by_text
    assert changed.calibration == "percentile:99.5"
    for stage in STAGES:
        before, after = getattr(scheme, stage), getattr(changed, stage)
        if stage in ("weights", "V") and before:
            per = {"tensor": "channel", "tap": "channel-tap", "channel": "channel"}[before.per]
            assert after == replace(before, per=per)
        elif stage in ("input", "output"):
            assert after == replace(before, format=IntegerGrid(8, IntegerRange.UNSIGNED))
        else:
            assert after == before


@pytest.mark.parametrize("name", ["fp32", "fp16", "bf16", "fp16-fp32acc"])
def test_options_that_a_float_scheme_does_not_have(name):
    with refused(NotApplicable, name, "weights"):
        parse_scheme(f"{name}+weights-per-channel")
    with refused(NotApplicable, name, "activations"):
        parse_scheme(f"{name}+unsigned")
    with refused(NotApplicable, name, "scales"):
        parse_scheme(f"{name}+mse")


def test_options_of_fp8():
    changed = parse_scheme("fp8-e4m3+weights-per-channel")
    assert changed.weights.name == changed.V.name == "fp8-e4m3/channel/pow2"
    with refused(NotApplicable, "activations"):
        parse_scheme("fp8-e4m3+unsigned")


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_one_of_integers(option):
    changed = parse_scheme(f"tapwise-8+{option}")
    assert (replace(changed, name="tapwise-8") == SCHEMES["tapwise-8"]) == (option == "max-abs")


def test_options_act_when_all_fields_are_changed():
    last, first = parse_scheme("tapwise-8,input=int6+unsigned+mse"), parse_scheme("tapwise-8+unsigned+mse,input=int6")
    assert last == replace(first, name=last.name)
    assert last.input.name == "uint6/tensor"
    assert parse_scheme("tapwise-8,accumulator=fp32,arithmetic=fp16").accumulator == FORMATS["fp32"]


@pytest.mark.parametrize(
    ("text", "stage", "name"),
    [
        ("tapwise-pow2,M=int8/tap/pow2", "M", "int8/tap/pow2"),
        ("tapwise-pow2, M = int9/tap/pow2", "M", "int9/tap/pow2"),
        ("barabasz-2020-8,pre-step=none", "pre_step", None),
        ("ncnn-int8,output=none", "output", None),
        ("tapwise-8,post-step=int12", "post_step", "int12/tensor"),
        ("fp16,M=q7.8", "M", "q7.8"),
    ],
)
def test_texts_change_one_stage(text, stage, name):
    scheme, preset = parse_scheme(text), SCHEMES[text.partition(",")[0]]
    changed = getattr(scheme, stage)
    assert (changed.name if changed else None) == name
    assert replace(scheme, **{stage: getattr(preset, stage)}, name=preset.name) == preset


def test_texts_change_other_fields():
    scheme = parse_scheme("fp16,accumulator=fp32,channel-order=pairwise,order=huffman,calibration=mse")
    assert (scheme.accumulator, scheme.channel_order, scheme.order) == (FORMATS["fp32"], "pairwise", "huffman")
    assert scheme.calibration == "mse"
    assert parse_scheme("ncnn-int8,word=12").word == 12


@pytest.mark.parametrize(
    ("text", "kind", "mentions"),
    [
        ("tapwise-9", UnknownName, ["did you mean tapwise-8"]),
        ("", UnknownName, ["scheme", "tapwise-8"]),
        ("tapwise-8,Input=int8", UnknownName, ["did you mean input"]),
        ("tapwise-8,post-stop=int8", UnknownName, ["did you mean post-step"]),
        ("tapwise-8,M", UnknownName, ["'M'"]),
        ("tapwise-8,", UnknownName, ["''"]),
        ("tapwise-8,M=int8/tpa", UnknownName, ["did you mean tap"]),
        ("tapwise-8,M=int0", BadValue, ["0 bits", "2 to 53"]),
        ("tapwise-8,M=int200", BadValue, ["200 bits", "2 to 53"]),
        ("tapwise-8,M=int8/tap/pow3", UnknownName, ["pow3"]),
        ("tapwise-8,M=q3.4/tap", BadValue, ["q3.4"]),
        ("tapwise-8,input=int8/tap", BadValue, ["of input is tap"]),
        ("tapwise-8,output=int8/channel-tap", BadValue, ["of output is channel-tap"]),
        ("tapwise-8,U=int8/channel", BadValue, ["of U is channel"]),
        ("tapwise-8,input=int8/channel", BadValue, ["of input is channel"]),
        ("tapwise-8,U=uint8/tap", BadValue, ["uint8"]),
        ("tapwise-8+unsinged", UnknownName, ["option of a scheme", "did you mean unsigned"]),
        ("tapwise-8,unsigned", UnknownName, ["'unsigned'", "PRESET+unsigned"]),
        ("tapwise-8+percentile:200", BadValue, ["200"]),
        ("tapwise-8+mse:5", UnknownName, ["'mse:5'"]),
        ("tapwise-8+", UnknownName, ["option of a scheme", "''"]),
        ("tapwise-8,M=int10+tap", UnknownName, ["option of a scheme", "'tap'"]),
        ("tapwise-8,calibration=mean", UnknownName, ["mean", "max-abs"]),
        ("tapwise-8,calibration=percentile:200", BadValue, ["200"]),
        ("tapwise-8,word=0", BadValue, ["0 bits"]),
        ("tapwise-8,word=200", BadValue, ["200 bits"]),
        ("tapwise-8,word=many", BadDocument, ["many"]),
        ("tapwise-8,word=" + "9" * 5000, BadDocument, ["word is '999", "(5002 characters)"]),
        ("tapwise-8,accumulator=fp32", BadValue, ["accumulator"]),
        ("tapwise-8,matrices=uint8", BadValue, ["negative"]),
        ("tapwise-8,matrices=q3.4", BadValue, ["q3.4"]),
        ("tapwise-8,arithmetic=int8", BadValue, ["int8"]),
        ("fp16,order=backwards", UnknownName, ["backwards", "sequential"]),
    ],
)
def test_texts_that_are_no_scheme(text, kind, mentions):
    with refused(kind, *mentions):
        parse_scheme(text)


@pytest.mark.parametrize("name", SCHEMES)
def test_documents_are_read_back(name):
    scheme = SCHEMES[name]
    for changed in (scheme, replace(scheme, name="other", calibration="percentile:99", M=parse_quantizer("int9/tap"))):
        document = json.loads(json.dumps(changed.to_document()))
        assert (document["kind"], document["version"]) == ("wincraft.scheme", 1)
        assert set(document) <= {field.name for field in fields(Scheme)} | {"kind", "version"}
        assert scheme_from_document(document) == changed


def test_a_document_may_be_short():
    assert scheme_from_document({"name": "mine", "U": "int8/tap"}) == Scheme("mine", U=parse_quantizer("int8/tap"))


@pytest.mark.parametrize(
    ("document", "kind", "mentions"),
    [
        (None, BadDocument, ["name"]),
        ([], BadDocument, ["name"]),
        ({"U": "int8"}, BadDocument, ["name"]),
        ({"name": 3}, BadDocument, ["name"]),
        ({"kind": "wincraft.algorithm"}, BadDocument, []),
        ({"name": "x", "kind": "wincraft.algorithm"}, BadDocument, ["kind"]),
        ({"name": "x", "version": 2}, BadDocument, ["version"]),
        ({"name": "x", "UV": "int8"}, UnknownName, ["'UV'", "field"]),
        ({"name": "x", "pre-step": "int8"}, UnknownName, ["did you mean pre_step"]),
        ({"name": "x", "U": 8}, BadDocument, ["U is 8"]),
        ({"name": "x", "U": None}, BadDocument, ["None"]),
        ({"name": "x", "word": True}, BadDocument, ["True"]),
        ({"name": "x", "word": -5}, BadDocument, ["-5"]),
        ({"name": "x", "word": 1.5}, BadDocument, ["1.5"]),
        ({"name": "x", "word": 10**9}, BadValue, ["1000000000"]),
        ({"name": "x", "U": "int8/tpa"}, UnknownName, ["tpa"]),
        ({"name": "x", "arithmetic": "fp16", "accumulator": "int8"}, BadValue, ["accumulator"]),
    ],
)
def test_documents_that_are_none(document, kind, mentions):
    with refused(kind, *mentions):
        scheme_from_document(document)


def test_one_line_says_it_all():
    assert SCHEMES["tapwise-pow2"].describe() == (
        "tapwise-pow2: input int8/tensor/pow2, weights int8/tensor/pow2, U int8/tap/pow2, V int8/tap/pow2, "
        "M int10/tap/pow2, output int8/tensor/pow2"
    )
    assert Scheme("exact").describe() == "exact: nothing is rounded"
    told = parse_scheme("fp16,accumulator=fp32,channel-order=pairwise,calibration=mse").describe()
    for part in ("matrices fp16", "every operation fp16", "fp32 accumulator", "pairwise channels", "calibration mse"):
        assert part in told
    assert "operands exact in int16, 32-bit sums" in SCHEMES["ncnn-int8"].describe()


@pytest.mark.parametrize(
    ("text", "stage", "name"),
    [
        ("fp32,U=fixed<16,6>", "U", "q5.10"),
        ("fp32,U=ap_fixed<16,6>,V=fp16", "U", "fixed<16,6,TRN,WRAP>"),
        ("fp32, V = ap_fixed< 16, 6, AP_RND, AP_SAT_SYM >", "V", "fixed<16,6,RND,SAT_SYM>"),
        ("fp32,M=fixed<18,8,AP_TRN,AP_WRAP>,output=none", "M", "fixed<18,8,TRN,WRAP>"),
        ("barabasz-2020-8,post-step=ufixed<8,-2>", "post_step", "ufixed<8,-2>"),
    ],
)
def test_fixed_point_inside_a_scheme(text, stage, name):
    scheme = parse_scheme(text)
    assert getattr(scheme, stage).name == name
    assert scheme_from_document(json.loads(json.dumps(scheme.to_document()))) == scheme
    assert scheme.named_by_text


@pytest.mark.parametrize("text", ["fp32,U=fixed<16,6", "fp32,U=fixed 16,6>", "fp32,U=fixed<16,6,FOO>", "fp32,6>"])
def test_what_is_no_fixed_point_inside_a_scheme(text):
    with pytest.raises(UnknownName):
        parse_scheme(text)


def test_a_scheme_with_a_name():
    scheme = parse_scheme("mine:tapwise-8,M=int10/tap")
    assert scheme == replace(parse_scheme("tapwise-8,M=int10/tap"), name="mine")
    assert not scheme.named_by_text
    unsigned = parse_scheme("mine:tapwise-8+unsigned,M=int10/tap")
    assert (unsigned.name, unsigned.input.name, unsigned.M.name) == ("mine", "uint8/tensor", "int10/tap")
    assert parse_scheme("tapwise-8,calibration=percentile:99").name == "tapwise-8,calibration=percentile:99"
    assert parse_scheme(" 8 bits : tapwise-8".replace("8 bits", "bits 8")).name == "bits 8"
    assert parse_scheme("mine:fp32,calibration=percentile:99").calibration == "percentile:99"


@pytest.mark.parametrize("name", ["fp16", "", "1st", "a+b", "a/b", "a" * 41, "a:b"])
def test_names_that_a_scheme_cannot_have(name):
    with pytest.raises((BadValue, UnknownName)) as caught:
        parse_scheme(f"{name}:fp32")
    assert "\n" not in str(caught.value)


def test_the_integers_of_schemes():
    def of(*texts):
        found = integers_of([parse_scheme(text) for text in texts])
        return (found.data.low, found.data.high), (found.filter.low, found.filter.high), found.accumulator

    int8, uint8, int6 = (-128, 127), (0, 255), (-32, 31)
    assert of() == of("fp16") == of("tapwise-8", "fp32") == (int8, int8, 32)
    assert of("tapwise-8,input=uint8") == (uint8, int8, 32)
    assert of("ncnn-int8") == (int8, int6, 32)
    assert of("ncnn-int8", "tapwise-8,input=uint8") == ((-128, 255), int8, 32)
    assert of("fp32,input=ap_ufixed<4,4>,weights=q2.3") == ((0, 15), int6, 32)
    assert integers_of([parse_scheme("tapwise-8+unsigned")]).data.high == 255
