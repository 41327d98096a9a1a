// SPDX-License-Identifier: MIT
/** Schemas of options accept what zod's accept, return the same, and refuse in the same words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as zod from "zod";
import { checkOptions } from "../../src/validate/options.ts";
import * as ours from "../../src/validate/schema.ts";

class Own {}

/** Every function of a schema, in each combination that the library uses. */
function schemas(z: typeof ours): Record<string, ours.Schema<unknown>> {
  const most = z.int().positive();
  const pem = z.union([z.string(), z.instanceof(Uint8Array)], "must be text or bytes");
  return {
    number: z.number(),
    bounded: z.number().min(1).max(5),
    positive: z.number().positive(),
    nonnegative: z.number().nonnegative(),
    int: z.int(),
    boundedInt: z.int().min(0).max(7),
    positiveInt: z.int().positive().max(3),
    boolean: z.boolean(),
    string: z.string().min(1).max(3),
    pattern: z.string().regex(/^a+$/, "must be a"),
    literal: z.literal(false),
    enum: z.enum(["a", "b"]),
    one: z.enum(["a"]),
    unknown: z.unknown(),
    custom: z.custom((value) => value === 1, "must be 1"),
    described: z.custom((value) => value === 1, { error: ({ input }) => `is ${typeof input}` }),
    anything: z.custom(),
    instance: z.instanceof(Uint8Array),
    ownInstance: z.instanceof(Own),
    array: z.array(z.string().min(1)),
    someElements: z.array(z.int()).min(1),
    record: z.record(z.string(), z.strictObject({ a: z.int() })),
    nullable: z.int().min(0).nullable(),
    infinite: z.number().nonnegative().or(z.literal(Infinity)),
    union: z.union([z.boolean(), z.int().positive()]),
    pem: z.union([pem, z.array(pem)]),
    limit: z.union([
      most.transform((most) => ({ most, policy: "wait" })),
      z.strictObject({ most, policy: z.enum(["wait", "refuse"]).default("wait") }),
    ]),
    reply: z.union([z.instanceof(Uint8Array), z.string()])
      .transform((reply) => typeof reply === "string" ? new TextEncoder().encode(reply) : reply)
      .refine((reply) => reply.length <= 2, "expected at most 2 bytes"),
    restart: z.union([
      z.literal(false),
      z.strictObject({ delay: z.number().positive().default(100), longest: z.int().optional() }),
    ]),
  };
}

const values = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    NaN,
    Infinity,
    -Infinity,
    -0,
    1.5,
    2 ** 53,
    -(2 ** 53),
    "",
    "a",
    "aaaa",
    "b",
    true,
    false,
    Symbol("s"),
    1n,
    () => 1,
    new Uint8Array(1),
    new Uint8Array(3),
    new Date(0),
    new Map(),
    new Own(),
    [],
    ["", 1],
    ["a"],
    [1],
    Object.create(null),
    { most: 1 },
    { most: -1, policy: "x" },
    { most: "1", other: 1, another: 2 },
    { delay: 0 },
    { delay: 1, longest: 1.5 },
    { a: { a: 1 }, b: { a: "1", c: 1 } },
  ),
  fc.integer({ min: -10, max: 10 }),
  fc.double(),
);

/**
 * Schemas whose values zod refuses in other words: it measures the length of what is no string, and
 * says nothing of the bounds of a value that it would transform.
 */
const OTHER_WORDS = new Set(["string", "someElements", "array", "limit"]);

/** Result of the check: the value, or the error message. */
function outcome(name: string, f: () => unknown): unknown {
  try {
    return { value: f() };
  } catch (error) {
    return OTHER_WORDS.has(name) ? "refused" : String(error);
  }
}

/** zod's message, as the library would say it. */
function zodFault(issue: zod.core.$ZodIssue, above: PropertyKey[]): string {
  const path = [...above, ...issue.path];
  const deepest = issue.code === "invalid_union"
    ? issue.errors.flat().find((inner) =>
      inner.path.length > 0 || inner.code === "unrecognized_keys"
    )
    : undefined;
  if (deepest !== undefined) return zodFault(deepest, path);
  return path.length === 0 ? issue.message : `${path.join(".")}: ${issue.message}`;
}

function checkByZod(schema: zod.ZodType, value: unknown): unknown {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const faults = checked.error.issues.map((issue) => zodFault(issue, []));
  throw new TypeError(`Cannot test with these options: ${faults.join("; ")}`);
}

const names = Object.keys(schemas(ours));

for (const name of names) {
  test(`${name}: as zod`, () => {
    const our = schemas(ours);
    const theirs = schemas(zod as unknown as typeof ours) as unknown as Record<string, zod.ZodType>;
    const wrap = (z: typeof ours, all: Record<string, unknown>) => ({
      bare: all[name],
      optional: z.strictObject({ x: (all[name] as ours.Schema<unknown>).optional() }),
      required: z.object({ x: all[name] as ours.Schema<unknown> }),
    });
    const a = wrap(ours, our);
    const b = wrap(zod as unknown as typeof ours, theirs) as unknown as Record<string, zod.ZodType>;
    fc.assert(
      fc.property(values, fc.boolean(), (value, other) => {
        for (const kind of ["bare", "optional", "required"] as const) {
          const given = kind === "bare" ? value : other ? { x: value, other: 1 } : { x: value };
          assert.deepEqual(
            outcome(name, () => checkOptions("test", a[kind] as ours.Schema<unknown>, given)),
            outcome(name, () => checkByZod(b[kind], given)),
          );
        }
      }),
      { numRuns: 300, seed: 20_261_129 },
    );
    for (const kind of ["optional", "required"] as const) {
      // zod has a message of its own for a missing key that may have any value.
      const any = kind === "required" && (name === "unknown" || name === "anything");
      for (const given of any ? [] : [{}, null, 1, [], "x", new Date(0)]) {
        assert.deepEqual(
          outcome(name, () => checkOptions("test", a[kind] as ours.Schema<unknown>, given)),
          outcome(name, () => checkByZod(b[kind], given)),
        );
      }
    }
  });
}

test("options: an object without keys passes, and the shape is made at the first other value", () => {
  let made = 0;
  const shape = () => {
    made++;
    return { x: ours.number().optional(), y: ours.boolean().optional() };
  };
  const lazy = ours.options(shape);
  assert.deepEqual(checkOptions("test", lazy, {}), {});
  assert.equal(made, 0);
  const whole = ours.strictObject(shape());
  made = 0;
  // An inherited key counts as in strictObject.
  for (const given of [{ x: 1 }, { x: "1" }, { z: 1 }, null, [], 1, Object.create({ x: "1" })]) {
    assert.deepEqual(
      outcome("options", () => checkOptions("test", lazy, given)),
      outcome("options", () => checkOptions("test", whole, given)),
    );
  }
  assert.equal(made, 1);
});
