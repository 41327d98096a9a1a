// SPDX-License-Identifier: MIT
/**
 * The little of a syntax tree (ESTree) that the rules read. `deno lint`, ESLint and oxlint share
 * it.
 */

/** A node. Which of the properties it has depends on its type. */
export interface Node {
  readonly type: string;
  readonly parent: Node | null;
  // deno-lint-ignore no-explicit-any
  readonly [property: string]: any;
}

/** What a rule receives for a file. */
export interface RuleContext {
  readonly filename: string;
  report(problem: { node: Node; message: string; hint?: string }): void;
}

/** Functions that the tool calls for the nodes of a file, by type. */
export type Visitors = Record<string, (node: Node) => void>;

/** A rule. */
export interface Rule {
  /** For ESLint and oxlint. */
  readonly meta: { readonly type: "problem"; readonly docs: { readonly description: string } };
  create(context: RuleContext): Visitors;
}

/** Types of functions. */
const FUNCTIONS = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
]);

/** Whether `node` is a function of any kind. */
export function isFunction(node: Node | null | undefined): boolean {
  return node != null && FUNCTIONS.has(node.type);
}

/** Whether `node` is a `function*`, and not an async one. */
export function isGenerator(node: Node | null | undefined): boolean {
  return isFunction(node) && node!.generator === true && node!.async !== true;
}

/** The innermost function around `node`; null outside any. */
export function enclosingFunction(node: Node): Node | null {
  let at = node.parent;
  while (at !== null && at !== undefined && !isFunction(at)) at = at.parent;
  return at ?? null;
}

/** The class whose method or field contains `node`, and whose instance `this` is there. */
export function enclosingClass(node: Node): Node | null {
  for (let at = node.parent; at !== null && at !== undefined; at = at.parent) {
    if (at.type === "ClassBody") return at.parent;
    // A function of its own, not a method, has its own `this`.
    const own = at.type === "FunctionDeclaration" || at.type === "FunctionExpression";
    if (own && at.parent?.type !== "MethodDefinition") return null;
  }
  return null;
}

/** The node without what TypeScript writes around it: `x!`, `x as T`, `(x)`. */
export function bare(node: Node): Node {
  switch (node.type) {
    case "TSNonNullExpression":
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "ChainExpression":
    case "ParenthesizedExpression":
      return bare(node.expression);
    default:
      return node;
  }
}

/** The name of a property that is written out; null for `a[b]`. */
export function propertyName(member: Node): string | null {
  if (member.computed) return null;
  const { property } = member;
  return property.type === "Identifier" ? property.name : null;
}

/** The name that a type annotation refers to, with its type arguments left out; null for others. */
export function typeName(annotation: Node | null | undefined): string | null {
  if (annotation == null) return null;
  const type = annotation.type === "TSTypeAnnotation" ? annotation.typeAnnotation : annotation;
  if (type?.type !== "TSTypeReference") return null;
  return type.typeName.type === "Identifier" ? type.typeName.name : type.typeName.right.name;
}
