// SPDX-License-Identifier: MIT
/** Each gate of `npm run ok` fails on a fault that is planted into a copy of the repository. */
// cspell:ignore recieves
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeno } from "../support/child.ts";
import { RepositoryCopy } from "../support/repository_copy.ts";

/** Longest that all gates may take, in milliseconds. */
const LIMIT_MS = 300_000;

/** A fault, and how the gate reports it. */
interface Fault {
  readonly what: string;
  readonly plant: (copy: RepositoryCopy) => void;
  readonly reported: RegExp;
}

const HEADER = "// SPDX-License-Identifier: MIT\n";

/** A file whose types are wrong. */
function plantWrongType(copy: RepositoryCopy): void {
  copy.write("tests/planted/types.ts", `${HEADER}export const planted: number = "text";\n`);
}

/** Faults by the names of the gates. */
const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  "package": [{
    what: "types that are not packed",
    plant: (copy) => copy.replace("package.json", "./dist/poll.d.ts", "./dist/planted.d.ts"),
    reported: /planted\.d\.ts/,
  }],
  "types-deno": [{
    what: "a value of another type",
    plant: plantWrongType,
    reported: /TS2322[\s\S]*tests\/planted\/types\.ts/,
  }],
  "types-bun": [{
    what: "a value of another type",
    plant: () => {}, // The one above.
    reported: /tests\/planted\/types\.ts\(2,14\): error TS2322/,
  }, {
    what: "a path without a return",
    plant: (copy) =>
      copy.write(
        "tests/planted/returns.ts",
        `${HEADER}export const planted = (n: number) => {\n  if (n > 0) return n;\n};\n`,
      ),
    reported: /tests\/planted\/returns\.ts\(2,24\): error TS7030/,
  }],
  "publish": [{
    what: "a public function whose type must be inferred",
    plant: (copy) =>
      copy.append("poll.ts", "\n/** Planted. */\nexport function planted() {\n  return [0];\n}\n"),
    reported: /missing explicit return type[\s\S]*poll\.ts/,
  }],
  "spelling": [{
    what: "a misspelled word in a page",
    plant: (copy) => copy.write("docs/planted.md", "# Planted\n\nA server recieves datagrams.\n"),
    reported: /docs\/planted\.md:3:\d+ - Unknown word \(recieves\)/,
  }, {
    what: "a misspelled word in a comment",
    plant: (copy) => copy.append("src/sched/clock.ts", "\n// It recieves the time.\n"),
    reported: /src\/sched\/clock\.ts:\d+:\d+ - Unknown word \(recieves\)/,
  }],
  "docs": [{
    what: "a fragment in a page that calls a method that is not there",
    plant: (copy) =>
      copy.write("docs/planted_code.md", "# Planted\n\n```ts\nyield* conn.fetch(buf);\n```\n"),
    reported: /docs\/planted_code\.md:4:13: error TS2339/,
  }, {
    what: "a program in a page that imports a name that is not exported",
    plant: (copy) =>
      copy.append("README.md", '\n```ts\nimport { planted } from "@netpoll/netpoll";\n```\n'),
    reported: /README\.md:\d+:10: error TS2305/,
  }],
  "unused": [{
    what: "an export without a use",
    plant: (copy) => copy.append("src/sched/clock.ts", "\nexport const planted = 0;\n"),
    reported: /Unused exports[\s\S]*planted .*src\/sched\/clock\.ts/,
  }],
  "lint": [{
    what: "a `var`",
    plant: (copy) => copy.write("tests/planted/lint.ts", `${HEADER}export var planted = 0;\n`),
    reported: /no-var[\s\S]*tests\/planted\/lint\.ts:2/,
  }],
  "format": [{
    what: "a space too much",
    plant: (copy) => copy.write("tests/planted/format.ts", `${HEADER}export const planted =  0;\n`),
    reported: /tests\/planted\/format\.ts/,
  }],
  "layers": [{
    what: "an import that points up, if only of a type",
    plant: (copy) =>
      copy.write(
        "src/validate/planted.ts",
        `${HEADER}export type { OpError } from "../net/errors.ts";\n`,
      ),
    reported: /src\/validate\/planted\.ts:2 imports src\/net\/errors\.ts, but .* is below src\/net/,
  }, {
    what: "two modules that import types of each other",
    plant: (copy) => {
      for (const [one, other] of [["one", "two"], ["two", "one"]]) {
        const type = `{ readonly other: import("./circle_${other}.ts").Planted }`;
        copy.write(
          `src/validate/circle_${one}.ts`,
          `${HEADER}export interface Planted ${type}\n`,
        );
      }
    },
    reported: /circle: (src\/validate\/circle_\w+\.ts( → |$)){3}/m,
  }, {
    what: "one system's code in what serves all",
    plant: (copy) =>
      copy.append("src/fd/fd.ts", '\nexport type { Libc } from "../../platforms/linux/libc.ts";\n'),
    reported: /src\/fd\/fd\.ts:\d+ imports platforms\/linux\/libc\.ts, which is private/,
  }],
  "workflows": [{
    what: "a workflow whose token may do everything",
    plant: (copy) =>
      copy.replace(".github/workflows/test.yml", "permissions:\n  contents: read\n", ""),
    reported: /test\.yml:1:1: the permissions of the token are not set/,
  }],
  "architecture": [{
    what: "a picture with an import that there is not",
    plant: (copy) =>
      copy.replace("docs/architecture.md", "src_limit --> src_net", "src_limit --> src_fd"),
    reported: /docs\/architecture\.md/,
  }],
  "doc-comments": [{
    what: "something public without a comment",
    plant: (copy) => copy.append("event.ts", "\nexport const planted: number = 0;\n"),
    reported: /missing-jsdoc[\s\S]*event\.ts/,
  }],
};

/** Runs `npm run ok` in a copy with all faults. Resolves to the failures that it prints, by gate. */
async function reports(): Promise<Map<string, string>> {
  using copy = new RepositoryCopy();
  for (const { plant } of Object.values(FAULTS).flat()) plant(copy);
  await using ok = copy.start("scripts/ok.mjs", [], LIMIT_MS);
  const { code } = await ok.exit;
  const { text } = ok.stdout;
  assert.equal(code, 1, `${text}${ok.stderr.text}`);
  const sections = text.split(/^! gate /m).slice(1);
  return new Map(sections.map((section) => [section.split("\n", 1)[0], section]));
}

const skip = isDeno && "the gates are programs of their own: one runtime's runner is enough";
let running: Promise<Map<string, string>> | undefined;

test("every gate has a planted fault", { skip }, async () => {
  const table = new URL("../../scripts/gates/table.mjs", import.meta.url).href;
  const { GATES }: { GATES: readonly { name: string }[] } = await import(table);
  assert.deepEqual(GATES.map(({ name }) => name).sort(), Object.keys(FAULTS).sort());
});

for (const [gate, faults] of Object.entries(FAULTS)) {
  for (const { what, reported } of faults) {
    test(`the gate "${gate}" fails on ${what}`, { skip, timeout: LIMIT_MS }, async () => {
      const found = (await (running ??= reports())).get(gate);
      assert.ok(found !== undefined, `the gate "${gate}" did not fail`);
      assert.match(found, reported);
    });
  }
}
