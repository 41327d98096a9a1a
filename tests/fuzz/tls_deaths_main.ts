// SPDX-License-Identifier: MIT
// cspell:ignore nodelete
/**
 * The long run of tls_deaths.ts: `npm run fuzz:tls -- --connections N --seed S`. Counts the objects
 * of OpenSSL, and all blocks of its memory by its own hooks. Needs gcc and libssl-dev.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { platform } from "../../platforms/platform.ts";
import { Random } from "./random.ts";
import { tlsDeaths } from "./tls_deaths.ts";

/** Connections after which what is kept for later calls is there, such as contexts. */
const WARM_UP = 5000;
/** Blocks of contexts that are kept: those of the last batch differ in their options. */
const SLACK = 200;

/** Builds the hooks, and installs them before OpenSSL is initialized. */
function countMemory(): () => number {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-openssl-memory-"));
  const file = join(folder, "memory.so");
  try {
    const source = fileURLToPath(new URL("openssl_memory.c", import.meta.url));
    const args = ["-shared", "-fPIC", "-O2", "-Wl,-z,nodelete", "-o", file, source, "-lcrypto"];
    const { status, stderr } = spawnSync("gcc", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`gcc: ${stderr}`);
    const { symbols } = platform().runtime.dlopen({ title: file, names: [], paths: [file] }, {
      count_memory: { params: [], result: "i32" },
      memory_blocks: { params: [], result: "i32" },
    });
    if (symbols.count_memory() !== 1) throw new Error("OpenSSL has allocated memory before");
    return () => symbols.memory_blocks();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
  },
});
const count = Number(values.connections);
const random = new Random(Number(values.seed));
const blocks = countMemory();
const before = await tlsDeaths(WARM_UP, random);
const blocksBefore = blocks();
console.log(`after ${WARM_UP}:`, before, { blocks: blocksBefore, rss: process.memoryUsage.rss() });
const after = await tlsDeaths(count, random);
console.log(`after ${count} more:`, after, {
  blocks: blocks(),
  rss: process.memoryUsage.rss(),
});
const left = after.connections > 0 || after.contexts > before.contexts;
const grown = blocks() - blocksBefore > SLACK;
if (left || grown) throw new Error("objects of OpenSSL are left");
