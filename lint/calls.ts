// SPDX-License-Identifier: MIT
/**
 * Determines what a call is and the kind of an expression's value, without types: from imports,
 * annotations, `new`, and the return types of the library's functions.
 */
import {
  bare,
  enclosingClass,
  isFunction,
  isGenerator,
  type Node,
  propertyName,
  typeName,
} from "./ast.ts";
import { type Binding, resolve } from "./bindings.ts";
import { exported, isLibrary, isLibrarySource } from "./modules.ts";
import { type Kind, MAKERS, METHOD_MAKERS, METHODS, PARKING } from "./table.ts";

/** A call that may park. */
export interface ParkingCall {
  /** Name for messages: "conn.write". */
  readonly name: string;
  /** Whether it may be another kind of generator, which may be iterated over. */
  readonly iterable?: boolean;
  /** Kind of the result of `yield*`, if known. */
  readonly result: Kind | null;
}

/** Maximum depth of a chain of declarations; a longer one may be circular. */
const MOST_DEPTH = 20;

/** Resolves the names of one file. */
export class Names {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Returns the library's export name of `identifier`; null if it is not the library's. */
  libraryName(identifier: Node): string | null {
    const binding = resolve(identifier.name, identifier);
    return binding === null ? null : this.#libraryName(binding);
  }

  /**
   * Returns the library function that `callee` refers to, possibly as a member of a namespace; null
   * for others.
   */
  libraryFunction(callee: Node): string | null {
    if (callee.type === "Identifier") return this.libraryName(callee);
    if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") return null;
    return this.libraryName(callee.object) === "*" ? propertyName(callee) : null;
  }

  /** Returns the parking call that `call` is; null if it does not park, or is unknown. */
  parking(call: Node, depth = 0): ParkingCall | null {
    if (call.type !== "CallExpression" || depth > MOST_DEPTH) return null;
    const callee = bare(call.callee);
    const library = this.libraryFunction(callee);
    if (library !== null && library in PARKING) {
      return { name: library, result: PARKING[library] };
    }
    if (callee.type === "Identifier") return this.#ownFunction(callee);
    if (callee.type !== "MemberExpression") return null;
    return this.#method(callee, depth);
  }

  /** Returns the kind of an expression; null if it is unknown. */
  kindOf(expression: Node | null | undefined, depth = 0): Kind | null {
    if (expression == null || depth > MOST_DEPTH) return null;
    if (expression.type === "TSAsExpression") return this.#annotated(expression.typeAnnotation);
    const node = bare(expression);
    switch (node.type) {
      case "Identifier":
        return this.#kindOfBinding(resolve(node.name, node), depth + 1);
      case "YieldExpression":
        return node.delegate ? this.parking(bare(node.argument), depth + 1)?.result ?? null : null;
      case "NewExpression":
        return this.#constructed(node.callee);
      case "CallExpression":
        return this.#made(node, depth + 1);
      case "MemberExpression":
        return node.object.type === "ThisExpression" ? this.#field(node, depth + 1) : null;
      default:
        return null;
    }
  }

  #libraryName(binding: Binding): string | null {
    if (binding.is !== "import") return null;
    const { source, imported } = binding;
    return isLibrary(source) || isLibrarySource(source, this.#file) ? imported : null;
  }

  /** Resolves a call of a `function*` of the file itself, or of one that it imports. */
  #ownFunction(callee: Node): ParkingCall | null {
    const binding = resolve(callee.name, callee);
    if (binding?.is === "function") return ofGenerator(callee.name, binding.node);
    if (binding?.is === "variable" && binding.element === null) {
      return ofGenerator(callee.name, binding.node.init);
    }
    if (binding?.is !== "import") return null;
    const { source, imported } = binding;
    const what = exported(source, imported, this.#file);
    return what === null
      ? null
      : { name: callee.name, result: null, iterable: what === "generator" };
  }

  #method(callee: Node, depth: number): ParkingCall | null {
    const method = propertyName(callee);
    if (method === null) return null;
    const object = bare(callee.object);
    const name = object.type === "Identifier" ? `${object.name}.${method}` : method;
    if (object.type === "ThisExpression") {
      const own = member(enclosingClass(callee), method);
      return own?.type === "MethodDefinition" ? ofGenerator(`this.${method}`, own.value) : null;
    }
    const methods = METHODS[this.kindOf(object, depth + 1) ?? ""];
    if (methods === undefined || !Object.hasOwn(methods, method)) return null;
    return { name, result: methods[method] };
  }

  #kindOfBinding(binding: Binding | null, depth: number): Kind | null {
    if (binding?.is === "parameter") {
      return this.#annotated(binding.node.typeAnnotation) ?? this.#handlers(binding);
    }
    if (binding?.is !== "variable") return null;
    const { node, element } = binding;
    if (node.id.typeAnnotation) return this.#annotated(node.id.typeAnnotation);
    const kind = this.kindOf(node.init, depth);
    if (element === null) return kind;
    return kind?.startsWith("[") ? kind.slice(1, -1) : null;
  }

  /** Returns the kind of a parameter of a handler that is passed to `serve` inline. */
  #handlers({ of, index }: Extract<Binding, { is: "parameter" }>): Kind | null {
    const call = of.parent;
    if (call?.type !== "CallExpression" || index !== 0) return null;
    const library = this.libraryFunction(call.callee);
    if (library === "serve" && call.arguments[1] === of) return "Conn";
    return library === "scope" && call.arguments[0] === of ? "Scope" : null;
  }

  #annotated(annotation: Node | null | undefined): Kind | null {
    const name = typeName(annotation);
    if (name === null) return null;
    const library = this.libraryName({ type: "Identifier", name, parent: annotation! });
    return library !== null && library in METHODS ? library : null;
  }

  #constructed(callee: Node): Kind | null {
    const library = this.libraryFunction(bare(callee));
    return library !== null && library in METHODS ? library : null;
  }

  #made(call: Node, depth: number): Kind | null {
    const callee = bare(call.callee);
    const library = this.libraryFunction(callee);
    if (library !== null) return Object.hasOwn(MAKERS, library) ? MAKERS[library] : null;
    if (callee.type !== "MemberExpression") return null;
    const kind = this.kindOf(callee.object, depth);
    return kind === null ? null : METHOD_MAKERS[kind]?.[propertyName(callee) ?? ""] ?? null;
  }

  #field(node: Node, depth: number): Kind | null {
    const name = node.property.type === "PrivateIdentifier"
      ? node.property.name
      : propertyName(node);
    const own = name === null ? null : member(enclosingClass(node), name);
    if (own?.type !== "PropertyDefinition") return null;
    if (own.typeAnnotation) return this.#annotated(own.typeAnnotation);
    // Unless it is readonly, its initial value may be replaced.
    return own.readonly ? this.kindOf(own.value, depth) : null;
  }
}

/**
 * Returns a call of `f` if that is a `function*`. Only one that is declared as a Routine is known
 * to park.
 */
function ofGenerator(name: string, f: Node | null | undefined): ParkingCall | null {
  if (!isGenerator(f)) return null;
  return { name, result: null, iterable: typeName(f!.returnType) !== "Routine" };
}

function member(ofClass: Node | null, name: string): Node | null {
  for (const one of ofClass?.body.body ?? []) if (one.key?.name === name) return one;
  return null;
}

/** Whether `node` is an inline async function. */
export function isAsync(node: Node | null | undefined): boolean {
  return isFunction(node) && node!.async === true;
}
