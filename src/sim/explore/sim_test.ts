// SPDX-License-Identifier: MIT
/** Explorations as tests of bun:test, Deno.test and node:test. */
import { needFunction, needString, shown } from "../../validate/argument.ts";
import type { SimMain } from "./drive.ts";
import { exploreWith } from "./explore.ts";
import { checkExploreOptions, type ExploreOptions } from "./options.ts";

/**
 * Function that registers a test: `test` of bun:test or node:test, `Deno.test`, or one of their kind,
 * such as `test.only`.
 */
export type TestFunction = (name: string, body: () => Promise<void>) => unknown;

/** The same with options. */
type TestWithOptions = (
  name: string,
  options: { readonly timeout: number },
  body: () => Promise<void>,
) => unknown;

/** Options of {@linkcode simTest}: those of an exploration, and these. */
export interface SimTestOptions extends ExploreOptions {
  /**
   * Real time in milliseconds that the test may take under Bun, whose own limit of five seconds is
   * made for tests of one run; 600,000 by default. Deno has no limit.
   */
  timeout?: number;
}

/** Default of {@linkcode SimTestOptions.timeout}. */
const LONGEST_MS = 600_000;

/** Longest delay of a timer of the host. */
const MOST_MS = 0x7fff_ffff;

/**
 * Registers a test that is an exploration, as {@linkcode explore} makes it. It fails at the first run
 * that fails, with an error that says how to repeat that run alone.
 *
 * @param test function of the test runner, as `test` of `node:test`
 * @param name name of the test
 * @param options those of {@linkcode explore}, and {@linkcode SimTestOptions}
 * @param main the first goroutine of each run, or the module that exports it
 * @returns what `test` returns
 * @throws {TypeError} or {@linkcode RangeError} for an invalid argument
 * @example
 * ```ts
 * import { test } from "node:test"; // or { test } from "bun:test", or Deno.test
 * import { sleep } from "@netpoll/netpoll";
 * import { simTest } from "@netpoll/netpoll/sim";
 *
 * simTest(test, "a client survives a partition", { runs: 200 }, function* (sim) {
 *   const server = sim.host("server");
 *   const cut = sim.partition(server, sim.test);
 *   yield* sleep(1000);
 *   cut.heal();
 * });
 * ```
 */
export function simTest(
  test: TestFunction,
  name: string,
  options: SimTestOptions,
  main: SimMain | URL,
): unknown {
  needFunction("register a test", "test", test);
  needString("register a test", "name", name);
  if (!(main instanceof URL)) needFunction("register a test", "main", main);
  const { timeout = LONGEST_MS, ...exploration } = options;
  if (!(timeout > 0)) {
    throw new RangeError(
      `Cannot register a test as timeout must be a time above 0: current value is ${
        shown(timeout)
      }`,
    );
  }
  const settings = checkExploreOptions(exploration, commandFor(name));
  const body = async () => void (await exploreWith(settings, main));
  if (!("Bun" in globalThis)) return test(name, body);
  // node:test and bun:test take options before the body there.
  const withOptions = test as unknown as TestWithOptions;
  return withOptions(name, { timeout: Math.min(timeout, MOST_MS) }, body);
}

/** The command that runs the test of this name alone, but for its files and permissions. */
function commandFor(name: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  if (!("Bun" in globalThis)) return `deno test --allow-env=NETPOLL_SIM --filter ${quoted(name)}`;
  return `bun test -t ${quoted(name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))}`;
}
