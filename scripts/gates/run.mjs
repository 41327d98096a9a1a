// SPDX-License-Identifier: MIT
/** Runs gates, two at a time, and reports each when it ends. */
import { capture } from "../programs.mjs";
import { quoted } from "../failures.mjs";
import { GATES } from "./table.mjs";

/** Number of concurrent gates: most of them use one processor. */
const AT_A_TIME = 2;

/** Runs one gate up to its first command that fails. */
async function runGate({ name, what, commands }) {
  const start = performance.now();
  const outputs = [];
  let ok = true;
  for (const command of commands) {
    const { status, output } = await capture(command);
    outputs.push(output);
    ok = status === 0;
    if (!ok) break;
  }
  const seconds = (performance.now() - start) / 1000;
  return { name, what, ok, output: outputs.join(""), seconds };
}

/**
 * Runs the named gates, or all, and calls `report` with each result. Resolves to the results;
 * failed ones have a `failure`, the text to repeat at the end.
 */
export async function runGates(names, report) {
  const wanted = names.length === 0 ? GATES : GATES.filter(({ name }) => names.includes(name));
  const queue = [...wanted];
  const results = [];
  const work = async () => {
    for (let gate; (gate = queue.shift()) !== undefined;) {
      const result = await runGate(gate);
      if (!result.ok) result.failure = quoted(`gate ${result.name}`, result.output);
      results.push(result);
      report(result);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results;
}

/** Formats a result as a line. */
export function lineOf({ name, what, ok, seconds }) {
  return `${ok ? "ok  " : "FAIL"} ${name.padEnd(12)} ${seconds.toFixed(1).padStart(5)} s  ${what}`;
}
