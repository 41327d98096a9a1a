// SPDX-License-Identifier: MIT
// A server process, from its ready line to its end by SIGTERM.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { placed } from "../echo/rig/placing.ts";
import { startChild, within } from "../rig/child.ts";
import type { Contestant } from "./contestants.ts";
import type { Options } from "./options.ts";

const START_SECONDS = 15, STOP_SECONDS = 4;

export interface Running {
  contestant: Contestant;
  port: number;
  /** CPU time used, in seconds. */
  cpu(): number;
  /** Its error output, if any. */
  complaint(): string;
  stop(): Promise<void>;
}

/** redis-server does not support port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Sum of two fields of a file such as /proc/PID/stat, starting at `first`, in seconds. */
export function ticks(file: string, first: number): number {
  // After the name, which may contain anything.
  const fields = readFileSync(file, "utf8").replace(/^.*\) /, "").split(" ");
  return (Number(fields[first]) + Number(fields[first + 1])) / 100;
}

export async function startServer(contestant: Contestant, options: Options): Promise<Running> {
  const port = await freePort();
  const command = contestant.command.map((word) => word === "PORT" ? String(port) : word);
  const env = { PORT: String(port), BUFFER: "4096", NO_COLOR: "1" };
  const child = startChild(placed("server", command, options), env);
  const stop = async () => {
    child.kill("SIGTERM");
    if (await within(STOP_SECONDS, child.ended) === undefined) child.kill("SIGKILL");
    await child.ended;
  };
  const ready = new Promise<true>((resolve) =>
    child.onOutput(() => {
      if (/listening on|Ready to accept connections/.test(child.output())) resolve(true);
    })
  );
  const said = await within(START_SECONDS, Promise.race([ready, child.ended]));
  if (said === true) {
    const cpu = () => ticks(`/proc/${child.pid}/stat`, 11);
    return { contestant, port, cpu, complaint: () => child.errors().trim(), stop };
  }
  await stop();
  throw new Error(`${contestant.id} did not start (${said}): ${child.errors()}`);
}
