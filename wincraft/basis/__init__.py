# SPDX-License-Identifier: Apache-2.0
"""Polynomial bases, base change and other exact factorisations of an algorithm's maps into chains of stages."""
