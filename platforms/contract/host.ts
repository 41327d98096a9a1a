// SPDX-License-Identifier: MIT
/**
 * The process, and Node's modules, without importing any. Deno takes 15 ms to load `node:process` and
 * 25 ms for `node:fs`, Bun takes 10 ms for `node:tls`: each is loaded when it is first used.
 */

/** Node's modules that the library uses, by name. */
interface NodeModules {
  "node:buffer": typeof import("node:buffer");
  "node:dns": typeof import("node:dns");
  "node:fs": typeof import("node:fs");
  "node:module": typeof import("node:module");
  "node:os": typeof import("node:os");
  "node:path": typeof import("node:path");
  "node:url": typeof import("node:url");
  "node:worker_threads": typeof import("node:worker_threads");
}

/** Node's `process`; on Deno it is loaded by this. */
export function nodeProcess(): typeof import("node:process") {
  return (globalThis as { readonly process?: unknown }).process as typeof import("node:process");
}

/** A module of Node, as an import of it would be. */
export function nodeModule<K extends keyof NodeModules>(name: K): NodeModules[K] {
  return nodeProcess().getBuiltinModule(name) as NodeModules[K];
}

/** Loaded at the first use. */
const loaded: { buffer: NodeModules["node:buffer"]["Buffer"] | null } = { buffer: null };

/** Node's `Buffer`. */
export function nodeBuffer(): NodeModules["node:buffer"]["Buffer"] {
  return loaded.buffer ??= nodeModule("node:buffer").Buffer;
}

/** What Deno says of the process. */
interface DenoProcess {
  readonly build: { readonly os: string; readonly arch: string };
  readonly pid: number;
}

const deno = (globalThis as { readonly Deno?: DenoProcess }).Deno;

/** Names of systems and processors, where Deno's are not Node's. */
const NODE_NAMES: Readonly<Record<string, string>> = {
  windows: "win32",
  x86_64: "x64",
  aarch64: "arm64",
};

const nodeName = (name: string): string => NODE_NAMES[name] ?? name;

/** The operating system, by Node's name: "linux", "darwin", "freebsd", "win32". */
export const os: string = deno === undefined ? nodeProcess().platform : nodeName(deno.build.os);

/** The processor, by Node's name: "x64", "arm64". */
export const arch: string = deno === undefined ? nodeProcess().arch : nodeName(deno.build.arch);

/** Number of this process. */
export const pid: number = deno === undefined ? nodeProcess().pid : deno.pid;
