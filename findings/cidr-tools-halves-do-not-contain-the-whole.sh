#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# cidr-tools 11.3.2 and fast-cidr-tools 0.3.4, Node 20. `containsCidr(A, B)` takes lists of networks and is told to say
# whether A fully contains B. The good guess: it treats a list as the addresses in it, as merging and excluding do, so
# that nothing of B is left without A exactly if A contains B. Seen: it asks for one network of A that contains all of
# a network of B. A provider that publishes a range as two halves does not contain the range, though nothing is left
# of it without them; an allow list that is split when it is written down again (by a tool that takes one address out
# and puts it back) refuses what it allowed. Both packages say true once the list is merged first.
#   cidr-tools: halves false, left 0, merged true
#   fast-cidr-tools: halves false, left 0, merged true
set -euo pipefail
script=$(realpath "$0")
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund cidr-tools@11.3.2 fast-cidr-tools@0.3.4
cat >main.js <<'JS'
import * as slow from "cidr-tools";
import * as fast from "fast-cidr-tools";
const halves = ["192.0.2.0/25", "192.0.2.128/25"], whole = ["192.0.2.0/24"];
const show = (name, contains, exclude, merge) => console.log(`${name}: halves ${contains(halves, whole)}, ` +
  `left ${exclude(whole, halves).length}, merged ${contains(merge(halves), whole)}`);
show("cidr-tools", slow.containsCidr, slow.excludeCidr, slow.mergeCidr);
show("fast-cidr-tools", fast.contains, fast.exclude, fast.merge);
JS
node main.js | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
