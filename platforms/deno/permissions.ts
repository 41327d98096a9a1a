// SPDX-License-Identifier: MIT
/** Deno's permissions: that of the network, which a call by FFI would go round, of files. */
import { readFileSync } from "node:fs";
import { deno, type Permission } from "./global.ts";

/** Asks for network access to `host:port`; throws `Deno.errors.NotCapable` if it is not granted. */
export function requireNet(host: string, port: number): void {
  const permission = { name: "net", host: target(host, port) } as const;
  if (!granted(permission)) throw notCapable(permission.host);
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

/** As Deno's own Unix sockets: the file to read and to write, and the network. */
export function requireUnixPath(path: string): void {
  for (const name of ["read", "write"] as const) {
    if (!granted({ name, path })) throw lacking(name, path);
  }
  const host = `unix:${path}`;
  if (!granted({ name: "net", host })) throw notCapable(host);
}

/** An abstract name has no path that a permission could name: all of the network is asked for. */
export function requireUnixName(name: string): void {
  if (!granted({ name: "net" })) throw notCapable(`unix:${name}`);
}

function granted(permission: Permission): boolean {
  if (deno.permissions.querySync(permission).state === "granted") return true;
  return deno.permissions.requestSync(permission).state === "granted";
}

function target(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function notCapable(host: string): Error {
  return lacking("net", host);
}

function lacking(kind: "net" | "read" | "write", what: string): Error {
  return new deno.errors.NotCapable(
    `Requires ${kind} access to "${what}", run again with the --allow-${kind} flag`,
  );
}

/** A variable of the environment, if it may be read: nobody is asked. */
export function variable(name: string): string | undefined {
  const { state } = deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? deno.env.get(name) : undefined;
}
