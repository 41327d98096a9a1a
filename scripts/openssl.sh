#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Unpacks the OpenSSL of a Debian suite beside the project and prints the command with which
# tests run under it: `$(scripts/openssl.sh experimental) "$(readlink -f node_modules/.bin/bun)" test
# ./tests/tls`. Suites: trixie (3.5), sid (3.6), experimental (4.0). Nothing is installed.
#
# Those libraries need a newer C library than this machine may have, so the suite's own comes with them, and
# its dynamic linker starts the program. The packages come from the mirror that this machine's apt has for
# its own release, whose signatures apt checks.
set -eu
cd "$(dirname "$0")/.."

suite=${1:?usage: openssl.sh trixie|sid|experimental}
folder=$PWD/.cache/openssl/$suite
root=$folder/root
linker=$root/usr/lib64/ld-linux-x86-64.so.2
libraries=$root/usr/lib/x86_64-linux-gnu

case $suite in
  trixie | sid) suites=$suite packages="openssl libssl3t64 libc6 libgcc-s1 libstdc++6 zlib1g libzstd1" ;;
  experimental) suites="sid experimental" packages="openssl/experimental libssl4 libc6 libgcc-s1 libstdc++6 zlib1g libzstd1" ;;
  *) echo "openssl.sh: no such suite: $suite" >&2 && exit 1 ;;
esac

# The mirror of the running release, as apt's own configuration names it.
mirror() {
  local codename
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' |
    awk -v codename="$codename" '$1 == codename && $2 == "main" { print $3; exit }'
}

fetch() {
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  : >"$folder/status"
  cat >"$folder/suite.sources" <<EOF
Types: deb
URIs: $(mirror)
Suites: $suites
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
EOF
  local own=(
    -o "Dir::Etc::sourcelist=$folder/suite.sources" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$folder/lists" -o "Dir::State::status=$folder/status"
    -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=root
  )
  apt-get "${own[@]}" -qq update >&2
  (cd "$folder" && apt-get "${own[@]}" -qq download $packages >&2)
  rm -rf "$folder/lists" "$folder/cache"
}

if [ ! -e "$linker" ] || [ ! -e "$root/usr/bin/openssl" ]; then
  rm -rf "$folder"
  fetch
  for package in "$folder"/*.deb; do dpkg-deb -x "$package" "$root"; done
fi
[ -e "$linker" ] || { echo "openssl.sh: the packages have no $linker" >&2 && exit 1; }
echo "env NETPOLL_LIBSSL=$(echo "$libraries"/libssl.so.?) $linker --library-path $libraries"
