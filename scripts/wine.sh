#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sets up Wine 10 with Bun and Deno for Windows in a folder, beside the system: nothing is installed.
#
#   scripts/wine.sh /tmp/w10
#   taskset -c 0 /tmp/w10/wine /tmp/w10/bun.exe --version
#
# Debian 12 has Wine 8, under which Deno does not start. So the packages of Debian 13 are unpacked into
# the folder, its C library among them, and Wine's two programs are told to load that one. The package
# mirror is the one that this machine uses already. As root, or wherever apt-get may write its own state.
set -euo pipefail

dir=${1:?"usage: scripts/wine.sh FOLDER (absolute, at most 21 characters)"}
here=$(cd "$(dirname "$0")/.." && pwd)
# The folder's name is written into the programs, over a name of 27 characters.
loader=$dir/ld.so
if [ "${dir#/}" = "$dir" ] || [ ${#loader} -gt 27 ]; then
  echo "scripts/wine.sh: the folder must be absolute and at most 21 characters long: $dir" >&2
  exit 2
fi
if [ -e "$dir/ready" ]; then exit 0; fi
rm -rf "$dir"
mkdir -p "$dir"

unpacked=$dir/usr/lib/x86_64-linux-gnu
builtin=$unpacked/wine/x86_64-windows

# Downloads Debian 13's packages with a state of apt's own, so that the system's is not touched.
download() {
  local state=$dir/apt mirror
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/debs"
  : >"$state/status"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/*$')
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" \
    >"$state/sources.list"
  local options=(
    -qq
    -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State=$state" -o "Dir::State::lists=$state/lists"
    -o "Dir::State::status=$state/status" -o "Dir::Cache=$state/cache"
    -o APT::Sandbox::User=root -o Acquire::Languages=none
  )
  apt-get "${options[@]}" update
  (cd "$state/debs" && apt-get "${options[@]}" download \
    libwine wine64 libc6 libunwind8 liblzma5 libz-mingw-w64)
}

unpack() {
  local package
  for package in "$dir"/apt/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$dir" \
      --exclude='./usr/lib/x86_64-linux-gnu/wine/i386-windows*' --exclude='./usr/i686*' \
      --exclude='./usr/x86_64-w64-mingw32ucrt*' --exclude='./usr/share/doc*'
  done
  rm -rf "$dir/apt"
}

# What the package's own installation does: user32.dll imports this one, and wants the mark of a DLL
# that is Wine's own, at offset 64.
mark_zlib() {
  local zlib=$dir/usr/x86_64-w64-mingw32/lib/zlib1.dll
  {
    head -c 64 "$zlib"
    printf 'Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
    tail -c +97 "$zlib"
  } >"$builtin/zlib1.dll"
}

# The loader that a program asks for is a string of fixed length in it.
use_own_loader() {
  ln -sfn "$unpacked/ld-linux-x86-64.so.2" "$loader"
  LOADER=$loader perl -0777 -pi -e '
    my $to = $ENV{LOADER};
    s{/lib64/ld-linux-x86-64\.so\.2\0}{$to . "\0" x (28 - length $to)}e or die "no interpreter\n";
  ' "$dir/usr/lib/wine/wine64" "$dir/usr/lib/wine/wineserver64"
}

# The package's wineserver is a shell script, and a shell of this system dies of the other C library.
# And wineserver looks for its tables one folder deeper than the package has them.
link_server() {
  ln -sf wineserver64 "$dir/usr/lib/wine/wineserver"
  ln -sfn . "$dir/usr/share/wine/wine"
}

# The services that are left out are of no use here: a start takes a quarter of the time without.
write_wrapper() {
  local without=mscoree,mshtml,explorer.exe,plugplay.exe,svchost.exe,rpcss.exe
  without+=,winedevice.exe,winemenubuilder.exe=
  cat >"$dir/wine" <<WRAPPER
#!/bin/sh
export WINEPREFIX="\${WINEPREFIX:-$dir/prefix}" WINEARCH=win64 WINEDEBUG="\${WINEDEBUG--all}"
export WINEDLLOVERRIDES="$without"
export WINELOADER=$dir/usr/lib/wine/wine64 WINESERVER=$dir/usr/lib/wine/wineserver64
export LD_LIBRARY_PATH=$unpacked
if [ "\$1" = wineserver ]; then shift; exec "\$WINESERVER" "\$@"; fi
exec "\$WINELOADER" "\$@"
WRAPPER
  chmod +x "$dir/wine"
}

# The versions that the tests of Linux use, or the last before them that there is for Windows.
runtimes() {
  local version
  version() { node -p "require('$here/package.json').devDependencies.$1"; }
  cd "$dir"
  npm pack --silent "@oven/bun-windows-x64-baseline@<=$(version bun)" \
    "@deno/win32-x64@<=$(version deno)"
  tar -xzf oven-bun-*.tgz --strip-components=2 package/bin/bun.exe
  tar -xzf deno-win32-*.tgz --strip-components=1 package/deno.exe
  rm ./*.tgz
}

download
unpack
mark_zlib
use_own_loader
link_server
write_wrapper
(runtimes)
# On one processor, as everything under Wine: see scripts/test_wine.mjs.
timeout 120 taskset -c 0 "$dir/wine" wineboot -i
timeout 60 taskset -c 0 "$dir/wine" "$dir/bun.exe" --version
timeout 60 taskset -c 0 "$dir/wine" "$dir/deno.exe" --version
# A second Wine, for the tests under Deno. The server writes its registry when it ends.
"$dir/wine" wineserver -w
cp -a "$dir/prefix" "$dir/prefix-deno"
touch "$dir/ready"
