// SPDX-License-Identifier: MIT
/**
 * Rule `go-function`: the argument of `go`, `run` and `runSync` is a `function*`, not a call and
 * not an async function.
 */
import type { Node, Rule } from "./ast.ts";
import { bare } from "./ast.ts";
import { resolve } from "./bindings.ts";
import { isAsync, Names } from "./calls.ts";
import { STARTERS } from "./table.ts";

/** See the top of this file. */
export const goFunction: Rule = {
  meta: { type: "problem", docs: { description: "Pass a function* to go and run" } },
  create(context) {
    const names = new Names(context.filename);
    return {
      CallExpression(node) {
        const starter = names.libraryFunction(bare(node.callee));
        if (starter === null || !STARTERS.has(starter)) return;
        const first = node.arguments[0];
        const message = first === undefined ? null : mistake(starter, bare(first), names);
        if (message !== null) context.report({ node: first, message });
      },
    };
  },
};

function mistake(starter: string, f: Node, names: Names): string | null {
  if (f.type === "CallExpression" && names.parking(f) !== null) {
    // Only go passes arguments on.
    const cure = starter === "go" ? "go(f, ...args)" : `${starter}(() => f(...args))`;
    return `${starter} makes the call itself: write ${cure} instead of ${starter}(f(...args))`;
  }
  if (isAsync(functionOf(f))) {
    return `${starter} runs no async function: write a function*, and yield* wait(promise) ` +
      "instead of await";
  }
  return null;
}

/** Returns the function that `f` is or names, if it is in the file. */
function functionOf(f: Node): Node | null {
  if (f.type !== "Identifier") return f;
  const binding = resolve(f.name, f);
  if (binding?.is === "function") return binding.node;
  return binding?.is === "variable" ? binding.node.init ?? null : null;
}
