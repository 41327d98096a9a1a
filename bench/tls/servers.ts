// SPDX-License-Identifier: MIT
// Servers of bench:tls. Each receives PORT, CERT and KEY in its environment.
import { BUN, compiled, DENO, inRepository } from "../rig/paths.ts";

/** A server of the comparison. */
export interface Server {
  readonly id: string;
  readonly title: string;
  readonly command: (port: number) => string[];
}

/** A test certificate and its key. */
export const CERT = inRepository("tests", "fixtures", "tls", "server.cert.pem");
/** See CERT. */
export const KEY = inRepository("tests", "fixtures", "tls", "server.key.pem");

const source = (name: string) => inRepository("bench", "tls", name);
const deno = (...rest: string[]) => [DENO, "run", "-A", "--quiet", "--no-check", ...rest];

function netpoll(runtime: "Bun" | "Deno", driver: "run" | "runSync", engine: string): Server {
  const rest = [source("netpoll.ts"), driver, engine];
  return {
    id: `netpoll-${runtime.toLowerCase()}-${driver.toLowerCase()}-${engine}`,
    title: `netpoll, ${runtime}, ${driver}, ${engine}`,
    command: () => runtime === "Bun" ? [BUN, ...rest] : deno(...rest),
  };
}

function inC(mode: "fd" | "memory", title: string): Server {
  const command = (port: number) => [compiled("tls-server"), `${port}`, CERT, KEY, mode];
  return { id: `c-${mode}`, title, command };
}

/** The first is the baseline. */
export const SERVERS: readonly Server[] = [
  inC("fd", "C, OpenSSL on descriptors"),
  inC("memory", "C, OpenSSL with memory BIOs"),
  {
    id: "go",
    title: "Go, crypto/tls",
    command: (port) => [compiled("tls-go"), `${port}`, CERT, KEY],
  },
  netpoll("Bun", "runSync", "openssl"),
  netpoll("Bun", "run", "openssl"),
  netpoll("Deno", "runSync", "openssl"),
  netpoll("Deno", "run", "openssl"),
  netpoll("Bun", "run", "host"),
  netpoll("Deno", "run", "host"),
  { id: "bun-listen", title: "Bun.listen", command: () => [BUN, source("bun.ts")] },
  { id: "deno-listentls", title: "Deno.listenTls", command: () => deno(source("deno.ts")) },
  { id: "node-tls", title: "node:tls, Node", command: () => ["node", source("node.mjs")] },
];
