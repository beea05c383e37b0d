import { expect, it, vi } from "vitest";
import { StartCache } from "../startup/startCache";
import { Library } from "./library";
import { libraryDeclarations } from "./libraryDeclarations";
import { loadNative } from "./native";

const types = require.resolve("@graphpatch/native").replace(/\.js$/, ".d.ts");
const shield = <T>(work: () => T): T => work();
const { globals, names } = libraryDeclarations(types, new StartCache(""));

it("knows every value of the library before it is loaded", () => {
  expect([...names].sort()).toEqual(Object.keys(loadNative()).sort());
  for (const name of names) expect(globals).toMatch(new RegExp(`^(?:const|namespace) ${name}\\b`, "m"));
});

it("is loaded by the first global that is used", () => {
  const ahead = vi.fn();
  const library = new Library(names, ahead, shield);
  const listener = vi.fn();
  library.whenLoaded(listener);
  const before = Object.getOwnPropertyDescriptors(globalThis);
  const scope = globalThis as unknown as Record<string, unknown>;
  try {
    library.makeGlobal();
    scope.ZeroPatch = "the user's own";
    expect(library.loaded()).toBeNull();
    expect(scope.torch).toBe(loadNative().torch);
    expect(library.loaded()).toBe(loadNative());
    expect(listener).toHaveBeenCalledExactlyOnceWith(loadNative());
    expect(Object.getOwnPropertyDescriptor(globalThis, "Tensor")).toMatchObject({
      value: loadNative().Tensor,
    });
    expect(scope.ZeroPatch).toBe("the user's own");
  } finally {
    for (const name of names) {
      delete scope[name];
      if (before[name]) Object.defineProperty(globalThis, name, before[name]);
    }
  }
});

it("is loaded ahead, once, for code that names something of it", () => {
  const ahead = vi.fn();
  const library = new Library(names, ahead, shield);
  for (const code of ["1 + 1", "my.torch", "torches", undefined]) library.expect(code);
  expect(ahead).not.toHaveBeenCalled();
  library.expect("const t = torch.ones([1])");
  library.expect("new ZeroPatch()");
  expect(ahead).toHaveBeenCalledOnce();
});
