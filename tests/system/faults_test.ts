// SPDX-License-Identifier: MIT
/**
 * Every system call of the library fails once, in every way that fits it, as strace injects it: the
 * right error reaches the right goroutine or the call is tried again, nothing hangs and nothing is
 * left. The table is in tests/support/fault_table.ts, the runner beside it in strace.ts. Needs strace 6.1.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Expected, type Row, ROWS } from "../support/fault_table.ts";
import { inject, type Report } from "../support/strace.ts";

/** Longest that one may take, in milliseconds; it is there to end a hang, not to measure. */
const TIMEOUT_MS = 60_000;

function title({ scenario, call, errno, at = 1, times = 1, everywhere }: Row): string {
  const which = at === 1 ? "" : ` number ${at}`;
  const often = times === 1 ? "" : `, ${times} times`;
  return `${scenario}: ${errno} from ${everywhere ?? call}${which}${often}`;
}

/** Fails unless `error` is what was expected. */
function assertError(expected: Expected, error: Record<string, unknown> | undefined): void {
  assert.ok(error, "there was no error");
  const { text, bytesWritten, ...fields } = expected;
  const seen = Object.fromEntries(Object.keys(fields).map((name) => [name, error[name]]));
  const words = String(error.message).replaceAll(/127\.0\.0\.1:\d+/g, "ADDR");
  assert.deepEqual({ ...seen, text: words }, { ...fields, text });
  if (bytesWritten === 0) assert.equal(error.bytesWritten, 0);
  else if (bytesWritten !== undefined) assert.ok(Number(error.bytesWritten) >= bytesWritten);
}

function assertReport(row: Row, report: Report): void {
  assert.equal(report.hang, undefined, "it hangs");
  assert.deepEqual(report.exit, { code: 0, signal: null }, "how it ended");
  assert.ok(report.injected.length >= (row.times ?? 1), "strace injected nothing");
  assert.equal(report.uncaught, undefined, "an error reached the host instead of run");
  if (row.ended) assertError(row.ended, report.ended);
  else assert.equal(report.ended, undefined, "the run ended with an error");
  if (row.caught) assertError(row.caught, report.caught);
  else assert.equal(report.caught, undefined, "the goroutine got an error");
  assert.equal(report.value, row.value);
  assert.deepEqual(report.strays, [], "errors of other goroutines");
  assert.equal(report.again, undefined, "a run after it fails");
  assert.deepEqual(report.left, row.left ?? {}, "left over");
}

const CASES = ROWS.flatMap((row) =>
  (row.only ? [row.only] : ["run", "runSync"]).map((driver) => ({ row, driver }))
);
const reports: Promise<Report>[] = [];

/** Runs a case, if the one before it has not begun it. */
function reportOf(index: number): Promise<Report> {
  const { driver, row } = CASES[index];
  const report = reports[index] ??= inject(driver, row);
  // Its test awaits it; until then, an error is not unhandled.
  report.catch(() => {});
  return report;
}

for (const [index, { row, driver }] of CASES.entries()) {
  test(`${title(row)} (${driver})`, { timeout: TIMEOUT_MS }, async () => {
    const own = reportOf(index);
    // The programs are mostly start-up: the next one starts beside this one.
    if (index + 1 < CASES.length) reportOf(index + 1);
    const report = await own;
    try {
      assertReport(row, report);
    } catch (error) {
      (error as Error).message += `\n${report.injected.join("\n")}\n${report.output}`;
      throw error;
    }
  });
}
