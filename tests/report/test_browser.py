# SPDX-License-Identifier: Apache-2.0
"""The explorer's page: what it holds, and in a browser the numbers of Python, for settings drawn at random."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from fractions import Fraction
from html import unescape
from html.parser import HTMLParser

import pytest

from wincraft import winograd
from wincraft.construct import CONVENTIONS, parse
from wincraft.errors import BadNumber, NotApplicable, NotCoprime, UnknownName
from wincraft.measure import noise_gain, worst_case_amplification
from wincraft.measure.ranges import ranges
from wincraft.numbers.box import Box
from wincraft.quantise import predict
from wincraft.report import PAGE_START, explorer_page, page_scheme, page_settings

SETTINGS = 50
WRONG = {
    "0,1,1,2": "1 is listed twice, at positions 1 and 2 (from 0); remove one",
    "0,2/4,1/2": "1/2 is listed twice, at positions 1 and 2 (from 0); remove one",
    "0,1/0,2": "not a point: 1/0; a denominator cannot be 0",
    "0,1": "F(2,3) needs 4 points with inf (3 without, inf is then appended): got 2; add 2",
    "0,1,-1,2,-2,3": "F(2,3) needs 4 points with inf (3 without, inf is then appended): got 6; remove 2",
    "0,sqrt(2),1": "not a point: 'sqrt(2)'; write integers, fractions such as 3/2, and inf",
    "0,<b>,1": "not a point: '<b>'; write integers, fractions such as 3/2, and inf",
    "0,,1": "an item of the list is empty in '0,,1'; separate points by one comma",
    " ": "there are no points; write some, such as 0,1,-1,2,-2",
    "0,1,1234567890": "a point has too many digits: 1234567890; here it has at most 9",
}
"""Points of F(2,3) that are none, and the line that the page says."""
TEXTS = {"[0 ±1]": "0,1,-1", "inf, 0, 1/-2, −1": "inf,0,-1/2,-1", "+1, 2 / 4, 0": "1,1/2,0"}
"""Points as people write them, and plainly."""


class Parts(HTMLParser):
    """The elements of a page: tags with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def known(page):
    """The data in a page."""
    return json.loads(re.search(r'<script type="application/json" id="known">(.*?)</script>', page)[1])


def test_it_is_one_file_that_loads_nothing():
    page = explorer_page()
    assert not re.search(r"\b(src|href)=|url\(|@import|fetch\(|XMLHttpRequest|https?:", page)
    assert len(page) < 100_000


def test_every_control_has_a_label_and_every_id_is_one():
    parts = Parts(explorer_page()).found
    ids = [attributes["id"] for _, attributes in parts if "id" in attributes]
    assert len(ids) == len(set(ids))
    controls = {attributes["id"] for tag, attributes in parts if tag in ("input", "select")}
    assert controls == {attributes["for"] for tag, attributes in parts if tag == "label"}
    assert controls >= PAGE_START.keys() | {"points"}
    asked = set(re.findall(r'\bat\("(\w+)"\)', explorer_page()))
    assert asked <= set(ids)


def test_the_script_has_every_convention():
    script = explorer_page().split('"use strict"')[1]
    table = re.search(r"^const CONVENTIONS = \{(.*?)^\};", script, re.MULTILINE | re.DOTALL)[1]
    assert re.findall(r'^  "?([\w-]+)"?[:(]', table, re.MULTILINE) == [
        "monic", "wincnn", *(name for name in CONVENTIONS if name not in ("monic", "wincnn"))
    ]  # fmt: skip


def test_its_sets_make_algorithms_of_its_sizes():
    for item in page_settings()["sizes"]:
        assert item["m"] + item["r"] <= 9
        for named in item["sets"]:
            found = winograd(item["m"], item["r"], points=named["points"])
            assert found.rank == item["m"] + item["r"] - 1, named


def test_it_starts_with_what_is_given():
    assert known(explorer_page("6x6,3x3", "integer", "pow2"))["start"] == PAGE_START | {
        "size": "F(6x6,3x3)",
        "points": ",".join(map(str, parse("F(6,3)", points="integer").moduli)),
        "convention": "pow2",
    }
    assert known(explorer_page())["start"]["points"] == "0,3/2,-3/2,2/3,-2/3,inf"


@pytest.mark.parametrize(
    ("size", "points", "error"),
    [
        ("F(8,3)", None, NotApplicable),
        ("F(2x4,3x3)", None, NotApplicable),
        ("F(1,3)", None, NotApplicable),
        ("F(2x2x2,3x3x3)", None, NotApplicable),
        ("F(4,3)", "quadratic", NotApplicable),
        ("F(4x4,3x3)", "whole", NotApplicable),
        ("F(4,3)", "0,sqrt(2),-sqrt(2),1,-1", NotApplicable),
        ("F(2x2,3x3)", "0,1,-1;0,1,2", NotApplicable),
        ("F(4,3)", "0,1,1,2,3", NotCoprime),
        ("F(4,3)", "0,1/0,1,2,3", BadNumber),
        ("F(4,3)", "no-such-set", UnknownName),
    ],
)
def test_what_it_cannot_start_with(size, points, error):
    with pytest.raises(error) as caught:
        explorer_page(size, points)
    assert "\n" not in str(caught.value)


# --- in a browser -----------------------------------------------------------------------------------------------------


def drawn(rng):
    """Settings as the page's controls give them: known sets and free points, all sizes, scalings, bits and scales."""
    item = rng.choice(page_settings()["sizes"])
    m, r, axes = item["m"], item["r"], rng.choice([1, 2])
    points = rng.choice(item["sets"])["points"]
    if rng.random() < 0.7:
        free = set()
        while len(free) < m + r - 2:
            free.add(Fraction(rng.randint(-4, 4), rng.randint(1, 4)))
        texts = [str(value) for value in free]
        rng.shuffle(texts)
        if rng.random() < 0.3:
            texts.insert(rng.randrange(len(texts) + 1), "inf")
        points = ",".join(texts)
    return {
        "size": f"F({m},{r})" if axes == 1 else f"F({m}x{m},{r}x{r})",
        "points": points,
        "convention": rng.choice(list(CONVENTIONS)),
        "per": rng.choice([per for _, per in page_settings()["scales"]]),
        "channels": str(rng.choice([1, 8, 64, 512])),
        **{name: str(rng.randint(4, 16)) for name in ("data", "U", "V", "M")},
    }


def answers(given):
    """What Python says of settings, in the words of `HOOK`."""
    algorithm = parse(given["size"], points=given["points"], convention=given["convention"])
    axis, box = algorithm.factors[0], Box(-1, 1)
    reach = ranges(axis, box, box)
    found = predict(algorithm, page_scheme(given), None, int(given["channels"]))
    return {
        "gain": str(algorithm.noise_gain()),
        "worst": str(worst_case_amplification(algorithm)),
        "taps": [str(value) for value in noise_gain(axis).contributions],
        "data": [str(value) for value in reach["BT"].high],
        "weights": [str(value) for value in reach["G"].high],
        "AT": [[str(value) for value in row] for row in axis.AT.tolist()],
        "G": [[str(value) for value in row] for row in axis.G.tolist()],
        "BT": [[str(value) for value in row] for row in axis.BT.tolist()],
        "scale": str(axis.scale),
        "stages": found.stages,
    }


HOOK = """
<pre id="answers"></pre>
<script>
const asked = JSON.parse(document.getElementById("asked").textContent);
const texts = (values) => values.map(String);
const answers = asked.settings.map((settings) => {
  put(settings);
  const found = update();
  if (!found) return at("problem").textContent;
  const { A, G, B, m, scale } = found.algorithm;
  return { gain: `${found.gain}`, worst: `${found.worst}`, taps: texts(found.parts), stages: found.stages,
           data: texts(found.data), weights: texts(found.weights), scale: `${scale}`,
           AT: A[0].map((_, i) => texts(A.map((column) => column[i]))), G: G.map(texts), BT: B.map(texts),
           shown: at("facts").textContent, rows: document.querySelectorAll("#stages tbody tr").length };
});
const problems = asked.wrong.map((changes) => {
  put({ ...KNOWN.start, size: "F(2,3)", ...changes });
  update();
  const marked = FIELDS.filter((name) => at(name).getAttribute("aria-invalid") === "true");
  return [at("problem").textContent, at("results").hidden, marked, at("problem").children.length];
});
put({ ...KNOWN.start, size: "F(2,3)", points: "0,1,-1" });
at("U").value = 12;
at("U").dispatchEvent(new Event("input", { bubbles: true }));
const moved = [location.hash, at("U-value").textContent, at("status").textContent, at("set").value];
at("size").value = "F(6,3)";
at("size").dispatchEvent(new Event("input", { bubbles: true }));
moved.push(at("points").value);
at("set").value = [...at("set").options].at(-1).value;
at("set").dispatchEvent(new Event("input", { bubbles: true }));
moved.push(at("points").value === at("set").value && at("points").value !== moved[4]);
at("answers").textContent = JSON.stringify({ answers, problems, moved, first });
</script>
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """What the page in a headless browser answers to all questions of this file, in one start."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("needs chromium, which is not installed")
    rng = random.Random(21)
    settings = [drawn(rng) for _ in range(SETTINGS)]
    texts = [PAGE_START | {"size": "F(2,3)", "points": points} for pair in TEXTS.items() for points in pair]
    wrong = [{"points": points} for points in WRONG] + [{"channels": "0"}, {"channels": "1.5"}, {"channels": "x"}]
    asked = {"settings": settings + texts, "wrong": wrong}
    folder = tmp_path_factory.mktemp("explorer")
    data = json.dumps(asked).replace("<", "\\u003c")
    first = "<script>const first = [at('size').value, at('points').value, at('facts').textContent];</script>"
    hook = f'{first}<script type="application/json" id="asked">{data}</script>{HOOK}'
    page = folder / "page.html"
    page.write_text(explorer_page().replace("</body>", hook + "</body>"), encoding="utf-8")
    line = [
        program,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder / 'profile'}",
        "--dump-dom",
    ]
    address = f"{page.as_uri()}#size=F(3,2)&points=0,2,-1&M=9"
    done = subprocess.run([*line, address], check=True, capture_output=True, text=True, timeout=300)
    found = re.search(r'<pre id="answers">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    return asked | json.loads(unescape(found[1]))


@pytest.mark.slow
def test_browser_numbers_are_those_of_python(browser):
    for given, found in zip(browser["settings"][:SETTINGS], browser["answers"], strict=False):
        assert isinstance(found, dict), (given, found)
        wanted = answers(given)
        stages = wanted.pop("stages")
        assert {name: found[name] for name in wanted} == wanted, given
        assert {name for name, noise in found["stages"].items() if noise} == {name for name, n in stages.items() if n}
        for stage, noise in stages.items():
            assert found["stages"][stage] == pytest.approx(noise, rel=1e-6, abs=0), (stage, given)
        assert found["rows"] == 6
        assert given["size"] in found["shown"]


@pytest.mark.slow
def test_browser_reads_points_as_people_write_them(browser):
    texts = browser["answers"][SETTINGS:]
    assert len(texts) == 2 * len(TEXTS)
    for first, second in zip(texts[::2], texts[1::2], strict=True):
        assert isinstance(first, dict), first
        assert first == second


@pytest.mark.slow
def test_browser_says_what_is_wrong_in_one_line(browser):
    said = browser["problems"]
    assert [item[0] for item in said[: len(WRONG)]] == list(WRONG.values())
    assert all(hidden and not elements for _, hidden, _, elements in said)
    assert [marked for _, _, marked, _ in said] == [["points"]] * len(WRONG) + [["channels"]] * 3
    assert [item[0] for item in said[len(WRONG) :]] == [
        "channels: 0; give an integer from 1 to 65536",
        "channels: 1.5; give an integer from 1 to 65536",
        "channels: no number; give an integer from 1 to 65536",
    ]


@pytest.mark.slow
def test_browser_controls_move_the_page_and_its_address(browser):
    address, shown, status, chosen, best, own = browser["moved"]
    assert "U=12" in address
    assert (shown, chosen) == ("12", page_settings()["sizes"][0]["sets"][0]["points"])
    assert status.startswith("noise gain 5/3 (+2.2 dB); worst case 8; predicted SQNR ")
    assert best == ",".join(map(str, parse("F(6,3)").moduli))
    assert own is True


@pytest.mark.slow
def test_browser_starts_from_the_address(browser):
    size, points, facts = browser["first"]
    assert (size, points) == ("F(3,2)", "0,2,-1")
    assert "F(3,2): 4 products for 3 outputs, proved in this page" in facts
