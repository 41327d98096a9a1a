#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# papaparse 5.7.1 beside csv-parse 7.0.3, Node 20. A program streams an export of a database: CSV without a header,
# a record a line, lines end in LF, and a text in quotes may hold line breaks of its own, as mails do in CRLF. The
# good guess: a stream has the records that the same text has when it is parsed at once, or there is an error.
#
# Seen: if the text of the first record is longer than the first piece of the stream (64 KiB of a file), the stream
# has one record in place of three, of seven cells in place of three a record, and no error: the last cell of a record
# and the first of the next are one, joined by the line break. Parsed at once, or with a header line first, or with
# `newline: "\n"` given, it has three. Which line break a file uses is guessed from the first piece alone; quoted
# texts are left out of the guess, but not the one whose end has not come yet, and CRLF is all that it shows.
# So a stream of papaparse wants `newline` whenever it is known.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund papaparse@5.7.1 csv-parse@7.0.3
cat >main.js <<'JS'
import { createReadStream, writeFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import Papa from "papaparse";
const records = (length) => [["1", "Good morning,\r\nall is well.\r\n".repeat(length), "10"], ["2", "b", "20"], ["3", "c", "30"]];
const streamed = (text, options) => new Promise((done, failed) => {
  writeFileSync("export.csv", text);
  const all = [];
  createReadStream("export.csv").pipe(Papa.parse(Papa.NODE_STREAM_INPUT, options))
    .on("data", (record) => all.push(record)).on("error", failed).on("end", () => done(all));
});
const sizes = (all) => JSON.stringify(all.map((record) => record.length));
for (const [what, length] of [["short", 10], ["long", 4000]]) {
  const text = Papa.unparse(records(length), { newline: "\n" });
  console.log(`${what}: at once ${sizes(Papa.parse(text).data)}, csv-parse ${sizes(parse(text))}, ` +
    `stream ${sizes(await streamed(text, {}))}, told ${sizes(await streamed(text, { newline: "\n" }))}`);
}
JS
node main.js | tee seen
diff seen <(printf '%s: at once [3,3,3], csv-parse [3,3,3], stream %s, told [3,3,3]\n' short '[3,3,3]' long '[7]')
