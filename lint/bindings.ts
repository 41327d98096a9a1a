// SPDX-License-Identifier: MIT
/** Resolves names to their innermost declaration. */
import { isFunction, type Node } from "./ast.ts";

/** A declaration of a name. */
export type Binding =
  | { readonly is: "import"; readonly source: string; readonly imported: string }
  | { readonly is: "function"; readonly node: Node }
  | { readonly is: "class"; readonly node: Node }
  | { readonly is: "parameter"; readonly node: Node; readonly of: Node; readonly index: number }
  | { readonly is: "variable"; readonly node: Node; readonly element: number | null }
  | { readonly is: "other" };

const OTHER: Binding = { is: "other" };

/** Returns the declaration of `name` in scope at `from`; null if the file has none. */
export function resolve(name: string, from: Node): Binding | null {
  for (let at: Node | null = from; at !== null && at !== undefined; at = at.parent) {
    const found = declaredIn(at, name);
    if (found !== null) return found;
  }
  return null;
}

/** Returns the declaration of `name` in the scope of `node` itself. */
function declaredIn(node: Node, name: string): Binding | null {
  if (isFunction(node)) return parameterOf(node, name);
  switch (node.type) {
    case "Program":
    case "BlockStatement":
      return ofStatements(node.body, name);
    case "StaticBlock":
      // Deno's tree has a block here.
      return Array.isArray(node.body) ? ofStatements(node.body, name) : null;
    case "SwitchStatement":
      return ofStatements(node.cases.flatMap((one: Node) => [...one.consequent]), name);
    case "ForStatement":
      return node.init === null || node.init === undefined ? null : ofStatement(node.init, name);
    case "ForOfStatement":
    case "ForInStatement":
      return ofStatement(node.left, name) === null ? null : OTHER;
    case "CatchClause":
      return names(node.param, name) ? OTHER : null;
    default:
      return null;
  }
}

function ofStatements(statements: readonly Node[], name: string): Binding | null {
  for (const statement of statements) {
    const found = ofStatement(statement, name);
    if (found !== null) return found;
  }
  return null;
}

function ofStatement(statement: Node, name: string): Binding | null {
  switch (statement.type) {
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration":
      return statement.declaration == null ? null : ofStatement(statement.declaration, name);
    case "ImportDeclaration":
      return ofImport(statement, name);
    case "FunctionDeclaration":
      return statement.id?.name === name ? { is: "function", node: statement } : null;
    case "ClassDeclaration":
      return statement.id?.name === name ? { is: "class", node: statement } : null;
    case "VariableDeclaration":
      return ofDeclarators(statement, name);
    default:
      return null;
  }
}

function ofImport(statement: Node, name: string): Binding | null {
  for (const one of statement.specifiers) {
    if (one.local.name !== name) continue;
    const imported = one.type === "ImportDefaultSpecifier"
      ? "default"
      : one.type === "ImportNamespaceSpecifier"
      ? "*"
      : one.imported.name;
    return { is: "import", source: statement.source.value, imported };
  }
  return null;
}

function ofDeclarators(statement: Node, name: string): Binding | null {
  for (const node of statement.declarations) {
    if (!names(node.id, name)) continue;
    // The value of a variable that is reassigned is unknown.
    const fixed = statement.kind !== "let" && statement.kind !== "var";
    if (node.id.type === "Identifier") {
      return fixed || node.id.typeAnnotation ? { is: "variable", node, element: null } : OTHER;
    }
    if (!fixed || node.id.type !== "ArrayPattern") return OTHER;
    const element = node.id.elements.findIndex((one: Node | null) =>
      one?.type === "Identifier" && one.name === name
    );
    return element < 0 ? OTHER : { is: "variable", node, element };
  }
  return null;
}

function parameterOf(f: Node, name: string): Binding | null {
  for (const [index, param] of [...f.params].entries()) {
    if (param.type === "Identifier" && param.name === name) {
      return { is: "parameter", node: param, of: f, index };
    }
    if (names(param, name)) return OTHER;
  }
  // The name of a function expression is in scope inside it.
  const own = f.type === "FunctionExpression" && f.id?.name === name;
  return own ? { is: "function", node: f } : null;
}

/** Whether a pattern declares `name`. */
function names(pattern: Node | null | undefined, name: string): boolean {
  switch (pattern?.type) {
    case "Identifier":
      return pattern.name === name;
    case "ArrayPattern":
      return [...pattern.elements].some((one: Node | null) => names(one, name));
    case "ObjectPattern":
      return [...pattern.properties].some((one: Node) => names(one.value ?? one.argument, name));
    case "AssignmentPattern":
      return names(pattern.left, name);
    case "RestElement":
      return names(pattern.argument, name);
    case "TSParameterProperty":
      return names(pattern.parameter, name);
    default:
      return false;
  }
}
