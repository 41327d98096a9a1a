// SPDX-License-Identifier: MIT
// Final report, on the terminal and in echo.md.
import { type Check, titleOf } from "./goals.ts";
import { BUN, C, C_THREADS, DENO, GO, SERVERS } from "./servers.ts";
import type { Ratio } from "./ratios.ts";
import type { Row, ShapeSummary } from "./summary.ts";
import { fixed, grouped, table } from "../../rig/table.ts";

/** "0.970"; "~0.970" where too few pairs were undisturbed. */
function ratioCell(ratio: Ratio | undefined): string {
  return ratio === undefined ? "-" : `${ratio.firm ? "" : "~"}${fixed(ratio.median, 3)}`;
}

const HEAD =
  "server,round trips/s,min,max,p50 us,p99 us,to C,to C+6,to Go,to own,server CPU,load CPU,clean"
    .split(",");

function cells(row: Row): string[] {
  const own = SERVERS.find(({ id }) => id === row.server)?.own ?? "";
  return [
    row.title,
    ...[row.rate, row.min, row.max].map(grouped),
    ...[row.p50_us, row.p99_us].map((us) => fixed(us, 0)),
    ...[C, C_THREADS, GO, own].map((id) => ratioCell(row.ratios[id])),
    ...[row.server_cpu, row.load_cpu].map((cpu) => fixed(cpu, 2)),
    `${row.clean}/${row.samples}`,
  ];
}

function shapeSection({ shape, rows, places }: ShapeSummary): string {
  const failures = rows.filter(({ failure }) => failure !== "").map(({ title, failure }) =>
    `- ${title} failed: ${failure.split("\n")[0]}`
  );
  return [
    `## ${shape.title}`,
    table(HEAD, rows.map(cells)),
    `CPUs side by side in ${places.near} samples, apart in ${places.far}, moved in ${places.moved}.`,
    ...(failures.length > 0 ? [failures.join("\n")] : []),
  ].join("\n\n");
}

function goalSection(checks: Check[], shapes: string[]): string {
  const kinds = [...new Set(checks.map(({ server, against }) => `${server} ${against}`))];
  const rows = kinds.map((kind) => {
    const own = checks.filter(({ server, against }) => `${server} ${against}` === kind);
    const { server, against, least } = own[0];
    const verdicts = own.map(({ reached, verdict }) =>
      verdict === "not measured" ? verdict : `${fixed(reached, 3)} ${verdict}`
    );
    return [`${titleOf(server)}: at least ${least} of ${titleOf(against)}`, ...verdicts];
  });
  return `## Goals\n\n${table(["goal", ...shapes], rows)}`;
}

const LEGEND = `Medians over the rounds. Ratios are taken within a round, between samples of which
neither was disturbed and both had the CPUs in the same place, then the median (~: there were too
few such pairs, so all are taken). "C+6" is C with six threads that sleep. "own" is
${titleOf(BUN)} on Bun, ${titleOf(DENO)} on Deno. "clean": samples undisturbed. CPU columns: CPUs
in use.`;

export function report(summaries: ShapeSummary[], checks: Check[]): string {
  return [
    ...summaries.map(shapeSection),
    LEGEND,
    goalSection(checks, summaries.map(({ shape }) => shape.id)),
  ].join("\n\n");
}
