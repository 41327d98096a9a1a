// SPDX-License-Identifier: MIT
/**
 * Foreign functions by `bun:ffi`. The module is loaded by name at run time, so that Deno and
 * bundlers never see an import of it.
 */
import { nodeProcess } from "../contract/host.ts";
import type {
  Bound,
  Callback,
  CallbackBody,
  CFunction,
  LibraryNames,
  OpenedLibrary,
  Pointer,
  SymbolTable,
} from "../contract/platform.ts";
import { type Library, PlatformError } from "../contract/platform.ts";

/** The part of `bun:ffi` that is used here, declared so that no ambient types are needed. */
interface BunFFI {
  dlopen(name: string, symbols: Record<string, { args: string[]; returns: string }>): {
    symbols: Record<string, unknown>;
  };
  toArrayBuffer(pointer: unknown, offset: number, length: number): ArrayBuffer;
  ptr(view: ArrayBufferView): number;
  JSCallback: new (
    f: (...args: never[]) => unknown,
    declaration: { args: string[]; returns: string },
  ) => { ptr: unknown; close(): void };
  CFunction(declaration: { ptr: unknown; args: string[]; returns: string }): unknown;
}

let loaded: BunFFI | undefined;

/** Returns `bun:ffi`, or throws a PlatformError that names what this Bun lacks. */
function bunFFI(): BunFFI {
  if (loaded) return loaded;
  const module = (nodeProcess().getBuiltinModule as (id: string) => unknown)("bun:ffi");
  if (!module) {
    throw new PlatformError("Cannot load bun:ffi: Bun 1.4 or later is needed", "bun:ffi");
  }
  return loaded = module as BunFFI;
}

const TYPE_NAMES = {
  i32: "i32",
  u32: "u32",
  i64: "i64",
  buffer: "buffer",
  pointer: "ptr",
  void: "void",
};

function describe(f: CFunction): { args: string[]; returns: string } {
  return { args: f.params.map((p) => TYPE_NAMES[p]), returns: TYPE_NAMES[f.result] };
}

/** Opens the first name that the dynamic linker finds. */
export function dlopen<T extends SymbolTable>(library: LibraryNames, table: T): OpenedLibrary<T> {
  const required: Record<string, { args: string[]; returns: string }> = {};
  const optional: [string, CFunction][] = [];
  for (const [name, f] of Object.entries(table)) {
    if (f.optional) optional.push([name, f]);
    else required[name] = describe(f);
  }
  const failures: unknown[] = [];
  for (const path of [...library.names, ...library.paths]) {
    try {
      const symbols = { ...bunFFI().dlopen(path, required).symbols };
      for (const [name, f] of optional) symbols[name] = openOptional(path, name, f);
      return { symbols: symbols as Library<T>, path };
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      failures.push(error);
    }
  }
  throw new PlatformError(
    `Cannot open ${library.title}: tried ${[...library.names, ...library.paths].join(", ")}`,
    library.names[0] ?? library.paths[0],
    failures[0],
  );
}

/** One missing symbol fails a whole dlopen, so an optional one gets a dlopen of its own. */
function openOptional(path: string, name: string, f: CFunction): unknown {
  try {
    return bunFFI().dlopen(path, { [name]: describe(f) }).symbols[name];
  } catch {
    return null;
  }
}

/** Reads errno through a view of the thread's own errno, mapped once. */
export function errnoReader(location: Pointer): () => number {
  const view = new Int32Array(bunFFI().toArrayBuffer(location, 0, 4));
  return () => view[0];
}

/**
 * Bun may move a small view's memory until its `buffer` is first read (bun issue 32054); from then
 * on the address is valid as long as the view.
 */
export function addressReader(): (view: ArrayBufferView) => number {
  const { ptr } = bunFFI();
  return (view) => {
    void view.buffer;
    return ptr(view);
  };
}

/** On Bun, a pointer is a number. */
export function pointerAt(address: number): Pointer {
  return address as unknown as Pointer;
}

/** Returns foreign memory as an ArrayBuffer. */
export function memoryAt(pointer: Pointer, length: number): ArrayBuffer {
  return bunFFI().toArrayBuffer(pointer, 0, length);
}

/** Binds a function by its address. */
export function functionAt<F extends CFunction>(pointer: Pointer, declaration: F): Bound<F> {
  return bunFFI().CFunction({ ptr: pointer, ...describe(declaration) }) as Bound<F>;
}

/** Creates a C function with the body `f`. Bun passes a null pointer as null or 0. */
export function callback<F extends CFunction>(declaration: F, f: CallbackBody<F>): Callback {
  const body = f as (...args: unknown[]) => unknown;
  const made = new (bunFFI().JSCallback)(
    (...args: unknown[]) =>
      body(...args.map((arg, i) => declaration.params[i] === "pointer" && !arg ? null : arg)),
    describe(declaration),
  );
  return { pointer: made.ptr as Pointer, [Symbol.dispose]: () => made.close() };
}
