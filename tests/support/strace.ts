// SPDX-License-Identifier: MIT
/**
 * Runs tests/system/fixtures/faults.ts and makes one system call of it fail: when the program stands
 * at its gate, right before that call, strace is attached to the thread alone, with the fault, and the
 * program goes on. So the fault hits the library's call and never one of the runtime's.
 */
import { arch } from "node:process";
import { type Child, type Exit, ROOT, start, startProgram } from "./child.ts";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longest life of a program, in milliseconds. */
const LIFETIME_MS = 20_000;

/** The system calls that C functions make, where the names differ. */
const SYSCALL: Readonly<Record<string, string>> = {
  recv: "recvfrom",
  send: "sendto",
  open: "openat",
  eventfd: "eventfd2",
  // There is no epoll_wait on arm64.
  epoll_wait: arch === "arm64" ? "epoll_pwait" : "epoll_wait",
};

/** The system call that fails. */
export interface Fault {
  /** See tests/system/fixtures/scenarios.ts. */
  readonly scenario: string;
  /** The C function at which the gate is. */
  readonly call: string;
  /** How it fails. */
  readonly errno: string;
  /** The number of the call that fails, of those that the scenario counts; the first if left out. */
  readonly at?: number;
  /** How many in a row fail; one if left out. */
  readonly times?: number;
  /** What is left because it was the close itself that did not happen. */
  readonly left?: Record<string, number>;
  /** The system call that fails on all threads, if not the one at the gate. */
  readonly everywhere?: string;
}

/** What the program said at its end, and how it ended. */
export interface Report {
  readonly exit: Exit;
  readonly value?: string;
  readonly caught?: Record<string, unknown>;
  readonly ended?: Record<string, unknown>;
  readonly uncaught?: Record<string, unknown>;
  readonly again?: Record<string, unknown>;
  readonly hang?: string;
  readonly strays?: string[];
  readonly left?: Record<string, number>;
  /** The calls that failed by our hand, as strace tells. */
  readonly injected: string[];
  /** All that was printed, for a message. */
  readonly output: string;
}

/** Runs the program with `fault`. Returns its report. */
export async function inject(driver: string, fault: Fault): Promise<Report> {
  const { scenario, call, at = 1, left = {} } = fault;
  const folder = mkdtempSync(join(tmpdir(), "netpoll-strace-"));
  try {
    await using program = startProgram(
      "tests/system/fixtures/faults.ts",
      [driver, scenario, call, String(at), JSON.stringify(left)],
      { lifetime: LIFETIME_MS },
    );
    const [, pid, tid] = await program.stdout.match(/^AT GATE (\d+) (\d+)$/m);
    await using tracer = attach(fault, pid, tid, join(folder, "trace"));
    await tracer.stderr.match(/attached/);
    program.send("\n");
    const exit = await program.exit;
    // It ends with the traced process, and has written everything then.
    await tracer.exit;
    return read(program, exit, readFileSync(join(folder, "trace"), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function attach(
  { call, errno, times = 1, everywhere }: Fault,
  pid: string,
  tid: string,
  log: string,
): Child {
  const name = everywhere ?? SYSCALL[call] ?? call;
  const when = times === 1 ? "1" : `1..${times}`;
  const target = everywhere === undefined ? ["-p", tid] : ["-f", "-p", pid];
  const what = ["-e", `trace=${name}`, "-e", `inject=${name}:error=${errno}:when=${when}`];
  return start("strace", [...target, ...what, "-o", log], { lifetime: LIFETIME_MS });
}

function read(program: Child, exit: Exit, trace: string): Report {
  const { stdout, stderr } = program;
  const output = `${stdout.text}${stderr.text}`.replaceAll(ROOT, "");
  const line = stdout.text.match(/^REPORT (.*)$/m);
  const said = line === null ? {} : JSON.parse(line[1]);
  const injected = trace.split("\n").filter((line) => line.includes("(INJECTED)"));
  return { ...said, exit, injected, output };
}
