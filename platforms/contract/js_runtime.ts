// SPDX-License-Identifier: MIT
/** What a JavaScript runtime must offer. */
import type {
  Bound,
  Callback,
  CallbackBody,
  CFunction,
  LibraryNames,
  OpenedLibrary,
  Pointer,
  SymbolTable,
} from "./ffi.ts";

/** The JavaScript runtime underneath: all that the library knows of Bun or of Deno. */
export interface JsRuntime {
  readonly name: "bun" | "deno";
  /** Whether its TLS lets one side write on when the other has ended. */
  readonly tlsHalfCloses: boolean;
  /** Bytes of text above which `TextDecoder` decodes faster than `Buffer`. */
  readonly longText: number;
  /** Whether its TLS drops plaintext that is unread when the stream below it closes. */
  readonly tlsDropsUnread: boolean;
  /** Opens the first of `library`'s names that is there and permitted. Throws PlatformError. */
  dlopen<T extends SymbolTable>(library: LibraryNames, table: T): OpenedLibrary<T>;
  /** A function that reads this thread's errno, of which `location` is the address. */
  errnoReader(location: Pointer, libraryPath: string): () => number;
  /**
   * A function that tells where a view's memory is, for structures that point at it. The address
   * holds while the view is referred to; a number is exact, since no process has 2^53 bytes.
   */
  addressReader(libraryPath: string): (view: ArrayBufferView) => number;
  /** The cheapest clock that has the milliseconds of `performance.now()` and is never ahead of it. */
  clock(): () => number;
  /** The pointer to a number's address. */
  pointerAt(address: number): Pointer;
  /** The `length` bytes behind `pointer`, which must stay where they are for good. */
  memoryAt(pointer: Pointer, length: number): ArrayBuffer;
  /** The function at `pointer`, which no library has by a name. */
  functionAt<F extends CFunction>(pointer: Pointer, declaration: F): Bound<F>;
  /**
   * A C function with the body `f`. C may call it only on this thread and only during a call that
   * this thread makes itself; `f` must not throw. Throws PlatformError where Deno's `--allow-ffi`
   * names files: then no callbacks are permitted.
   */
  callback<F extends CFunction>(declaration: F, f: CallbackBody<F>): Callback;
  /** Returns a wait for a descriptor to turn readable that lets the host's loop go on. */
  hostWait(watched: WatchedDescriptor): HostWait;
  /** A wait for a packet of a completion port that lets the host's loop go on. */
  completionWait(completions: CompletionBuffer): HostWait;
  /**
   * Calls `f` when the program of this thread is thrown away and the process may live on. Absent where
   * the process ends then, or where the runtime does not tell.
   */
  onUnload?(f: () => void): void;
  /** Whether modules are reloaded within the process, while what they opened stays open. */
  readonly reloadsModules: boolean;
  /** A variable of the environment; undefined if it is not set, or may not be read without asking. */
  variable(name: string): string | undefined;
  /**
   * Throws the runtime's own error unless the user permitted network access to `host:port`, or to all
   * ports of `host` if `port` is null. With `ask` false the user is not asked: what a stranger sent must
   * not raise a prompt.
   */
  requireNet(host: string, port: number | null, ask?: boolean): void;
  /** Whether network access to `host:port` is permitted already; the user is not asked. */
  permitsNet(host: string, port: number): boolean;
  /** Throws the runtime's own error if the user denied access to the address behind a permitted name. */
  refuseDeniedNet(ip: string, port: number): void;
  /** The text of a small file; null if it is not there, or the user has not permitted to read it. */
  readText(path: string): string | null;
  /** Whether the user has permitted to read a file; nobody is asked. */
  permitsRead(path: string): boolean;
  /**
   * Closes `fd` if the runtime's own file calls opened it and keep a record of that, and drops the
   * record. Returns whether it is closed; if not, close(2) has to do it.
   */
  closeFile(fd: number): boolean;
  /** Deno's classes of errors by their names, or what stands in for them. */
  denoErrors(): ErrorClasses;
  /** Throws the runtime's own error unless the user permitted the Unix socket at an absolute `path`; `ask` as above. */
  requireUnixPath(path: string, ask?: boolean): void;
  /** As {@linkcode requireUnixPath}, for an abstract name, which belongs to no file. */
  requireUnixName(name: string, ask?: boolean): void;
}

/** Error class whose constructor accepts a message. */
export type ErrorClass = new (message?: string) => Error;

/** Classes of errors by name; not every name that Deno has need be there. */
export type ErrorClasses = Readonly<Record<string, ErrorClass | undefined>>;

/** What a {@linkcode HostWait} watches, and what it may ask about it. */
export interface WatchedDescriptor {
  readonly fd: number;
  readonly libraryPath: string;
  /** Whether it is readable now. */
  isReadable(): boolean;
  /** Whether `count` more descriptors could be opened. */
  canOpen(count: number): boolean;
}

/**
 * Watches one descriptor from outside the thread, while the thread is in its host's loop.
 * No event is consumed by it: the thread that wakes polls for itself.
 */
export interface HostWait {
  /** True from `arm` until the watch has fired. */
  readonly armed: boolean;
  /** Starts the watch; `wake` is called once, from the host's loop, when the descriptor is readable.
   * While armed it keeps the process alive. Must not be called while armed. */
  arm(wake: () => void): void;
  /** Sets whether the watch keeps the process alive while armed; it does when it is armed. */
  hold(on: boolean): void;
  /** Frees what the wait owns; call only when not armed. */
  dispose(): void;
}

/**
 * Where a wait outside the thread puts the packets that it takes from a completion port: a port has
 * no way to be looked at without taking. The memory is nobody's heap, and stays for good.
 */
export interface CompletionBuffer {
  /** The port's handle. */
  readonly port: number;
  /** The address of room for `capacity` structures OVERLAPPED_ENTRY. */
  readonly entries: number;
  readonly capacity: number;
  /** The address of a 32-bit count of those that are in it. */
  readonly count: number;
}
