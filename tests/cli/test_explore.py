# SPDX-License-Identifier: Apache-2.0
"""``wincraft explore``."""

from __future__ import annotations

import pytest

from wincraft.report import explorer_page


def test_the_page_is_written_whole(wincraft_here, tmp_path):
    done = wincraft_here("explore", "-o", "page.html", check=0)
    assert (done.stdout, done.stderr) == ("", "wrote page.html\n")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == explorer_page()


def test_it_starts_with_what_the_line_says(wincraft_here):
    line = ("explore", "6x6,3x3", "--points", "integer", "--convention", "pow2")
    assert wincraft_here(*line, check=0).stdout == explorer_page("6x6,3x3", "integer", "pow2")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("9,3",), "the explorer's page of F(9,3)"),
        (("four",), "bad size"),
        (("4,3", "--points", "0,1,1,2,3"), "1 is listed twice"),
        (("4,3", "--points", "quadratic"), "it takes rational points"),
        (("4,3", "--convention", "mine"), "unknown convention"),
        (("-o", "no/page.html"), "there is no directory no"),
        (("-o", "."), "it is a directory"),
        (("-o", "page.pdf"), "unknown suffix '.pdf'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(wincraft_here, tmp_path, line, message):
    done = wincraft_here("explore", *line)
    assert (done.returncode, done.stdout) == (3, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("page.*"))
