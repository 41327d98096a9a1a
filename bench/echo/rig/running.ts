// SPDX-License-Identifier: MIT
// A server process, from its line `listening on 127.0.0.1:PORT` to its end by SIGTERM.
import { startChild, within } from "../../rig/child.ts";
import type { Options } from "./options.ts";
import { placed } from "./placing.ts";
import type { Server } from "./servers.ts";

const START_SECONDS = 15, STOP_SECONDS = 3;

export interface Running {
  pid: number;
  port: number;
  /** Its first line of output. */
  greeting: string;
  /** Its error output, if any. */
  complaint(): string;
  stop(): Promise<void>;
}

export async function startServer(
  server: Server,
  buffer: number,
  options: Pick<Options, "pin" | "nice">,
): Promise<Running> {
  const command = placed("server", server.command, options);
  const child = startChild(command, { PORT: "0", BUFFER: String(buffer) });
  const stop = async () => {
    child.kill("SIGTERM");
    if (await within(STOP_SECONDS, child.ended) === undefined) child.kill("SIGKILL");
    await child.ended;
  };
  const complaint = () => child.errors().trim();
  const greeting = new Promise<RegExpExecArray>((resolve) =>
    child.onOutput(() => {
      const match = /listening on 127\.0\.0\.1:(\d+)(.*)\n/.exec(child.output());
      if (match) resolve(match);
    })
  );
  const match = await within(START_SECONDS, Promise.race([greeting, child.ended]));
  if (typeof match === "object") {
    return { pid: child.pid, port: Number(match[1]), greeting: match[2].trim(), complaint, stop };
  }
  await stop();
  const end = match === undefined ? "did not listen in time" : `ended at once (${match})`;
  throw new Error(`${server.id} ${end}: ${complaint() || "no message"}`);
}
