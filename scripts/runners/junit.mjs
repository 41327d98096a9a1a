// SPDX-License-Identifier: MIT
/** Reads the JUnit report of a test runner. */
import { parseXml } from "@rgrove/parse-xml";
import { existsSync, readFileSync } from "node:fs";
import { plainPath } from "./progress.mjs";

/** Returns all elements with a name below `node`. */
function elements(node, name) {
  return (node.children ?? []).flatMap((child) =>
    child.name === name ? [child] : elements(child, name)
  );
}

/** Returns a test case: its file, its name, and the text of its failure, or null. */
function testCase(element) {
  const { name, classname, file = classname } = element.attributes;
  const [problem] = ["failure", "error"].flatMap((kind) => elements(element, kind));
  return {
    file: plainPath(file),
    name,
    skipped: elements(element, "skipped").length > 0,
    failure: problem === undefined ? null : problem.text || problem.attributes.message || "failed",
  };
}

/** Returns the test cases of a report: none if it is missing or incomplete. */
export function testCases(path) {
  if (!existsSync(path)) return [];
  try {
    return elements(parseXml(readFileSync(path, "utf8")), "testcase").map(testCase);
  } catch (error) {
    console.log(`${path} is no JUnit report: ${error}`);
    return [];
  }
}
