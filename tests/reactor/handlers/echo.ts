// SPDX-License-Identifier: MIT
/** Handlers for the tests of reactors. A connection's first byte selects what is done with it. */
import process from "node:process";
import { type Conn, go, type Routine, select, sleep, wait } from "../../../mod.ts";
import { platform } from "../../../platforms/platform.ts";
import type { HandlerContext } from "../../../reactor.ts";

/** Longer than any patience; not for ever, since nothing ends a busy thread on Deno. */
export const SPIN_MS = 2500;

const encode = (text: string) => new TextEncoder().encode(text);

/** Answers with the number of the worker, then echoes, but for bytes that are orders. */
export function* handle(conn: Conn, { worker, data, draining }: HandlerContext): Routine<void> {
  const buf = new Uint8Array(4096);
  for (let n; (n = yield* conn.read(buf)) !== null;) {
    const said = new TextDecoder().decode(buf.subarray(0, n));
    switch (said) {
      case "who":
        yield* conn.write(encode(`${worker} ${JSON.stringify(data)} ${conn.remoteAddr}`));
        break;
      case "thread":
        yield* conn.write(encode(`${platform().threads!.current()}`));
        break;
      case "throw":
        throw new RangeError("thrown by the handler", { cause: new TypeError("the reason") });
      case "exit":
        return process.exit(7);
      case "exit when told":
        waitFor(new Int32Array(data as SharedArrayBuffer));
        return process.exit(7);
      case "spin":
        yield* conn.write(encode("spinning"));
        spin(SPIN_MS);
        break;
      case "promise":
        yield* wait(new Promise((resolve) => setTimeout(resolve, 5)));
        yield* conn.write(encode("waited"));
        break;
      case "leave a writer":
        go(function* () {
          for (;;) {
            yield* sleep(5);
            yield* conn.write(encode("still here"));
          }
        });
        return;
      case "a whole message":
        yield* conn.write(encode("ready"));
        yield* conn.readFull(buf);
        break;
      case "end in order":
        yield* select(draining.done.onRecv());
        yield* conn.write(encode("bye"));
        return;
      default:
        yield* conn.write(buf.subarray(0, n));
    }
  }
}

function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** Says by the second word that it waits for the first. */
function waitFor(words: Int32Array): void {
  Atomics.store(words, 1, 1);
  Atomics.wait(words, 0, 0);
}

/** Answers with a byte and closes. */
export function* brief(conn: Conn): Routine<void> {
  yield* conn.write(encode("x"));
}

/** No goroutine function: a promise of the host, which no goroutine awaits. */
export async function waitsInVain(): Promise<void> {
  await Promise.resolve();
}

/** No handler. */
export const notAFunction = 5;
