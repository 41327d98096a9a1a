// SPDX-License-Identifier: MIT
/** Foreign functions by `Deno.dlopen`, within what `--allow-ffi` permits. */
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
import { deno } from "./global.ts";

/** Opens the first name that is permitted and exists. */
export function dlopen<T extends SymbolTable>(library: LibraryNames, table: T): OpenedLibrary<T> {
  const symbols = Object.fromEntries(
    Object.entries(table).map(([name, f]) => [name, {
      parameters: [...f.params] as string[],
      result: f.result as string,
      optional: f.optional === true,
    }]),
  );
  let failure: unknown;
  for (const path of permittedNames(library)) {
    try {
      const opened = deno.dlopen(path, symbols).symbols;
      return { symbols: opened as Library<T>, path };
    } catch (error) {
      failure = error;
    }
  }
  throw new PlatformError(
    `Cannot open ${library.title}: tried ${permittedNames(library).join(", ")}`,
    library.names[0] ?? library.paths[0],
    failure,
  );
}

/**
 * With `--allow-ffi` unrestricted, the linker may search. With `--allow-ffi=FILE`, a bare name
 * would mean a file of the working directory, so only the granted absolute paths are used.
 */
function permittedNames(library: LibraryNames): readonly string[] {
  if (granted()) return [...library.names, ...library.paths];
  const files = library.paths.filter((path) => granted(path));
  if (files.length > 0) return files;
  if (!library.dispensable && deno.permissions.requestSync({ name: "ffi" }).state === "granted") {
    return library.names;
  }
  const flag = `--allow-ffi=${library.paths[0]}`;
  throw new PlatformError(
    `Cannot call ${library.title} without permission: run Deno with --allow-ffi, or ${flag}`,
    flag,
  );
}

function granted(path?: string): boolean {
  const permission = path === undefined ? { name: "ffi" } as const : { name: "ffi", path } as const;
  return deno.permissions.querySync(permission).state === "granted";
}

/**
 * Reads errno through a view of the thread's errno. Under a scoped `--allow-ffi`, Deno refuses
 * views of foreign memory, so errno is copied out by the library's own `memcpy` instead.
 */
export function errnoReader(location: Pointer, libraryPath: string): () => number {
  if (granted()) {
    const view = new Int32Array(deno.UnsafePointerView.getArrayBuffer(location, 4));
    return () => view[0];
  }
  const { memcpy } = deno.dlopen(libraryPath, {
    memcpy: { parameters: ["buffer", "pointer", "u32"], result: "void" },
  }).symbols as { memcpy: (to: Int32Array, from: Pointer, length: number) => void };
  const copy = new Int32Array(1);
  return () => {
    memcpy(copy, location, 4);
    return copy[0];
  };
}

/**
 * `memmove` returns its first argument: five times faster than `Deno.UnsafePointer`, and permitted
 * under a scoped `--allow-ffi` as well.
 */
export function addressReader(libraryPath: string): (view: ArrayBufferView) => number {
  const { memmove } = deno.dlopen(libraryPath, {
    memmove: { parameters: ["buffer", "buffer", "u32"], result: "usize" },
  }).symbols as { memmove: (to: ArrayBufferView, from: ArrayBufferView, n: number) => bigint };
  return (view) => Number(memmove(view, view, 0));
}

/** On Deno, a pointer is an opaque object. */
export function pointerAt(address: number): Pointer {
  return deno.UnsafePointer.create(BigInt(address)) as Pointer;
}

/** Returns foreign memory as an ArrayBuffer; refused under a scoped `--allow-ffi`. */
export function memoryAt(pointer: Pointer, length: number): ArrayBuffer {
  return deno.UnsafePointerView.getArrayBuffer(pointer, length);
}

/** Binds a function by its address. */
export function functionAt<F extends CFunction>(pointer: Pointer, declaration: F): Bound<F> {
  const { params: parameters, result } = declaration;
  const found = new deno.UnsafeFnPointer(pointer, { parameters: [...parameters], result });
  return ((...args: unknown[]) => found.call(...args)) as Bound<F>;
}

/** Creates a C function with the body `f`; refused under a scoped `--allow-ffi`. */
export function callback<F extends CFunction>(declaration: F, f: CallbackBody<F>): Callback {
  if (!granted()) {
    throw new PlatformError(
      "Cannot let C call back under an --allow-ffi that names files: run Deno with --allow-ffi",
      "--allow-ffi",
    );
  }
  const { params: parameters, result } = declaration;
  const made = new deno.UnsafeCallback(
    { parameters: [...parameters], result },
    f as (...args: never[]) => unknown,
  );
  return { pointer: made.pointer as Pointer, [Symbol.dispose]: () => made.close() };
}
