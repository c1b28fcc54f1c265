# SPDX-License-Identifier: Apache-2.0
"""What people read: tables, charts and sections as data, and their renderers. It knows no algorithm."""
