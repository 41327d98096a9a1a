#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# node:test files under `deno test` of Deno 2.9.6, `bun test` of Bun 1.4.5 and `node --test` of Node 20. The last
# check of a file stands in its `after` hook: no descriptor left, no process still running, all mocks used. The
# good guess is that a hook that throws makes the run fail, as a `before` does. Deno reports "ok", exit code 0,
# and prints nothing of it: the hooks of the file, `after` and `afterEach`, do run, and their errors are
# dropped. Those of a `describe` and `t.after` do fail. A `describe` whose function is async and awaits
# before its first `it` passes without that test, on Deno alone. Seen:
#   bun: before fails, after fails, after in describe fails, afterEach fails, t.after fails, it after an await fails
#   deno: before fails, after passes, after in describe fails, afterEach passes, t.after fails, it after an await passes
#   node: before fails, after fails, after in describe fails, afterEach fails, t.after fails, it after an await fails
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >case_test.mjs <<'EOC'
import { after, afterEach, before, describe, it, test } from "node:test";
import process from "node:process";
const fail = () => { throw new Error("a check failed"); }, sound = () => {};
const cases = {
  "before": () => { before(fail); test("sound", sound); },
  "after": () => { after(fail); test("sound", sound); },
  "after in describe": () => describe("all", () => { after(fail); it("is sound", sound); }),
  "afterEach": () => { afterEach(fail); test("sound", sound); },
  "t.after": () => test("sound", (t) => t.after(fail)),
  "it after an await": () => describe("all", async () => { await new Promise((resolve) => setTimeout(resolve, 10)); it("fails", fail); }),
};
cases[process.env.CASE]();
EOC
try() {
  line="$1:"
  for name in "before" "after" "after in describe" "afterEach" "t.after" "it after an await"; do
    if CASE=$name "${@:2}" >/dev/null 2>&1; then line+=" $name passes,"; else line+=" $name fails,"; fi
  done; echo "${line%,}"
}
{ try bun node_modules/.bin/bun test ./case_test.mjs; try deno node_modules/.bin/deno test -A case_test.mjs; try node node --test case_test.mjs; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
