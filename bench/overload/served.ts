// SPDX-License-Identifier: MIT
// The server as a child process, and its observable state.
import { readdirSync, readFileSync } from "node:fs";
import { dial, type Routine } from "../../mod.ts";
import type { LimitCounters, ReactorOptions } from "../../reactor.ts";
import { startChild, within } from "../rig/child.ts";
import { inRepository } from "../rig/paths.ts";

/** Command line of each runtime. */
export type Runtime = { readonly id: string; readonly command: readonly string[] };

const START_S = 20;

export class Served {
  readonly pid: number;
  readonly address: string;
  readonly #control: string;
  readonly #stop: () => void;

  constructor(pid: number, address: string, control: string, stop: () => void) {
    this.pid = pid;
    this.address = address;
    this.#control = control;
    this.#stop = stop;
  }

  /** Returns the counters of admitted and refused connections, and the number of dead workers. */
  *stats(): Routine<{ counters: LimitCounters; deaths: number }> {
    using conn = yield* dial("tcp", this.#control);
    const buf = new Uint8Array(4096);
    let text = "";
    for (let n; (n = yield* conn.read(buf)) !== null;) {
      text += new TextDecoder().decode(buf.subarray(0, n));
    }
    return JSON.parse(text);
  }

  /** Resident memory in MiB. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)![1]) / 1024;
  }

  /** CPU time used, in milliseconds. */
  get cpu(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** Number of open descriptors. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}

/** Starts it, with at most `files` descriptors if specified. */
export async function startServer(
  { command }: Runtime,
  options: ReactorOptions,
  { plain = false, files = 0 } = {},
): Promise<Served> {
  const program = [inRepository("bench", "overload", "server.ts"), JSON.stringify(options)];
  const all = [...command, ...program, ...plain ? ["plain"] : []];
  const line = files > 0 ? ["sh", "-c", `ulimit -n ${files}; exec "$@"`, "sh", ...all] : all;
  const child = startChild(line, { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" });
  const said = new Promise<RegExpMatchArray>((resolve) => {
    child.onOutput(() => {
      const match = child.output().match(/listening on (\S+), control on (\S+)/);
      if (match !== null) resolve(match);
    });
  });
  const match = await within(START_S, Promise.race([said, child.ended]));
  if (!Array.isArray(match)) {
    child.kill("SIGKILL");
    throw new Error(`the server did not start: ${child.errors()}`);
  }
  return new Served(child.pid, match[1], match[2], () => child.kill("SIGKILL"));
}
