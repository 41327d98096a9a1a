#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Unpacks Bun and Deno for arm64 beside the project, with an emulator and arm64's C library, and
# prints the folder with a `bun` and a `deno` that are those. Nothing is installed.
#
# Programs that start themselves again (by process.execPath) cannot: the kernel runs no arm64.
set -eu
cd "$(dirname "$0")/.."

folder=$PWD/.cache/arm64
bun=$(node -p 'require("bun/package.json").version')
deno=$(node -p 'require("deno/package.json").version')

fail() {
  echo "arm64.sh: $1" >&2
  exit 1
}

# Debian's packages, from the release that runs.
packages() {
  (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download \
    qemu-user-static libc6-arm64-cross libgcc-s1-arm64-cross libstdc++6-arm64-cross >&2)
  for each in "$folder"/*.deb; do dpkg-deb -x "$each" "$folder/root"; done
  rm "$folder"/*.deb
}

# A package of npm's, unpacked as $2.
runtime() {
  [ -d "$folder/$2" ] && return
  mkdir -p "$folder/$2.new"
  tar -xzf "$folder/$(cd "$folder" && npm pack --silent "$1")" -C "$folder/$2.new"
  rm "$folder"/*.tgz
  mv "$folder/$2.new" "$folder/$2"
}

# A program $1 that emulates $2.
wrapper() {
  cat >"$folder/bin/$1" <<SCRIPT
#!/bin/sh
export QEMU_LD_PREFIX=$folder/root/usr/aarch64-linux-gnu
exec $folder/root/usr/bin/qemu-aarch64-static $folder/$2 "\$@"
SCRIPT
  chmod +x "$folder/bin/$1"
}

[ "$(dpkg --print-architecture)" = amd64 ] || fail "it takes an amd64 Debian"
mkdir -p "$folder/bin"
[ -d "$folder/root" ] || packages
runtime "@oven/bun-linux-aarch64@$bun" "bun-$bun"
runtime "@deno/linux-arm64-glibc@$deno" "deno-$deno"
wrapper bun "bun-$bun/package/bin/bun"
wrapper deno "deno-$deno/package/deno"
echo "$folder/bin"
