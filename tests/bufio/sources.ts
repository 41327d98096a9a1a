// SPDX-License-Identifier: MIT
/** Sources for the tests of this folder: streams in given pieces, and pairs of connections. */
import {
  type Conn,
  dial,
  go,
  gosched,
  listen,
  pipe,
  type Reader,
  type Routine,
} from "../../mod.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pair } from "../support/harness.ts";

const encoder = new TextEncoder();

/** `text` in UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text) as Uint8Array<ArrayBuffer>;
}

/** `bytes` as text. */
export function str(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** A stream whose reads return these pieces one by one, an error where one stands, and then the end. */
export class Pieces implements Reader {
  /** How often it was read. */
  reads = 0;
  #pieces: (Uint8Array | Error)[];

  constructor(...pieces: (string | Uint8Array | Error)[]) {
    this.#pieces = pieces.map((piece) => typeof piece === "string" ? utf8(piece) : piece);
  }

  *read(p: Uint8Array): Routine<number | null> {
    this.reads++;
    yield* gosched();
    const piece = this.#pieces.shift();
    if (piece === undefined) return null;
    if (piece instanceof Error) throw piece;
    const n = Math.min(p.length, piece.length);
    p.set(piece.subarray(0, n));
    if (n < piece.length) this.#pieces.unshift(piece.subarray(n));
    return n;
  }
}

/** `bytes` divided at these places, which are taken modulo the length. */
export function divided(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const bounds = [0, ...at, bytes.length];
  return bounds.slice(1).map((to, i) => bytes.slice(bounds[i], to)).filter((p) => p.length > 0);
}

/** A connected pair of Unix sockets. */
export function* unixPair(): Routine<[Conn, Conn]> {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-"));
  try {
    using listener = yield* listen("unix", join(folder, "s"));
    const dialling = go(() => dial("unix", join(folder, "s")));
    const accepted = yield* listener.accept();
    return [yield* dialling.join(), accepted];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Pairs of each kind of stream that needs no host loop, by name. */
export const KINDS: ReadonlyMap<string, () => Routine<[Conn, Conn]>> = new Map([
  ["tcp", () => pair()],
  ["unix", unixPair],
  ["pipe", function* () {
    return pipe();
  }],
]);
