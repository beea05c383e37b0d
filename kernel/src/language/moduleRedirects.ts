import Module from "node:module";

interface ModuleLoader {
  _load(request: string, ...rest: unknown[]): unknown;
}

/**
 * Makes `require(name)` answer with what `modules` gives, wherever it is called: tslab gets our compiler, and a cell gets the kernel's own
 * @graphpatch/native wherever the notebook lies.
 */
export function redirectModules(modules: ReadonlyMap<string, () => unknown>): void {
  const loader = Module as unknown as ModuleLoader;
  const load = loader._load;
  loader._load = function redirected(this: unknown, request: string, ...rest: unknown[]): unknown {
    const redirect = modules.get(request);
    return redirect ? redirect() : load.call(this, request, ...rest);
  };
}
