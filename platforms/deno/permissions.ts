// SPDX-License-Identifier: MIT
/** Deno's permissions for the network, which an FFI call would bypass, and for files. */
import { nodeModule } from "../contract/host.ts";
import { deno, type Permission } from "./global.ts";

/**
 * Requests network access to `host:port`, or to all ports if `port` is null, and prompts unless
 * `ask` is false; throws `Deno.errors.NotCapable` if it is not granted.
 */
export function requireNet(host: string, port: number | null, ask = true): void {
  if (permitsAllNet()) return;
  const permission = { name: "net", host: target(host, port) } as const;
  if (!granted(permission, ask)) throw notCapable(permission.host);
}

/**
 * Whether all network access is granted, with no exception. Deno answers this faster than for a
 * host, and it remembers every host for which it was asked. Queried at each call: threads share
 * their permissions, and the PermissionStatus of one thread does not show what another has revoked.
 */
function permitsAllNet(): boolean {
  const { state, partial } = deno.permissions.querySync({ name: "net" });
  return state === "granted" && !partial;
}

/** Whether network access to `host:port` is granted; never prompts. */
export function permitsNet(host: string, port: number): boolean {
  return queryNet(target(host, port)) === "granted";
}

/**
 * Throws if the address behind a name is denied. Permission for a name covers the addresses that it
 * resolves to, unless they are denied: otherwise a name would bypass `--deny-net`.
 */
export function refuseDeniedNet(ip: string, port: number): void {
  const host = target(ip, port);
  if (queryNet(host) === "denied") throw notCapable(host);
}

/** Whether reading a file is permitted; never prompts. */
export function permitsRead(path: string): boolean {
  return deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** Returns the text of a file if reading it is permitted; never prompts. */
export function readPermittedText(path: string): string | null {
  if (!permitsRead(path)) return null;
  try {
    return nodeModule("node:fs").readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/**
 * Requires what Deno's own Unix sockets require: read and write access to the file, and the
 * network. Stricter for symbolic links: their target must be permitted as well.
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
 * Resolves the symbolic links of `path`. Returns `path` itself if its directory may not be read,
 * because then only that exact path was permitted.
 */
function realPath(path: string): string {
  const { basename, dirname, join } = nodeModule("node:path");
  for (const [folder, file] of [[path, ""], [dirname(path), basename(path)]]) {
    try {
      return join(deno.realPathSync(folder), file);
    } catch {
      // Does not exist yet, or not permitted.
    }
  }
  return path;
}

/** An abstract name has no path for a permission, so this requires unrestricted network access. */
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

/** Returns an environment variable if reading it is permitted; never prompts. */
export function variable(name: string): string | undefined {
  const { state } = deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? deno.env.get(name) : undefined;
}
