// SPDX-License-Identifier: MIT
/** Interface of a JavaScript runtime. */
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

/** The JavaScript runtime underneath: everything that the library needs of Bun or Deno. */
export interface JsRuntime {
  readonly name: "bun" | "deno";
  /** Whether its TLS allows half-close: one side may still write after the other has ended. */
  readonly tlsHalfCloses: boolean;
  /** Number of bytes above which `TextDecoder` decodes faster than `Buffer`. */
  readonly longText: number;
  /** Whether its TLS drops unread plaintext when the underlying stream closes. */
  readonly tlsDropsUnread: boolean;
  /** Opens the first of `library`'s names that exists and is permitted. Throws PlatformError. */
  dlopen<T extends SymbolTable>(library: LibraryNames, table: T): OpenedLibrary<T>;
  /** Returns a function that reads this thread's errno, whose address is `location`. */
  errnoReader(location: Pointer, libraryPath: string): () => number;
  /**
   * Returns a function that returns the address of a view's memory, for structures that point to
   * it. The address is valid as long as the view is referenced; a number is exact, since no process
   * has 2^53 bytes.
   */
  addressReader(libraryPath: string): (view: ArrayBufferView) => number;
  /**
   * Returns the cheapest clock that has the milliseconds of `performance.now()` and is never ahead
   * of it.
   */
  clock(): () => number;
  /** Converts an address to a pointer. */
  pointerAt(address: number): Pointer;
  /** Returns the `length` bytes at `pointer`, which must stay allocated for ever. */
  memoryAt(pointer: Pointer, length: number): ArrayBuffer;
  /** Binds the function at `pointer`, for functions that no library exports by name. */
  functionAt<F extends CFunction>(pointer: Pointer, declaration: F): Bound<F>;
  /**
   * Returns a C function with the body `f`. C may call it only on this thread and only during a
   * call that this thread makes itself; `f` must not throw. Throws PlatformError where Deno's
   * `--allow-ffi` lists files, because callbacks are then not permitted.
   */
  callback<F extends CFunction>(declaration: F, f: CallbackBody<F>): Callback;
  /** Returns a wait for a readable descriptor during which the host's loop continues. */
  hostWait(watched: WatchedDescriptor): HostWait;
  /** Returns a wait for a completion packet during which the host's loop continues. */
  completionWait(completions: CompletionBuffer): HostWait;
  /**
   * Calls `f` when this thread's program is unloaded while the process may continue. Absent if the
   * process ends then, or if the runtime does not report it.
   */
  onUnload?(f: () => void): void;
  /**
   * Returns a number below zero that is the same for all copies of the library in this thread's program,
   * and another one in the next program; null if there is nowhere to keep it, as on a frozen `Deno`.
   * Absent if a thread never has two programs in turn.
   */
  programId?(): number | null;
  /** Whether modules are reloaded within the process, while the resources they opened stay open. */
  readonly reloadsModules: boolean;
  /**
   * Returns an environment variable; undefined if it is unset, or may not be read without a prompt.
   */
  variable(name: string): string | undefined;
  /**
   * Throws the runtime's own error unless network access to `host:port` is permitted, or to all
   * ports of `host` if `port` is null. With `ask` false there is no prompt: data from a remote peer
   * must not raise one.
   */
  requireNet(host: string, port: number | null, ask?: boolean): void;
  /** Whether network access to `host:port` is already permitted; never prompts. */
  permitsNet(host: string, port: number): boolean;
  /** Throws the runtime's own error if access to the address behind a permitted name is denied. */
  refuseDeniedNet(ip: string, port: number): void;
  /** Returns the text of a small file; null if it does not exist or reading it is not permitted. */
  readText(path: string): string | null;
  /** Whether reading a file is permitted; never prompts. */
  permitsRead(path: string): boolean;
  /**
   * Closes `fd` if the runtime's own file API opened it and keeps a record of it, and drops that
   * record. Returns whether it is closed; if not, the caller must use close(2).
   */
  closeFile(fd: number): boolean;
  /** Returns Deno's error classes by name, or their substitutes. */
  denoErrors(): ErrorClasses;
  /**
   * Throws the runtime's own error unless the Unix socket at an absolute `path` is permitted; `ask`
   * as above.
   */
  requireUnixPath(path: string, ask?: boolean): void;
  /** As {@linkcode requireUnixPath}, for an abstract name, which is not a file. */
  requireUnixName(name: string, ask?: boolean): void;
}

/** Error class whose constructor accepts a message. */
export type ErrorClass = new (message?: string) => Error;

/** Error classes by name; may lack some of Deno's names. */
export type ErrorClasses = Readonly<Record<string, ErrorClass | undefined>>;

/** The descriptor of a {@linkcode HostWait}, and queries about it. */
export interface WatchedDescriptor {
  readonly fd: number;
  readonly libraryPath: string;
  /** Whether it is readable now. */
  isReadable(): boolean;
  /** Whether `count` more descriptors can be opened. */
  canOpen(count: number): boolean;
}

/**
 * Watches one descriptor from outside the thread, while the thread runs its host's loop. It
 * consumes no event: the woken thread polls for itself.
 */
export interface HostWait {
  /** True from `arm` until the watch fires. */
  readonly armed: boolean;
  /**
   * Starts the watch; `wake` is called once, from the host's loop, when the descriptor is readable.
   * While armed it keeps the process alive. Must not be called while armed.
   */
  arm(wake: () => void): void;
  /** Sets whether the armed watch keeps the process alive; `arm` sets it to true. */
  hold(on: boolean): void;
  /** Frees the resources of the wait; call only when not armed. */
  dispose(): void;
}

/**
 * Buffer into which a wait outside the thread dequeues packets of a completion port, because a port
 * cannot be examined without dequeuing. The memory is outside any heap and is never freed.
 */
export interface CompletionBuffer {
  /** The port's handle. */
  readonly port: number;
  /** Address of an array of `capacity` OVERLAPPED_ENTRY structures. */
  readonly entries: number;
  readonly capacity: number;
  /** Address of a 32-bit count of entries in the array. */
  readonly count: number;
}
