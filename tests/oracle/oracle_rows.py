# SPDX-License-Identifier: Apache-2.0
"""F(2,3) on 0, 1, -1 and inf as plain rows under headings, typed by hand."""

ROWS = """
AT
1 1 1 0
0 1 -1 1

G
1 0 0
1/2 1/2 1/2
1/2 -1/2 1/2
0 0 1

BT
1 0 -1 0
0 1 1 0
0 -1 1 0
0 -1 0 1
"""
