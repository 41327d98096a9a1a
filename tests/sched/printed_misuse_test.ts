// SPDX-License-Identifier: MIT
/** What a runtime prints of an uncaught misuse: the first frame is the user's line. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { isDeno, ROOT, start } from "../support/child.ts";
import { pathToFileURL } from "node:url";

const MOD = pathToFileURL(join(ROOT, "mod.ts")).href;
const HEAD = `import { afterFunc, chan, dial, listen, pipe, run, select, sleep } from "${MOD}";\n`;

/** Programs, each with its mistake in its second line, and the message. */
const MISTAKES: Record<string, [program: string, message: RegExp]> = {
  "a call driven by hand outside a goroutine": [
    `dial("tcp", "127.0.0.1:1").next();`,
    /Cannot wait outside a goroutine: dial/,
  ],
  "for...of over a call that parks": [
    `await run(function* () { for (const _ of sleep(1)); });`,
    /was driven by hand while it waits: sleep/,
  ],
  "a deadline that is a duration": [
    `await run(function* () { const [a] = pipe(); a.setDeadline(5000); });`,
    /Cannot set a deadline/,
  ],
  "a wrong argument": [
    `await run(function* () { afterFunc(5000, () => {}); });`,
    /Cannot wait for a context/,
  ],
  "select of a call": [
    `await run(function* () { yield* select(chan(1).recv()); });`,
    /Cannot select as each argument must be a case/,
  ],
  "an option that does not exist": [
    `await run(function* () { yield* listen("tcp", "127.0.0.1:0", { timeouts: 1 }); });`,
    /Unrecognized key: "timeouts"/,
  ],
};
// Bun has no frame of an await.
if (isDeno) {
  MISTAKES["await"] = [
    `const [a] = pipe(); await a.read(new Uint8Array(1));`,
    /Cannot await conn\.read/,
  ];
}

for (const [name, [program, message]] of Object.entries(MISTAKES)) {
  test(`${name}: what is printed begins at the user's line`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "netpoll-misuse-"));
    try {
      const file = join(folder, "wrong.ts");
      writeFileSync(file, `${HEAD}${program}\n`);
      const args = isDeno ? ["run", "-A", "--no-check", "--no-config", file] : [file];
      await using child = start(process.execPath, args, { env: { NO_COLOR: "1" } });
      assert.notEqual((await child.exit).code, 0);
      const printed = child.stderr.text;
      assert.match(printed, message);
      const frame = printed.split("\n").find((line) => /^\s+at /.test(line));
      assert.match(frame ?? "", /wrong\.ts:2:\d+/, printed);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
