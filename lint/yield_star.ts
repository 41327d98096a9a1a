// SPDX-License-Identifier: MIT
/** Rule `yield-star`: a call that may park requires `yield*`. */
import { enclosingFunction, isGenerator, type Node, type Rule } from "./ast.ts";
import { Names } from "./calls.ts";

const ITERATED = "cannot be iterated over";
const YIELDED = "is not run by a plain yield";

/** Uses that are legitimate for a generator that does not park. */
const MAYBE_MEANT = new Set([ITERATED, YIELDED]);

/** Returns what is wrong with a call whose parent is `parent`; null if it may be right. */
function wrongUse(call: Node, parent: Node): string | null {
  switch (parent.type) {
    case "ExpressionStatement":
      return "does nothing";
    case "AwaitExpression":
      return "is not a promise, so await does not run it";
    case "YieldExpression":
      return parent.delegate ? null : YIELDED;
    case "UnaryExpression":
      // `void` marks it as intended, as for promises.
      return parent.operator === "void" ? null : "is not its result";
    case "SpreadElement":
      return ITERATED;
    case "ForOfStatement":
      return parent.right === call ? ITERATED : null;
    case "BinaryExpression":
    case "TemplateLiteral":
    case "ForInStatement":
      return "is not its result";
    case "MemberExpression":
      return parent.object === call && !parent.computed && !ITERATOR.has(parent.property.name)
        ? "is not its result"
        : null;
    case "IfStatement":
    case "WhileStatement":
    case "DoWhileStatement":
    case "ConditionalExpression":
      return parent.test === call ? "is always true" : null;
    case "VariableDeclarator":
      return parent.init === call && parent.id.type !== "Identifier" ? "is not its result" : null;
    case "LogicalExpression":
    case "SequenceExpression":
      return parent.parent?.type === "ExpressionStatement" ? "does nothing" : null;
    default:
      return null;
  }
}

/** Iterator methods, for code that drives a call by hand. */
const ITERATOR = new Set(["next", "return", "throw"]);

/** Whether `yield*` is allowed at `node`. */
function mayYield(node: Node): boolean {
  return isGenerator(enclosingFunction(node));
}

/** See the top of this file. */
export const yieldStar: Rule = {
  meta: { type: "problem", docs: { description: "Call what may park with yield*" } },
  create(context) {
    const names = new Names(context.filename);
    return {
      CallExpression(node) {
        const wrong = node.parent === null ? null : wrongUse(node, outermost(node));
        const call = wrong === null ? null : names.parking(node);
        if (call === null || (call.iterable && MAYBE_MEANT.has(wrong!))) return;
        const cure = mayYield(node) ? "" : " in a function* started by run or go";
        context.report({
          node,
          message:
            `A call of ${call.name} without yield* ${wrong}: write yield* ${call.name}(...)` +
            cure,
        });
      },
    };
  },
};

/** Returns a call's outermost node, including TypeScript syntax around it. */
function outermost(node: Node): Node {
  let at = node.parent!;
  while (WRAPPERS.has(at.type) && at.parent !== null) at = at.parent;
  return at;
}

const WRAPPERS = new Set(["TSNonNullExpression", "TSAsExpression", "ChainExpression"]);
