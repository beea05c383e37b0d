import type { Module } from "./module";

/** Stands between `module.call(…)` and `module.forward(…)`: how a tracer learns where it is. */
export type ModuleCallInterceptor = (module: Module, args: unknown[]) => unknown;

let interceptor: ModuleCallInterceptor | null = null;

/** Installs an interceptor for module calls (null: none) and returns the one before. */
export function setModuleCallInterceptor(next: ModuleCallInterceptor | null): ModuleCallInterceptor | null {
  const previous = interceptor;
  interceptor = next;
  return previous;
}

export function getModuleCallInterceptor(): ModuleCallInterceptor | null {
  return interceptor;
}
