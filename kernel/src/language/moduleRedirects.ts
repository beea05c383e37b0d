import Module from "node:module";

interface ModuleLoader {
  _load(request: string, parent: { filename?: string | null } | undefined, isMain: boolean): unknown;
}

/** Gives the loader of a module in place of Node's own; undefined for what Node is to load. */
export type Redirect = (request: string, parentFile: string | null) => (() => unknown) | undefined;

/**
 * Makes `require(name)` answer with what `redirect` gives, wherever it is called: tslab gets our compiler, and a cell gets the kernel's own
 * @graphpatch/native wherever the notebook lies.
 */
export function redirectModules(redirect: Redirect): void {
  const loader = Module as unknown as ModuleLoader;
  const load = loader._load;
  loader._load = function redirected(this: unknown, request, parent, isMain): unknown {
    const found = redirect(request, parent?.filename ?? null);
    return found ? found() : load.call(this, request, parent, isMain);
  };
}
