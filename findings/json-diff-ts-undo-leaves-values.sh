#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# json-diff-ts 4.10.4 beside jsondiffpatch 0.7.7 and fast-json-patch 3.1.1, Node 20. An editor keeps a list of changes
# for its undo: `diff`, then `applyChangeset` and `revertChangeset`. The good guess is that undo leads back to
# where it began, as it does in jsondiffpatch and with the reverse patch of fast-json-patch. In json-diff-ts two
# values that were added to the end of a list are taken out by index, the first of them first, so that the
# other has moved before its turn and stays. One value added, or several removed, are undone right, which
# is what a test tries. Lists in lists fail forwards too: what was removed from one is still there. Seen:
#   one added: json-diff-ts right, jsondiffpatch right, fast-json-patch right
#   two added: json-diff-ts undo left ["a","c"], jsondiffpatch right, fast-json-patch right
#   two removed: json-diff-ts right, jsondiffpatch right, fast-json-patch right
#   removed in a list of lists: json-diff-ts change made [[1,0],[2]], jsondiffpatch right, fast-json-patch right
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent json-diff-ts@4.10.4 jsondiffpatch@0.7.7 fast-json-patch@3.1.1
node --version
cat >case.mjs <<'EOC'
import fast from "fast-json-patch";
import { applyChangeset, diff, revertChangeset } from "json-diff-ts";
import * as delta from "jsondiffpatch";
const copy = structuredClone, text = (value) => JSON.stringify(value.list);
function verdict(from, to, there, back) {
  const made = there(copy(from)), left = back(copy(to));
  return text(made) !== text(to) ? `change made ${text(made)}` : text(left) !== text(from) ? `undo left ${text(left)}` : "right";
}
function trial(name, before, after) {
  const [from, to] = [{ list: before }, { list: after }], changes = diff(from, to), difference = delta.diff(from, to);
  const own = verdict(from, to, (x) => applyChangeset(x, copy(changes)), (x) => revertChangeset(x, copy(changes)));
  const second = verdict(from, to, (x) => delta.patch(x, copy(difference)), (x) => delta.unpatch(x, copy(difference)));
  const third = verdict(from, to, (x) => fast.applyPatch(x, fast.compare(from, to)).newDocument, (x) => fast.applyPatch(x, fast.compare(to, from)).newDocument);
  console.log(`${name}: json-diff-ts ${own}, jsondiffpatch ${second}, fast-json-patch ${third}`);
}
trial("one added", ["a"], ["a", "b"]); trial("two added", ["a"], ["a", "b", "c"]);
trial("two removed", ["a", "b", "c"], ["a"]); trial("removed in a list of lists", [[1, 0], [2]], [[1], [2]]);
EOC
node case.mjs 2>errors | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
