// SPDX-License-Identifier: MIT
/** scripts/release.mjs passes a package that can be released, and finds what is wrong with others. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../scripts/release.mjs", import.meta.url));
const TIMEOUT_MS = 120_000;

type Files = Record<string, string>;
const json = (value: unknown) => JSON.stringify(value);

/** A package that can be released, by its files. */
const GOOD: Files = {
  "package.json": json({ name: "@scope/name", version: "1.2.3", files: ["mod.ts"] }),
  "package-lock.json": json({ version: "1.2.3", packages: { "": { version: "1.2.3" } } }),
  "deno.json": json({
    name: "@scope/name",
    version: "1.2.3",
    license: "MIT",
    exports: "./mod.ts",
    publish: { include: ["mod.ts", "deno.json"] },
  }),
  "CHANGELOG.md":
    "# Changelog\n\n## [1.2.3] - 2026-01-31\n\n- A change.\n\n## [1.2.2] - 2026-01-01\n",
  "mod.ts": "/** The answer. */\nexport const answer: number = 42;\n",
};

function git(folder: string, ...args: string[]): void {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
  const { status, stderr } = spawnSync("git", [...identity, ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
}

/** Commits the good package with `changes`, does `last` to it, and returns what the script prints. */
function released(
  name: string,
  changes: Files,
  last: (folder: string) => void = () => {},
): { status: number | null; stdout: string; stderr: string } {
  const parent = mkdtempSync(join(tmpdir(), "netpoll-release-"));
  const folder = join(parent, name.replaceAll(/\W/g, "-"));
  try {
    mkdirSync(folder);
    for (const [file, text] of Object.entries({ ...GOOD, ...changes })) {
      writeFileSync(join(folder, file), text);
    }
    git(folder, "init", "--quiet");
    git(folder, "add", "--all");
    git(folder, "commit", "--quiet", "--no-gpg-sign", "--message", "net: a package");
    last(folder);
    return spawnSync("node", [SCRIPT, folder], { encoding: "utf8" });
  } finally {
    rmSync(parent, { recursive: true });
  }
}

test("a releasable package passes, and nothing is published", {
  timeout: TIMEOUT_MS,
}, () => {
  const { status, stdout, stderr } = released("good", {});
  assert.equal(status, 0, stdout + stderr);
  assert.doesNotMatch(stdout, /^FAIL/m);
  assert.match(stdout, /^ {2}git tag v1\.2\.3$/m);
});

/** Changelogs that are not ready, and what the script says of each. */
const CHANGELOGS: readonly (readonly [name: string, sections: string, said: RegExp])[] = [
  [
    "a section without a date",
    "## [1.2.3] - Unreleased\n\n- A change.\n",
    /"## \[1\.2\.3\] - Unreleased" has no date/,
  ],
  [
    "no section of this version",
    "## [1.2.2] - 2026-01-01\n\n- A change.\n",
    /the topmost section is "## \[1\.2\.2\] - 2026-01-01", not that of 1\.2\.3/,
  ],
  ["an empty section", "## [1.2.3] - 2026-01-31\n\n## [1.2.2] - 2026-01-01\n", /is empty/],
];

for (const [name, sections, said] of CHANGELOGS) {
  test(`a changelog with ${name} is found`, { timeout: TIMEOUT_MS }, () => {
    const { status, stdout } = released(name, { "CHANGELOG.md": `# Changelog\n\n${sections}` });
    assert.equal(status, 1, stdout);
    assert.match(stdout, said);
    assert.equal([...stdout.matchAll(/^FAIL/gm)].length, 1, stdout);
  });
}

test("all other faults are found at once", { timeout: TIMEOUT_MS }, () => {
  const { status, stdout } = released("wrong", {
    "deno.json": GOOD["deno.json"].replace("1.2.3", "1.2.4").replace("{", '{"//":"NOT DECIDED",'),
    "package-lock.json": json({ version: "1.2.3", packages: { "": {} } }),
  }, (folder) => {
    writeFileSync(join(folder, "new.ts"), "");
    git(folder, "tag", "v1.2.3");
  });
  assert.equal(status, 1);
  for (
    const said of [
      /not committed: \?\? new\.ts/,
      /the tag v1\.2\.3 is there already/,
      /1\.2\.4 in deno\.json/,
      /undefined in package-lock\.json, its package ""/,
      /deno\.json: NOT DECIDED/,
    ]
  ) assert.match(stdout, said);
  assert.doesNotMatch(stdout, /can be released/);
});

test("a type that JSR rejects is found", { timeout: TIMEOUT_MS }, () => {
  const { status, stdout } = released("inferred", {
    "mod.ts": "export const answer = Math.max(42);\n",
  });
  assert.equal(status, 1);
  assert.match(stdout, /^FAIL {2}JSR accepts the package$/m);
  assert.match(stdout, /missing-explicit-type/);
});
