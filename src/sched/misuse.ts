// SPDX-License-Identifier: MIT
/** Mistakes that TypeScript does not find, each with an error that names the remedy. */
import { atCaller } from "../validate/caller.ts";
import { shown } from "../validate/argument.ts";
import { type G, PanicError, RUNNING } from "./goroutine.ts";
import { CALL } from "./call_name.ts";
import { AnyGenerator } from "./generator.ts";
import type { Waitable } from "./park.ts";
import { lineOf } from "./spawn_site.ts";

/** Its name is what V8 writes before a function's in a stack: "at goroutine.echo". */
class goroutine {}

/**
 * What a function has for `this` that is called without its object, as in `go(conn.read, buf)`: any
 * use of it throws an error that says so.
 */
export const WITHOUT_OBJECT: object = Object.setPrototypeOf(
  new goroutine(),
  new Proxy({}, {
    get: (_, name) => {
      throw atCaller(withoutObject(`this.${String(name)}`));
    },
    set: (_, name) => {
      throw atCaller(withoutObject(`this.${String(name)}`));
    },
  }),
);

function withoutObject(used: string): TypeError {
  return new TypeError(
    `Cannot use ${used} in a method that was passed without its object: ` +
      "write go(() => object.method(...)) instead of go(object.method, ...)",
  );
}

/** The error of a call of `f` with {@linkcode WITHOUT_OBJECT}, which cannot have private fields. */
export function callFailed(f: { readonly name: string }, error: unknown, call: unknown): unknown {
  const isPrivate = error instanceof TypeError && /private (member|field)/.test(error.message);
  return isPrivate ? atCaller(withoutObject(`the fields of ${f.name}`), call) : error;
}

/** Functions of which no goroutine can be made, by their tag in JavaScript. */
const ASYNC: Readonly<Record<string, string>> = {
  AsyncFunction: "an async function",
  AsyncGeneratorFunction: "an async function*",
};

/** What to write instead of passing a call, by the name of the function that it was passed to. */
const UNCALLED: Readonly<Record<string, string>> = {
  go: "go(f, ...args) instead of go(f(...args))",
  call: "call(f, ...args) instead of call(f(...args))",
  run: "run(f) instead of run(f())",
  runSync: "runSync(f) instead of runSync(f())",
};

/** Throws TypeError unless `f` is a function that may be a `function*`. */
export function requireFunction(call: string, f: unknown, by?: unknown): void {
  if (typeof f === "function") {
    const kind = ASYNC[(f as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? ""];
    if (kind === undefined) return;
    throw notARoutine(call, f, `it is ${kind}`, by);
  }
  const cure = isRoutine(f) ? `a call: write ${UNCALLED[call] ?? UNCALLED.go}` : shown(f);
  throw atCaller(
    new TypeError(`Cannot ${call} as f must be a function*: current value is ${cure}`),
    by,
  );
}

/** Throws TypeError unless `body`, which `f` returned, is a generator. */
export function requireRoutine(
  call: string,
  f: { readonly name: string },
  body: unknown,
  by?: unknown,
): void {
  if (isRoutine(body)) return;
  // Its rejection is not the error to report here.
  if (body instanceof Promise) body.catch(() => {});
  requireFunction(call, f, by);
  const promise = typeof (body as PromiseLike<unknown> | null)?.then === "function";
  throw notARoutine(call, f, `it returned ${promise ? "a promise" : shown(body)}`, by);
}

function notARoutine(
  call: string,
  f: { readonly name: string },
  why: string,
  by: unknown,
): TypeError {
  const name = f.name || "the function";
  return atCaller(
    new TypeError(
      `Cannot ${call} as ${name} is not a function*, ${why}: ` +
        `write function* ${f.name || ""}(...), and yield* wait(promise) instead of await`,
    ),
    by,
  );
}

/**
 * Whether `value` is a generator, or an object like one: an async generator has no iterator, and
 * other iterators no `return`.
 */
function isRoutine(value: unknown): boolean {
  if (value instanceof AnyGenerator) return true;
  const it = value as Partial<Iterator<unknown> & Iterable<unknown>> | null | undefined;
  return typeof it?.return === "function" && typeof it[Symbol.iterator] === "function";
}

/**
 * The error at a `yield` of something that only `yield*` can wait for, or of anything else. Its
 * stack is where the goroutine was started, if that is known: nothing tells where a generator
 * stands.
 */
export function foreignYield(g: G, value: unknown): PanicError {
  const error = new PanicError(`goroutine ${g.id} [${g.name}] used yield ${yieldCure(value)}`);
  const site = g.site === null ? "" : lineOf(g.site);
  error.stack = `${error}${site === "" ? "" : `\n    at ${g.name} (${site})`}`;
  return error;
}

function yieldCure(value: unknown): string {
  if (isRoutine(value)) return "for a call that may park: write yield* instead";
  if (typeof (value as PromiseLike<unknown> | null)?.then === "function") {
    return "for a promise: write yield* wait(promise)";
  }
  return `with ${shown(value)}: use yield* with calls that may park, and no plain yield; ` +
    "yield* gosched() lets other goroutines run";
}

/** The error of a call that would park where nothing can resume it. */
export function cannotPark(
  g: G | null,
  reason: string,
  on: Waitable | null = null,
): PanicError {
  const what = on === null ? reason : `${reason} (${on.describe()})`;
  if (g === null) {
    return atCaller(
      new PanicError(
        `Cannot wait outside a goroutine: ${what}; call it with yield* in a function* ` +
          "started by run, runSync or go",
      ),
    );
  }
  // The generator goes on with the error.
  g.state = RUNNING;
  return atCaller(
    new PanicError(
      `goroutine ${g.id} [${g.name}] was driven by hand while it waits: ${what}; use yield*, ` +
        "not for...of, a spread or next(), on a call that may park",
    ),
  );
}

/**
 * Names the calls that inherit from `prototype`, and makes an `await` of them fail, as they are no
 * promises and would never begin. A getter, because it is read at the very `await`, where the stack
 * is the user's.
 */
export function refuseAwait(prototype: object, call: string): void {
  Object.defineProperty(prototype, CALL, { value: call });
  Object.defineProperty(prototype, "then", {
    configurable: true,
    get(): never {
      throw atCaller(
        new PanicError(
          `Cannot await ${call}, which is not a promise: call it with yield* in a function* ` +
            `started by run, as in await run(function* () { return yield* ${call}(...); })`,
        ),
      );
    },
  });
}
