import { callWithKeywords } from "./install";

type Operator = (...args: unknown[]) => unknown;

/** `torch.ops.<namespace>.<operator>`: every operator that is registered, private ones and other libraries' too. */
export interface OperatorNamespaces {
  readonly [namespace: string]: { readonly [name: string]: Operator };
}

function namespaceOf(namespace: string): { readonly [name: string]: Operator } {
  const operators = new Map<string, Operator>();
  return new Proxy(Object.create(null) as Record<string, Operator>, {
    get(_, name) {
      if (typeof name === "symbol") return undefined;
      let operator = operators.get(name);
      if (operator === undefined) {
        operator = (...args: unknown[]) => callWithKeywords(`${namespace}::${name}`, args);
        operators.set(name, operator);
      }
      return operator;
    },
  });
}

/** The namespaces, each made when first named. An unknown operator is an UnknownOperatorError when called. */
export function operatorNamespaces(): OperatorNamespaces {
  const namespaces = new Map<string, { readonly [name: string]: Operator }>();
  return new Proxy(Object.create(null) as Record<string, { readonly [name: string]: Operator }>, {
    get(_, name) {
      if (typeof name === "symbol") return undefined;
      let namespace = namespaces.get(name);
      if (namespace === undefined) {
        namespace = namespaceOf(name);
        namespaces.set(name, namespace);
      }
      return namespace;
    },
  });
}
