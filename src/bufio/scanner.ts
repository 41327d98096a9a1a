// SPDX-License-Identifier: MIT
/** Reads token by token. Go: bufio.Scanner. */
import type { Reader } from "../net/io/copy.ts";
import { needFunction } from "../validate/argument.ts";
import { PanicError, type Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import { BufferedCall, type BufferedInput } from "./buffered_call.ts";
import { BufferedReader, INPUT } from "./buffered_reader.ts";
import { TooLongError } from "./errors.ts";
import { type BufferedReadOptions, checkKeys, checkMax, readOptions } from "./options.ts";
import { scanLines, type Split, type SplitFunc } from "./split.ts";
import { notesCalls } from "../sched/noted_methods.ts";
import { refuseAwait } from "../sched/misuse.ts";

/** Go: `bufio.MaxScanTokenSize`. */
const MOST_TOKEN = 64 * 1024;
/** Maximum number of consecutive empty tokens without progress, as in Go. */
const MOST_EMPTY_TOKENS = 100;

const NO_BYTES = new Uint8Array(0);
const KEYS = new Set(["split", "maxToken"]);

/** Options of a {@linkcode Scanner}. */
export interface ScannerOptions {
  /** Split function: `scanLines` by default, `scanWords`, `scanRunes`, `scanBytes`, or your own. */
  split?: SplitFunc;
  /**
   * Maximum number of bytes passed to `split`, including a delimiter; 64 KiB by default. Go:
   * `Buffer`.
   */
  maxToken?: number;
}

/** Finds the next token; false if there is none. */
class ScanCall extends BufferedCall<boolean> {
  /** The last token. */
  token: Uint8Array = NO_BYTES;
  readonly #split: SplitFunc;
  readonly #max: number;
  #emptyTokens = 0;
  #over = false;

  constructor(input: BufferedInput, split: SplitFunc, max: number) {
    super(input);
    this.#split = split;
    this.#max = max;
  }

  protected override attempt(atEnd: boolean): boolean | undefined {
    this.token = NO_BYTES;
    for (let advanced = true; advanced && !this.#over;) {
      const { length } = this.buffer;
      if (length === 0 && !atEnd) return undefined;
      const shown = Math.min(length, this.#max);
      const last = atEnd && shown === length;
      const found = this.#split(this.buffer.view(shown), last);
      advanced = found !== null && found.advance > 0;
      if (found !== null && this.#accept(found, shown, last)) return true;
      if (!advanced && !this.#over && !last && length >= this.#max) {
        throw new TooLongError("token", this.#max);
      }
    }
    return atEnd || this.#over ? false : undefined;
  }

  /** Consumes the result of `split`; returns true if it has a token. Go: Scanner.advance. */
  #accept({ advance, token, final = false }: Split, shown: number, last: boolean): boolean {
    if (!(Number.isInteger(advance) && advance >= 0 && advance <= shown)) {
      throw new PanicError(`bufio.Scanner: SplitFunc returns advance ${advance} of ${shown} bytes`);
    }
    this.buffer.start += advance;
    this.#over = final;
    if (token === null) return false;
    this.#emptyTokens = advance > 0 || !last ? 0 : this.#emptyTokens + 1;
    if (this.#emptyTokens > MOST_EMPTY_TOKENS) {
      throw new PanicError("bufio.Scan: too many empty tokens without progressing");
    }
    this.token = token;
    return true;
  }
}

/**
 * Reads token by token, where a function says what a token is. Go: `bufio.Scanner`.
 *
 * Errors are thrown, so there is no `Err`. Over a {@linkcode BufferedReader} the scanner uses its
 * buffer: what it has not consumed is there for the reader's next call, while Go's scanner reads
 * ahead for itself. As with the reader, a token that is too long, a deadline and a context consume
 * nothing, and only one goroutine may call at a time.
 *
 * @example
 * ```ts
 * const words = new Scanner(conn, { split: scanWords });
 * while (yield* words.scan()) count(words.text());
 * ```
 */
export class Scanner {
  readonly #call: ScanCall;

  /**
   * Creates a scanner of `source`. It does not read yet.
   *
   * @param source a reader or a {@linkcode BufferedReader}
   * @param options see {@linkcode ScannerOptions}
   * @throws {TypeError} if the source is not a reader or an option is invalid;
   * {@linkcode RangeError} if `maxToken` is not a positive integer
   */
  constructor(source: Reader, options: ScannerOptions = {}) {
    checkKeys("scan", options, KEYS);
    const { split = scanLines, maxToken = MOST_TOKEN } = options;
    needFunction("scan", "split", split);
    checkMax("scan", "maxToken", maxToken);
    const reader = source instanceof BufferedReader ? source : new BufferedReader(source);
    this.#call = new ScanCall(reader[INPUT], split, maxToken);
  }

  /**
   * Finds the next token. Parks.
   *
   * @param options a context, an AbortSignal, or {@linkcode BufferedReadOptions}
   * @returns false at the end of the stream, or after a final token
   * @throws {TooLongError} if `split` finds no token in `maxToken` bytes; {@linkcode PanicError} if
   * it returns an invalid result or 100 empty tokens without progress; the errors of the source's
   * `read` and of `split`
   */
  scan(options?: Cancel | BufferedReadOptions): Routine<boolean> {
    if (!this.#call.unused) throw new PanicError("another call of this Scanner is in progress");
    return this.#call.begin(readOptions("scan", options));
  }

  /** Returns the last token as text, by UTF-8; "" if there is none. Never parks. */
  text(): string {
    return decoder.decode(this.#call.token);
  }

  /** Returns the last token as a view that is valid until the next call. Never parks. */
  bytes(): Uint8Array {
    return this.#call.token;
  }
}

/** A byte order mark is part of the text, as in Go. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

notesCalls(Scanner.prototype, "scanner", "scan");
refuseAwait(ScanCall.prototype, "scanner.scan");
