// SPDX-License-Identifier: MIT
/**
 * The part of the syntax tree (ESTree) that the rules use. `deno lint`, ESLint and oxlint share it.
 */

/** A node. Its properties depend on its type. */
export interface Node {
  /** Its kind, "CallExpression". */
  readonly type: string;
  /** The node around it; null of the whole program. */
  readonly parent: Node | null;
  /** Its other properties, by its type. */
  // deno-lint-ignore no-explicit-any
  readonly [property: string]: any;
}

/** Context of a rule for one file. */
export interface RuleContext {
  /** Path of the file. */
  readonly filename: string;
  /** Reports a problem at a node, with a hint how to solve it. */
  report(problem: { node: Node; message: string; hint?: string }): void;
}

/** Callbacks for the nodes of a file, by type. */
export type Visitors = Record<string, (node: Node) => void>;

/** A rule. */
export interface Rule {
  /** Metadata for ESLint and oxlint. */
  readonly meta: { readonly type: "problem"; readonly docs: { readonly description: string } };
  /** Returns the callbacks that check one file. */
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

/** Returns the innermost function around `node`; null outside any. */
export function enclosingFunction(node: Node): Node | null {
  let at = node.parent;
  while (at !== null && at !== undefined && !isFunction(at)) at = at.parent;
  return at ?? null;
}

/** Returns the class whose instance is `this` at `node`. */
export function enclosingClass(node: Node): Node | null {
  for (let at = node.parent; at !== null && at !== undefined; at = at.parent) {
    if (at.type === "ClassBody") return at.parent;
    // A function that is not a method has its own `this`.
    const own = at.type === "FunctionDeclaration" || at.type === "FunctionExpression";
    if (own && at.parent?.type !== "MethodDefinition") return null;
  }
  return null;
}

/** Unwraps TypeScript syntax around a node: `x!`, `x as T`, `(x)`. */
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

/** Returns the name of a literal property; null for `a[b]`. */
export function propertyName(member: Node): string | null {
  if (member.computed) return null;
  const { property } = member;
  return property.type === "Identifier" ? property.name : null;
}

/** Returns the name in a type annotation, without its type arguments; null if it has none. */
export function typeName(annotation: Node | null | undefined): string | null {
  if (annotation == null) return null;
  const type = annotation.type === "TSTypeAnnotation" ? annotation.typeAnnotation : annotation;
  if (type?.type !== "TSTypeReference") return null;
  return type.typeName.type === "Identifier" ? type.typeName.name : type.typeName.right.name;
}
