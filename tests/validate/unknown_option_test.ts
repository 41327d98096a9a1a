// SPDX-License-Identifier: MIT
// cspell:ignore deadlin timeuot contxt
/** Unknown options: the name that is suggested, and messages with several unknown names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOptions } from "../../src/validate/options.ts";
import { number, strictObject } from "../../src/validate/schema.ts";
import { didYouMean, unknownOption } from "../../src/validate/unknown_option.ts";

const NAMES = ["timeout", "deadline", "servername", "maxAttempts", "connections", "idleTimeout"];

test("a name is suggested for a typing error, other case, or a part of it", () => {
  const cases: [key: string, name: string | null][] = [
    ["serverName", "servername"],
    ["SERVERNAME", "servername"],
    ["idletimeout", "idleTimeout"],
    ["deadlin", "deadline"],
    ["timeuot", "timeout"],
    ["timeoutMs", "timeout"],
    ["attempts", "maxAttempts"],
    ["maxConnections", "connections"],
    ["time", "timeout"],
    ["signal", null],
    ["max", null],
    ["", null],
    ["x".repeat(1_000_000), null],
    ["__proto__", null],
  ];
  for (const [key, name] of cases) {
    const hint = name === null ? "" : `; did you mean ${JSON.stringify(name)}?`;
    assert.equal(didYouMean(key, NAMES), hint, key.slice(0, 40));
  }
  assert.equal(didYouMean("timeout", []), "");
});

test("without a name like it the error lists the options", () => {
  assert.equal(
    unknownOption("serve", "signal", ["context", "grace"]).message,
    "Cannot serve as there is no option signal: the options are context, grace",
  );
  assert.equal(
    unknownOption("serve", "contxt", ["context", "grace"]).message,
    'Cannot serve as there is no option contxt; did you mean "context"?',
  );
});

test("a schema suggests a name, in an object within one too", () => {
  const schema = strictObject({
    timeout: number().optional(),
    limits: strictObject({ connections: number().optional() }).optional(),
  });
  const message = (options: unknown) => {
    try {
      checkOptions("dial", schema, options);
    } catch (error) {
      return (error as Error).message;
    }
    return null;
  };
  assert.equal(message({ timeout: 1 }), null);
  assert.equal(
    message({ abc: 1, Timeout: 1 }),
    'Cannot dial with these options: Unrecognized keys: "abc", "Timeout"; did you mean "timeout"?',
  );
  assert.equal(
    message({ limits: { maxConnections: 1 } }),
    'Cannot dial with these options: limits: Unrecognized key: "maxConnections"; ' +
      'did you mean "connections"?',
  );
  assert.equal(message({ abc: 1 }), 'Cannot dial with these options: Unrecognized key: "abc"');
});
