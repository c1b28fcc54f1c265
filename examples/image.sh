#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Generate F(4x4,3x3) as a C header, compile image.c with it and run it; CC chooses the compiler.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

wincraft generate 4x4,3x3 --format c -o "$build/f4x4.h"
${CC:-cc} -std=c99 -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror -I "$build" "$here/image.c" -o "$build/image" -lm
"$build/image"
