# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from wincraft.search import pareto_front
from wincraft.show import RENDERERS, rendered
from wincraft.show.svg import svg

LISTS = ["0,1,-1,2,-2", "0,2/3,-2/3,3/2,-3/2", "0,1,-1,x^2+1,inf", "0,1,2,3,4"]


@pytest.fixture(scope="module")
def front():
    return pareto_front(4, 3, LISTS)


@pytest.mark.parametrize("format", RENDERERS)
def test_every_renderer_shows_every_member(front, format):
    text = rendered(front, format)
    for member in front.members:
        assert member.moduli in "".join(text.replace("<wbr/>", "").split())


def test_the_figure_has_a_mark_for_every_member(front):
    titles = [
        item.text for item in ElementTree.fromstring(svg(front.chart())).iter("{http://www.w3.org/2000/svg}title")
    ]
    for member in front.members:
        assert f"{member.moduli}: {member.values[3]} bits" in titles


def test_the_document_is_exact(front):
    document = json.loads(rendered(front, "json"))
    assert (document["kind"], document["version"], document["considered"]) == ("wincraft.pareto", 1, 4)
    found = {item["moduli"]: item["noise_gain"] for item in document["members"]}
    assert found == {
        "0,1,-1,x^2+1@1,inf": "11/6",
        "0,2/3,-2/3,3/2,-3/2,inf": "617149/129600",
        "0,1,-1,2,-2,inf": "6205/576",
    }
