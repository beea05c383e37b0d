export { callOperator, callResolved, type ResolvedOperator, resolveOperator } from "./dispatch";
export { getInterceptor, type OperatorInterceptor, setInterceptor } from "./interceptor";
export type { Size } from "./size";
