#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fetches Debian's libkqueue, unpacks it beside the project and prints the path of the library, with
# which the kqueue adapter is tested on Linux (docs/pollers.md). Nothing is installed.
#
# The package is in Debian's experimental suite alone. It comes from the mirror that this machine's
# apt already has for its own release, by an apt of its own with its own lists and that one suite.
set -eu
cd "$(dirname "$0")/.."

version=2.3.1-1.1~exp1
# SHA-256 of libkqueue0t64_2.3.1-1.1~exp1_amd64.deb
sum=192f5cdf6e6f9dabb7d1ed8a1c69403df29efe4d9fcc90a0205cc47ae658548b
folder=$PWD/.cache/libkqueue
library=$folder/root/usr/lib/x86_64-linux-gnu/libkqueue.so.0

fail() {
  echo "libkqueue.sh: $1" >&2
  exit 1
}

package() {
  ls "$folder"/libkqueue0t64_*_amd64.deb 2>/dev/null | head -n 1
}

whole() {
  [ -n "$(package)" ] && echo "$sum  $(package)" | sha256sum --check --status
}

# The mirror of the running release, as apt's own configuration names it.
mirror() {
  local codename
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' |
    awk -v codename="$codename" '$1 == codename && $2 == "main" { print $3; exit }'
}

fetch() {
  local site
  site=$(mirror)
  [ -n "$site" ] || fail "apt has no mirror for this release"
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  cat >"$folder/experimental.sources" <<EOF
Types: deb
URIs: $site
Suites: experimental
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
EOF
  : >"$folder/status"
  local own=(
    -o "Dir::Etc::sourcelist=$folder/experimental.sources" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$folder/lists" -o "Dir::State::status=$folder/status"
    -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=root
  )
  apt-get "${own[@]}" -qq update >&2
  (cd "$folder" && apt-get "${own[@]}" -qq download "libkqueue0t64=$version" >&2)
}

[ "$(dpkg --print-architecture)" = amd64 ] || fail "only the package for amd64 has a known sum"
whole || {
  rm -f "$folder"/*.deb
  fetch
}
whole || fail "the package has another sum than $sum"
rm -rf "$folder/root"
dpkg-deb -x "$(package)" "$folder/root"
[ -f "$library" ] || fail "the package has no $library"
echo "$library"
