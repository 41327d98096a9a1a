#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# cron-parser 5.10.6 beside croner 11.0.1, time zone Europe/Berlin. A scheduler asks for the next run, and after
# a restart for the previous one, to catch up on what it has missed while it was down. The good guess is that
# both name the same runs. On the two days a year when the clock is changed cron-parser's do not: in
# autumn, when 02:30 comes twice, next() runs a daily job at the first and prev() names the second, so a
# scheduler that was up all night finds a run it "missed" and does the job again; in spring next() moves the
# missing 02:30 to 03:30, and prev() knows no run that day, so one that was down never catches up. croner
# gives the same runs in both directions, and moves that of spring to 03:00. Day and time in UTC. Seen:
#   spring, cron-parser: forwards 28 01:30, 29 01:30, 30 00:30; backwards 27 01:30, 28 01:30, 30 00:30
#   spring, croner: forwards 28 01:30, 29 01:00, 30 00:30; backwards 28 01:30, 29 01:00, 30 00:30
#   autumn, cron-parser: forwards 24 00:30, 25 00:30, 26 01:30; backwards 25 00:30, 25 01:30, 26 01:30
#   autumn, croner: forwards 24 00:30, 25 00:30, 26 01:30; backwards 24 00:30, 25 00:30, 26 01:30
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent cron-parser@5.10.6 croner@11.0.1
node --version
cat >case.mjs <<'EOF'
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
const daily = "30 2 * * *", timezone = "Europe/Berlin", three = (f) => [0, 1, 2].map(f);
const text = (dates) => dates.map((date) => date.toISOString().slice(8, 16).replace("T", " ")).sort().join(", ");
for (const [name, before, after] of [["spring", "2026-03-27T12:00Z", "2026-03-30T12:00Z"], ["autumn", "2026-10-23T12:00Z", "2026-10-26T12:00Z"]]) {
  const from = new Date(before), to = new Date(after);
  const ahead = CronExpressionParser.parse(daily, { tz: timezone, currentDate: from }), back = CronExpressionParser.parse(daily, { tz: timezone, currentDate: to });
  console.log(`${name}, cron-parser: forwards ${text(three(() => ahead.next().toDate()))}; backwards ${text(three(() => back.prev().toDate()))}`);
  const job = new Cron(daily, { timezone, paused: true });
  console.log(`${name}, croner: forwards ${text(job.nextRuns(3, from))}; backwards ${text(job.previousRuns(3, to))}`);
}
EOF
node case.mjs | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
