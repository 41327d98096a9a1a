// SPDX-License-Identifier: MIT
/** Deno's permissions: that of the network, which a call by FFI would go round, of files. */
import { nodeModule } from "../contract/host.ts";
import { deno, type Permission } from "./global.ts";

/**
 * Asks, unless `ask` is false, for network access to `host:port`, or to all ports if `port` is null;
 * throws `Deno.errors.NotCapable` if it is not granted.
 */
export function requireNet(host: string, port: number | null, ask = true): void {
  const permission = { name: "net", host: target(host, port) } as const;
  if (!granted(permission, ask)) throw notCapable(permission.host);
}

/** Whether network access to `host:port` is granted; nothing is asked. */
export function permitsNet(host: string, port: number): boolean {
  return queryNet(target(host, port)) === "granted";
}

/**
 * Permission for a name covers what it resolves to, unless that is denied by itself: else a name
 * would be a way round `--deny-net`.
 */
export function refuseDeniedNet(ip: string, port: number): void {
  const host = target(ip, port);
  if (queryNet(host) === "denied") throw notCapable(host);
}

/** Whether the user has permitted to read a file; nothing is asked. */
export function permitsRead(path: string): boolean {
  return deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** The text of a file for which the program has a read grant; never prompts. */
export function readPermittedText(path: string): string | null {
  if (!permitsRead(path)) return null;
  try {
    return nodeModule("node:fs").readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/**
 * As Deno's own Unix sockets: the file to read and to write, and the network. Stricter than those
 * where a symbolic link leads elsewhere: the place that is really reached must be permitted as well.
 */
export function requireUnixPath(path: string, ask = true): void {
  requireFile(path, ask);
  const real = realPath(path);
  if (real !== path) requireFile(real, ask);
  const host = `unix:${path}`;
  if (!granted({ name: "net", host }, ask)) throw notCapable(host);
}

function requireFile(path: string, ask: boolean): void {
  for (const name of ["read", "write"] as const) {
    if (!granted({ name, path }, ask)) throw lacking(name, path);
  }
}

/**
 * Returns where `path` leads, through symbolic links; `path` itself where its folder may not be read,
 * for then no more than that very path was permitted.
 */
function realPath(path: string): string {
  const { basename, dirname, join } = nodeModule("node:path");
  for (const [folder, file] of [[path, ""], [dirname(path), basename(path)]]) {
    try {
      return join(deno.realPathSync(folder), file);
    } catch {
      // Not there yet, or not permitted.
    }
  }
  return path;
}

/** An abstract name has no path that a permission could name: all of the network is asked for. */
export function requireUnixName(name: string, ask = true): void {
  if (!granted({ name: "net" }, ask)) throw notCapable(`unix:${name}`);
}

function queryNet(host: string): string {
  return deno.permissions.querySync({ name: "net", host }).state;
}

function granted(permission: Permission, ask: boolean): boolean {
  if (deno.permissions.querySync(permission).state === "granted") return true;
  return ask && deno.permissions.requestSync(permission).state === "granted";
}

function target(host: string, port: number | null): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === null ? name : `${name}:${port}`;
}

function notCapable(host: string): Error {
  return lacking("net", host);
}

function lacking(kind: "net" | "read" | "write", what: string): Error {
  return new deno.errors.NotCapable(
    `Requires ${kind} access to "${what}", run again with the --allow-${kind} flag`,
  );
}

/** A variable of the environment, if a grant exists; never prompts. */
export function variable(name: string): string | undefined {
  const { state } = deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? deno.env.get(name) : undefined;
}
