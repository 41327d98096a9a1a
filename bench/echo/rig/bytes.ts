// SPDX-License-Identifier: MIT
// `--bytes N`: verifies the echoed data instead of measuring speed.
import { compareBytes } from "./generator.ts";
import type { Options } from "./options.ts";
import { startServer } from "./running.ts";
import type { Server } from "./servers.ts";

async function check(server: Server, bytes: number, options: Options): Promise<string> {
  const running = await startServer(server, 65536, options);
  try {
    const { identical, received, seconds, failure } = await compareBytes(running, bytes);
    if (!identical) throw new Error(`${failure}, after ${received} bytes; ${running.complaint()}`);
    return `identical, ${(bytes / 1e6 / Math.max(seconds, 1e-3)).toFixed(0)} MB/s each way`;
  } finally {
    await running.stop();
  }
}

/** Whether all servers passed. */
export async function checkBytes(bytes: number, options: Options): Promise<boolean> {
  let right = true;
  for (const server of options.servers) {
    let verdict: string;
    try {
      verdict = await check(server, bytes, options);
    } catch (error) {
      right = false;
      verdict = `WRONG: ${(error as Error).message}`;
    }
    console.log(`${server.id.padEnd(20)}  ${verdict}`);
  }
  return right;
}
