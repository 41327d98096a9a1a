// SPDX-License-Identifier: MIT
/**
 * The process and Node's modules, without static imports. Deno takes 15 ms to load `node:process`
 * and 25 ms for `node:fs`, Bun takes 10 ms for `node:tls`, so each is loaded at first use.
 */

/** Node's modules that the library uses, by name. */
interface NodeModules {
  "node:async_hooks": typeof import("node:async_hooks");
  "node:buffer": typeof import("node:buffer");
  "node:dns": typeof import("node:dns");
  "node:fs": typeof import("node:fs");
  "node:module": typeof import("node:module");
  "node:os": typeof import("node:os");
  "node:path": typeof import("node:path");
  "node:url": typeof import("node:url");
  "node:worker_threads": typeof import("node:worker_threads");
}

/** Returns Node's `process`, and loads it on Deno. */
export function nodeProcess(): typeof import("node:process") {
  return (globalThis as { readonly process?: unknown }).process as typeof import("node:process");
}

/** Returns a module of Node, as an import would. */
export function nodeModule<K extends keyof NodeModules>(name: K): NodeModules[K] {
  return nodeProcess().getBuiltinModule(name) as NodeModules[K];
}

/** Cache, filled at first use. */
const loaded: { buffer: NodeModules["node:buffer"]["Buffer"] | null } = { buffer: null };

/** Returns Node's `Buffer`. */
export function nodeBuffer(): NodeModules["node:buffer"]["Buffer"] {
  return loaded.buffer ??= nodeModule("node:buffer").Buffer;
}

/** The part of the `Deno` namespace that describes the process. */
interface DenoProcess {
  readonly build: { readonly os: string; readonly arch: string };
  readonly pid: number;
}

const deno = (globalThis as { readonly Deno?: DenoProcess }).Deno;

/** Node's names of systems and processors, where Deno's differ. */
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

/** ID of this process. */
export const pid: number = deno === undefined ? nodeProcess().pid : deno.pid;

/**
 * Returns the URL of the library's module `path`, without its extension, beside the module at `base`:
 * published packages hold JavaScript, and nothing rewrites a URL.
 */
export function moduleBeside(base: string, path: string): URL {
  return new URL(`${path}.${base.endsWith(".ts") ? "ts" : "js"}`, base);
}
