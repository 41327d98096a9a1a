// SPDX-License-Identifier: MIT
/**
 * The part of the `Deno` global that is used here, declared so that tsc and Bun need no ambient
 * types.
 */

import type { ErrorClass, ErrorClasses } from "../contract/platform.ts";

/** A permission descriptor. */
export type Permission =
  | { name: "ffi"; path?: string }
  | { name: "net"; host?: string }
  | { name: "read" | "write"; path?: string }
  | { name: "env"; variable?: string };

/** Status of a permission. W3C Permissions, PermissionStatus. */
interface PermissionStatus {
  readonly state: "granted" | "denied" | "prompt";
  /** Whether it is granted or denied with exceptions. */
  readonly partial: boolean;
}

interface DenoGlobal {
  realPathSync(path: string): string;
  build: { os: string };
  dlopen(
    path: string,
    symbols: Record<
      string,
      { parameters: string[]; result: string; optional?: boolean; nonblocking?: boolean }
    >,
  ): { symbols: Record<string, unknown> };
  UnsafePointer: { create(address: bigint): unknown };
  UnsafeFnPointer: new (
    pointer: unknown,
    declaration: { parameters: string[]; result: string },
  ) => { call(...args: unknown[]): unknown };
  UnsafeCallback: new (
    declaration: { parameters: string[]; result: string },
    f: (...args: never[]) => unknown,
  ) => { pointer: unknown; close(): void };
  UnsafePointerView: {
    getArrayBuffer(pointer: unknown, length: number): ArrayBuffer;
  };
  permissions: {
    querySync(permission: Permission): PermissionStatus;
    requestSync(permission: Permission): PermissionStatus;
  };
  env: { get(name: string): string | undefined };
  errors: ErrorClasses & { NotCapable: ErrorClass };
}

/** Deno's global object; use it only on Deno. */
export const deno: DenoGlobal = (globalThis as unknown as { Deno: DenoGlobal }).Deno;
