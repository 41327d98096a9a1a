// SPDX-License-Identifier: MIT
/** The neutral notation for C functions, and what it becomes on either runtime. */

/** What a C parameter may be. 32-bit integers keep a call on both runtimes' fast paths; a `size_t`
 * is declared `u32` and its value kept below 2^30, so that the upper half of the register is zero.
 * An `i64` is given as a safe integer, which takes no BigInt: for an `off_t` by value. */
export type CParam = "i32" | "u32" | "i64" | "buffer" | "pointer";

/** What a C function may return; `void*` as an opaque pointer that only its own runtime can read. */
export type CResult = "i32" | "u32" | "void" | "pointer";

/** One C function. An `optional` one that the library lacks becomes `null`. */
export interface CFunction {
  readonly params: readonly CParam[];
  readonly result: CResult;
  readonly optional?: true;
}

/** C functions by their C names. */
export type SymbolTable = Readonly<Record<string, CFunction>>;

/** A pointer as the runtime represents it: a number on Bun, an object on Deno. */
export type Pointer = { readonly __pointer: unique symbol };

type Arg<P extends CParam> = P extends "buffer" ? ArrayBufferView
  : P extends "pointer" ? Pointer | null
  : number;
type Args<P extends readonly CParam[]> = { -readonly [K in keyof P]: Arg<P[K]> };
type Result<R extends CResult> = R extends "void" ? void : R extends "pointer" ? Pointer : number;
/** One function of it, callable. */
export type Bound<F extends CFunction> = (...args: Args<F["params"]>) => Result<F["result"]>;

/** What {@linkcode JsRuntime.dlopen} makes of a {@linkcode SymbolTable}: the same on every runtime. */
export type Library<T extends SymbolTable> = {
  readonly [K in keyof T]: T[K] extends { optional: true } ? Bound<T[K]> | null : Bound<T[K]>;
};

type CallbackArg<P extends CParam> = P extends "pointer" ? Pointer | null : number;
type CallbackArgs<P extends readonly CParam[]> = {
  -readonly [K in keyof P]: CallbackArg<P[K]>;
};
/** The body of a {@linkcode Callback}; a pointer that is null in C is null here. */
export type CallbackBody<F extends CFunction> = (
  ...args: CallbackArgs<F["params"]>
) => F["result"] extends "void" ? void : number;

/** A C function whose body is JavaScript. */
export interface Callback extends Disposable {
  /** Address to hand to C. */
  readonly pointer: Pointer;
  /** Frees it; C must not call it any more. */
  [Symbol.dispose](): void;
}

/** The names under which a C library may be found, tried in this order. */
export interface LibraryNames {
  /** What a message calls it: "the C library". */
  readonly title: string;
  /** Names for the dynamic linker's own search. */
  readonly names: readonly string[];
  /** Absolute paths, for a Deno whose `--allow-ffi` names files. */
  readonly paths: readonly string[];
  /** Whether the library can be done without, so that Deno's user is not asked for permission. */
  readonly dispensable?: true;
}

/** A library that was opened, and the name that worked. */
export interface OpenedLibrary<T extends SymbolTable> {
  readonly symbols: Library<T>;
  readonly path: string;
}
