#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# date-fns 4.4.0 beside luxon 3.7.2, dayjs 1.11.23 and temporal-polyfill 1.0.8, Node 20. A subscription begins on
# March 31 and is due at each month's end; how many whole months are over at each? There are two rules: June 30 is
# three months on, as March 31 plus three months is (luxon, dayjs), or only what is left of a 31st counts, so that
# April 30 is none (Temporal). date-fns follows the first at a distance of one month and where the end is in February,
# and the second elsewhere: April 30 is one month on, June 30 is two. So its count stands still from May to June and
# then skips three; a program that bills when the count has changed bills nothing in June. intervalToDuration says
# two months and 30 days. Seen, from the end of April 2026 to the end of February 2027:
#   date-fns 1 2 2 4 5 5 7 7 9 10 11
#   luxon 1 2 3 4 5 6 7 8 9 10 11
#   dayjs 1 2 3 4 5 6 7 8 9 10 11
#   Temporal 0 2 2 4 5 5 7 7 9 10 10
set -euo pipefail
script=$(realpath "$0")
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund date-fns@4.4.0 luxon@3.7.2 dayjs@1.11.23 temporal-polyfill@1.0.8
cat >main.js <<'JS'
import { differenceInMonths } from "date-fns";
import dayjs from "dayjs";
import { DateTime } from "luxon";
import { Temporal } from "temporal-polyfill";
const begin = "2026-03-31";
const ends = Array.from({ length: 11 }, (_, i) => new Date(Date.UTC(2026, 4 + i, 0)).toISOString().slice(0, 10));
const show = (name, months) => console.log(name, ...ends.map(months));
show("date-fns", (end) => differenceInMonths(new Date(`${end}T00:00`), new Date(`${begin}T00:00`)));
show("luxon", (end) => Math.floor(DateTime.fromISO(end).diff(DateTime.fromISO(begin), "months").months));
show("dayjs", (end) => dayjs(end).diff(begin, "month"));
show("Temporal", (end) => Temporal.PlainDate.from(begin).until(end, { largestUnit: "months" }).months);
JS
TZ=UTC node main.js | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
