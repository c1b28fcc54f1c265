# SPDX-License-Identifier: Apache-2.0
"""Networks as C files: what runs is read from the graph that torch.fx traces, layers hand over their integers."""
