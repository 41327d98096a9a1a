#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# assert.deepStrictEqual of Bun 1.4.5, Deno 2.9.6 and Node 20 (where Temporal is temporal-polyfill 1.0.8). A test
# compares what it got with what it wants. The good guess is that two values which differ are never equal to it,
# and that the three runtimes are at one. On Deno, whose Temporal is V8's own, all PlainDates are equal and so are
# all Instants, Durations and the rest, as on Node with the polyfill: a test of dates passes whatever they are,
# alone or in an object. Bun tells dates apart, and not the errors of an AggregateError, a Request's URL, the
# fields of FormData or an abort's reason. Listed is what passes as equal and differs. Seen:
#   bun: AggregateError, Request, FormData, AbortSignal
#   deno: PlainDate, Instant, Duration, ZonedDateTime, a date in an object
#   node: PlainDate, Instant, Duration, ZonedDateTime, a date in an object, URLSearchParams, Headers
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6 temporal-polyfill@1.0.8
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >case.mjs <<'EOC'
import assert from "node:assert/strict";
const Temporal = globalThis.Temporal ?? (await import("temporal-polyfill")).Temporal;
const form = (value) => { const data = new FormData(); data.set("name", value); return data; };
const pairs = {
  "PlainDate": [1, 2].map((day) => new Temporal.PlainDate(2026, 1, day)),
  "Instant": [1n, 2n].map((n) => new Temporal.Instant(n)),
  "Duration": [1, 2].map((years) => new Temporal.Duration(years)),
  "ZonedDateTime": [1n, 2n].map((n) => new Temporal.ZonedDateTime(n, "UTC")),
  "a date in an object": [1, 2].map((day) => ({ due: new Temporal.PlainDate(2026, 1, day) })),
  "Date": [1, 2].map((n) => new Date(n)),
  "AggregateError": ["a", "b"].map((text) => new AggregateError([new Error(text)], "all failed")),
  "Request": ["a", "b"].map((path) => new Request(`http://name.test/${path}`)),
  "FormData": ["a", "b"].map(form), "AbortSignal": ["a", "b"].map((reason) => AbortSignal.abort(reason)),
  "URLSearchParams": ["a", "b"].map((name) => new URLSearchParams({ name })), "Headers": ["a", "b"].map((name) => new Headers({ name })),
};
const equal = ([a, b]) => { try { assert.deepStrictEqual(a, b); return true; } catch { return false; } };
console.log(`${process.argv[2]}: ${Object.keys(pairs).filter((name) => equal(pairs[name])).join(", ") || "none"}`);
EOC
{ npx --no-install bun case.mjs bun; npx --no-install deno run -A case.mjs deno; node case.mjs node; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
