import { callWithKeywords } from "./install";

type Operator = (...args: unknown[]) => unknown;

/** An operator, whose overload the arguments choose, and its overloads by name: `add.Tensor`, `clone.default`. */
export type OperatorPacket = Operator & { readonly [overload: string]: Operator };

/** `torch.ops.<namespace>.<operator>`: every operator that is registered, private ones and other libraries' too. */
export interface OperatorNamespaces {
  readonly [namespace: string]: { readonly [name: string]: OperatorPacket };
}

/** An object whose properties are made when first named. */
function lazily<Made>(target: object, make: (name: string) => Made): { readonly [name: string]: Made } {
  const made = new Map<string, Made>();
  return new Proxy(target as { readonly [name: string]: Made }, {
    get(_, name) {
      if (typeof name === "symbol" || name in target) return Reflect.get(target, name);
      const known = made.get(name);
      if (known !== undefined) return known;
      const value = make(name);
      made.set(name, value);
      return value;
    },
  });
}

function operator(name: string): Operator {
  return (...args) => callWithKeywords(name, args);
}

/** The namespaces. An unknown operator or overload is an UnknownOperatorError when called. */
export function operatorNamespaces(): OperatorNamespaces {
  const empty = () => Object.create(null) as object;
  return lazily(empty(), (namespace) =>
    lazily(empty(), (name) => {
      const qualified = `${namespace}::${name}`;
      return lazily(operator(qualified), (overload) =>
        operator(`${qualified}.${overload}`),
      ) as OperatorPacket;
    }),
  );
}
