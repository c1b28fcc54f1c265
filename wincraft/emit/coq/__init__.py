# SPDX-License-Identifier: Apache-2.0
"""Certificates for the proof assistant Coq: an algorithm as data, and the library that its proofs stand on."""
