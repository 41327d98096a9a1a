// SPDX-License-Identifier: MIT
/** Deno's permissions: that of the network, which a call by FFI would go round, and that to read. */
import { readFileSync } from "node:fs";
import { deno } from "./global.ts";

/** Asks for network access to `host:port`; throws `Deno.errors.NotCapable` if it is not granted. */
export function requireNet(host: string, port: number): void {
  const permission = { name: "net", host: target(host, port) } as const;
  if (deno.permissions.querySync(permission).state === "granted") return;
  if (deno.permissions.requestSync(permission).state === "granted") return;
  throw notCapable(permission.host);
}

/**
 * Permission for a name covers what it resolves to, unless that is denied by itself: else a name
 * would be a way round `--deny-net`.
 */
export function refuseDeniedNet(ip: string, port: number): void {
  const host = target(ip, port);
  if (deno.permissions.querySync({ name: "net", host }).state === "denied") throw notCapable(host);
}

/** The text of a file that the user has permitted to read; nobody is asked for it. */
export function readPermittedText(path: string): string | null {
  if (deno.permissions.querySync({ name: "read", path }).state !== "granted") return null;
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function target(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function notCapable(host: string): Error {
  return new deno.errors.NotCapable(
    `Requires net access to "${host}", run again with the --allow-net flag`,
  );
}
