# SPDX-License-Identifier: Apache-2.0
"""Experiments on networks: run with ``python -m experiments.cifar10``."""
