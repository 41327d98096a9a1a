// SPDX-License-Identifier: MIT
/**
 * Schemas of options: the constraints of each option, where it is declared.
 *
 * The functions, their results and their messages are those of zod, as far as the library needs
 * them; a test compares the two. zod itself took a quarter of the library's start-up time and 10 MB
 * of memory.
 */

/** A problem of a value. */
export interface Problem {
  readonly path: PropertyKey[];
  readonly message: string;
  /** Whether the value has the wrong type, and is not merely out of bounds. */
  readonly final: boolean;
  /** For an object with unknown keys: these. */
  readonly unknownKeys?: readonly string[];
  /** For an object with unknown keys: those that it may have. */
  readonly knownKeys?: readonly string[];
  /** For a union: the problems of each alternative. */
  readonly alternatives?: readonly (readonly Problem[])[];
}

type Check = (value: unknown, problems: Problem[]) => unknown;

/** Result of `safeParse`. */
export type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly problems: readonly Problem[] };

/** Constraints of a value. @typeParam T the checked value, with defaults filled in */
export class Schema<out T> {
  /** Returns the value; adds its problems to `problems`. */
  readonly check: Check;
  /** Whether a key with this schema may be missing, and is then omitted. */
  readonly mayBeMissing: boolean;
  /** Exists in types only. */
  declare readonly output: T;

  /** */
  constructor(check: Check, mayBeMissing = false) {
    this.check = check;
    this.mayBeMissing = mayBeMissing;
  }

  /** Checks a value. */
  safeParse(value: unknown): Parsed<T> {
    const problems: Problem[] = [];
    const data = this.check(value, problems) as T;
    return problems.length === 0 ? { success: true, data } : { success: false, problems };
  }

  /** Also allows undefined, or a missing key. */
  optional(): Optional<T> {
    return new Optional((value, problems) =>
      value === undefined ? value : this.check(value, problems)
    );
  }

  /** Also allows null. */
  nullable(): Schema<T | null> {
    return new Schema((value, problems) => value === null ? value : this.check(value, problems));
  }

  /** Replaces undefined with `value`. */
  default(value: T): Schema<T> {
    return new Schema((given, problems) =>
      given === undefined ? value : this.check(given, problems)
    );
  }

  /** Allows this or `other`. */
  or<U>(other: Schema<U>): Schema<T | U> {
    return union([this, other]);
  }

  /** Converts the value by `f`. */
  transform<U>(f: (value: T) => U): Schema<U> {
    return new Schema((value, problems) => {
      const before = problems.length;
      const checked = this.check(value, problems);
      return problems.length > before ? undefined : f(checked as T);
    });
  }

  /** Requires that `f` returns true. */
  refine(f: (value: T) => boolean, message: string): Schema<T> {
    return new Schema((value, problems) => {
      const before = problems.length;
      const checked = this.check(value, problems) as T;
      if (problems.length === before && !f(checked)) problems.push(bound(message));
      return checked;
    });
  }
}

/** A schema of an optional value. */
export class Optional<T> extends Schema<T | undefined> {
  /** Distinguishes the types of optional keys. */
  declare readonly optionalKey: true;

  /** */
  constructor(check: Check) {
    super(check, true);
  }
}

/** Schemas of an object's values by key. */
export type Shape = Readonly<Record<string, Schema<unknown>>>;

type Output<S> = S extends Schema<infer T> ? T : never;
type OptionalKeys<S> = { [K in keyof S]: S[K] extends Optional<unknown> ? K : never }[keyof S];

/** Object type of a shape. */
export type ObjectOf<S extends Shape> =
  & { [K in Exclude<keyof S, OptionalKeys<S>>]: Output<S[K]> }
  & { [K in OptionalKeys<S>]?: Output<S[K]> };

/** Creates a problem of a value with the right type. */
function bound(message: string): Problem {
  return { path: [], message, final: false };
}

function wrongType(expected: string, value: unknown): Problem {
  const message = `Invalid input: expected ${expected}, received ${typeOf(value)}`;
  return { path: [], message, final: true };
}

/** Returns the type of a value as messages name it. */
function typeOf(value: unknown): string {
  if (typeof value === "number") return Number.isFinite(value) ? "number" : String(value);
  if (typeof value !== "object") return typeof value;
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const made = Object.getPrototypeOf(value) === Object.prototype ? undefined : value.constructor;
  return typeof made?.name === "string" ? made.name : "object";
}

/** A schema of a type with bounds. */
class Bounded<T> extends Schema<T> {
  /** Adds a bound, which returns a message or null. */
  protected with(f: (value: T) => string | null): this {
    const { check } = this;
    const Class = this.constructor as new (check: Check) => this;
    return new Class((value, problems) => {
      const before = problems.length;
      const checked = check(value, problems) as T;
      // Several bounds may be violated, but a value of another type has none.
      if (problems.slice(before).some(({ final }) => final)) return checked;
      const message = f(checked);
      if (message !== null) problems.push(bound(message));
      return checked;
    });
  }
}

/** A schema of numbers. */
export class NumberSchema extends Bounded<number> {
  /** Requires at least `least`. */
  min(least: number): this {
    return this.with((n) => n >= least ? null : `Too small: expected number to be >=${least}`);
  }

  /** Requires at most `most`. */
  max(most: number): this {
    return this.with((n) => n <= most ? null : `Too big: expected number to be <=${most}`);
  }

  /** Requires a number greater than 0. */
  positive(): this {
    return this.with((n) => n > 0 ? null : "Too small: expected number to be >0");
  }

  /** Requires a number of 0 or more. */
  nonnegative(): this {
    return this.min(0);
  }
}

/** A schema of strings. */
export class StringSchema extends Bounded<string> {
  /** Requires at least `least` characters. */
  min(least: number): this {
    return this.with((s) =>
      s.length >= least ? null : `Too small: expected string to have >=${least} characters`
    );
  }

  /** Requires at most `most` characters. */
  max(most: number): this {
    return this.with((s) =>
      s.length <= most ? null : `Too big: expected string to have <=${most} characters`
    );
  }

  /** Requires a match of `pattern`. */
  regex(pattern: RegExp, message: string): this {
    return this.with((s) => pattern.test(s) ? null : message);
  }
}

/** Any finite number. */
export function number(): NumberSchema {
  return new NumberSchema((value, problems) => {
    if (typeof value !== "number" || !Number.isFinite(value)) {
      problems.push(wrongType("number", value));
    }
    return value;
  });
}

/** A safe integer. */
export function int(): NumberSchema {
  return new NumberSchema((value, problems) => {
    if (typeof value !== "number" || !Number.isFinite(value)) {
      problems.push(wrongType("number", value));
    } else if (!Number.isInteger(value)) {
      problems.push(wrongType("int", value));
    } else if (!Number.isSafeInteger(value)) {
      const [size, sign] = value > 0 ? ["Too big", "<="] : ["Too small", ">="];
      problems.push(bound(`${size}: expected int to be ${sign}${Math.sign(value) * MOST}`));
    }
    return value;
  });
}

const MOST = Number.MAX_SAFE_INTEGER;

/** A string. */
export function string(): StringSchema {
  return new StringSchema((value, problems) => {
    if (typeof value !== "string") problems.push(wrongType("string", value));
    return value;
  });
}

/** true or false. */
export function boolean(): Schema<boolean> {
  return new Schema((value, problems) => {
    if (typeof value !== "boolean") problems.push(wrongType("boolean", value));
    return value;
  });
}

/** Anything. */
export function unknown(): Schema<unknown> {
  return new Schema((value) => value);
}

/** Exactly this value. */
export function literal<const T>(only: T): Schema<T> {
  return new Schema((value, problems) => {
    const message = `Invalid input: expected ${String(only)}`;
    if (value !== only) problems.push({ path: [], message, final: true });
    return value;
  });
}

function oneOf<const T extends readonly string[]>(values: T): Schema<T[number]> {
  return new Schema((value, problems) => {
    if (values.includes(value as string)) return value;
    const listed = values.map((one) => JSON.stringify(one)).join("|");
    const message = values.length === 1
      ? `Invalid input: expected ${listed}`
      : `Invalid option: expected one of ${listed}`;
    problems.push({ path: [], message, final: true });
    return value;
  });
}

function instanceOf<T>(Class: abstract new (...args: never[]) => T): Schema<T> {
  return new Schema((value, problems) => {
    if (!(value instanceof Class)) problems.push(wrongType(Class.name, value));
    return value;
  });
}

export { instanceOf as instanceof, oneOf as enum };

/** Any value for which `test` returns true; without it, any value. */
export function custom<T>(
  test?: (value: unknown) => boolean,
  message: string | { error: (issue: { input: unknown }) => string } = "Invalid input",
): Schema<T> {
  return new Schema((value, problems) => {
    if (test === undefined || test(value)) return value;
    problems.push(bound(typeof message === "string" ? message : message.error({ input: value })));
    return value;
  });
}

/** A schema of arrays. */
export class ArraySchema<T> extends Bounded<T[]> {
  /** Requires at least `least` elements. */
  min(least: number, message = `Too small: expected array to have >=${least} items`): this {
    return this.with((all) => all.length >= least ? null : message);
  }
}

/** An array of `element`. */
export function array<T>(element: Schema<T>): ArraySchema<T> {
  return new ArraySchema((value, problems) => {
    if (Array.isArray(value)) return value.map((one, i) => at(i, one, element, problems));
    problems.push(wrongType("array", value));
    return value;
  });
}

/** An object with any keys and values of `values`. */
export function record<T>(_keys: Schema<string>, values: Schema<T>): Schema<Record<string, T>> {
  return new Schema((value, problems) => {
    if (!isPlainObject(value)) {
      problems.push(wrongType("record", value));
      return value;
    }
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([key, one]) => [key, at(key, one, values, problems)]));
  });
}

/** An object with the keys of `shape` only. */
export function strictObject<const S extends Shape>(shape: S): Schema<ObjectOf<S>> {
  return objectOf(shape, (value, problems) => {
    const unknownKeys = Object.keys(value).filter((key) => !Object.hasOwn(shape, key));
    if (unknownKeys.length === 0) return;
    const plural = unknownKeys.length > 1 ? "s" : "";
    const listed = unknownKeys.map((key) => JSON.stringify(key)).join(", ");
    const message = `Unrecognized key${plural}: ${listed}`;
    problems.push({ path: [], message, final: true, unknownKeys, knownKeys: Object.keys(shape) });
  });
}

/** An object with the keys of `shape`; other keys are dropped. */
export function object<const S extends Shape>(shape: S): Schema<ObjectOf<S>> {
  return objectOf(shape, () => {});
}

function objectOf<S extends Shape>(
  shape: S,
  others: (value: object, problems: Problem[]) => void,
): Schema<ObjectOf<S>> {
  const keys = Object.keys(shape);
  return new Schema((value, problems) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      problems.push(wrongType("object", value));
      return value;
    }
    const given = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const key of keys) {
      const one = shape[key];
      if (one.mayBeMissing && !(key in given)) continue;
      result[key] = at(key, given[key], one, problems);
    }
    others(given, problems);
    return result;
  });
}

/** Returns a function that returns the result of `make`, called at its first call. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}

/**
 * An object with the keys of a shape only, all of which are optional. The shape is made at the first
 * object that has any: most calls have no options, and start-up need not build their schemas.
 */
export function options<const S extends Readonly<Record<string, Optional<unknown>>>>(
  shape: () => S,
): Schema<ObjectOf<S>> {
  const schema = once(() => strictObject(shape()));
  return new Schema((value, problems) => isEmpty(value) ? {} : schema().check(value, problems));
}

/** Whether it is an object literal without keys. */
function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype &&
    Object.getOwnPropertyNames(value).length === 0;
}

/** Any of several; `message` describes a value that matches none. */
export function union<const S extends readonly Schema<unknown>[]>(
  schemas: S,
  message = "Invalid input",
): Schema<Output<S[number]>> {
  return new Schema((value, problems) => {
    const alternatives: Problem[][] = [];
    for (const schema of schemas) {
      const found: Problem[] = [];
      const checked = schema.check(value, found);
      if (found.length === 0) return checked;
      alternatives.push(found);
    }
    // If the value has the type of only one alternative, that one describes the problem.
    const near = alternatives.filter((found) => !found.some(({ final }) => final));
    if (near.length === 1) problems.push(...near[0]);
    else problems.push({ path: [], message, final: true, alternatives });
    return value;
  });
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Checks the value of a key. */
function at(
  key: PropertyKey,
  value: unknown,
  schema: Schema<unknown>,
  problems: Problem[],
): unknown {
  const found: Problem[] = [];
  const checked = schema.check(value, found);
  for (const problem of found) problems.push({ ...problem, path: [key, ...problem.path] });
  return checked;
}
