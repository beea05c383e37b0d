export { callOperator, callResolved, type ResolvedOperator, resolveOperator } from "./dispatch";
export { getInterceptor, type OperatorInterceptor, setInterceptor } from "./interceptor";
export type { OperatorImplementation } from "./library";
export type { Size } from "./size";
