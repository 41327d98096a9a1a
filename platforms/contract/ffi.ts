// SPDX-License-Identifier: MIT
/** Runtime-neutral declarations of C functions, and the types they have on either runtime. */

/**
 * Type of a C parameter. 32-bit integers keep a call on both runtimes' fast path; declare a
 * `size_t` as `u32` and keep its value below 2^30, so that the upper half of the register is zero.
 * An `i64` is passed as a safe integer, without a BigInt: for an `off_t` by value.
 */
export type CParam = "i32" | "u32" | "i64" | "buffer" | "pointer";

/** Type of a C result; `void*` is an opaque pointer that only its own runtime can read. */
export type CResult = "i32" | "u32" | "void" | "pointer";

/** A C function. An `optional` one that the library lacks is bound as `null`. */
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
/** A bound, callable C function. */
export type Bound<F extends CFunction> = (...args: Args<F["params"]>) => Result<F["result"]>;

/**
 * Result of {@linkcode JsRuntime.dlopen} for a {@linkcode SymbolTable}: the same on every runtime.
 */
export type Library<T extends SymbolTable> = {
  readonly [K in keyof T]: T[K] extends { optional: true } ? Bound<T[K]> | null : Bound<T[K]>;
};

type CallbackArg<P extends CParam> = P extends "pointer" ? Pointer | null : number;
type CallbackArgs<P extends readonly CParam[]> = {
  -readonly [K in keyof P]: CallbackArg<P[K]>;
};
/** Body of a {@linkcode Callback}; a null pointer in C is null here. */
export type CallbackBody<F extends CFunction> = (
  ...args: CallbackArgs<F["params"]>
) => F["result"] extends "void" ? void : number;

/** A C function implemented in JavaScript. */
export interface Callback extends Disposable {
  /** Address to pass to C. */
  readonly pointer: Pointer;
  /** Frees the callback; C must not call it afterwards. */
  [Symbol.dispose](): void;
}

/** Names of a C library, tried in this order. */
export interface LibraryNames {
  /** Name for messages: "the C library". */
  readonly title: string;
  /** Names for the dynamic linker's search. */
  readonly names: readonly string[];
  /** Absolute paths, for a Deno whose `--allow-ffi` lists files. */
  readonly paths: readonly string[];
  /** Whether the library is optional, so that Deno does not prompt for permission. */
  readonly dispensable?: true;
}

/** An opened library and the name that it was found under. */
export interface OpenedLibrary<T extends SymbolTable> {
  readonly symbols: Library<T>;
  readonly path: string;
}
