export { type Adjustment, adjustPValues } from "./adjustPValues";
export {
  type BootstrapOptions,
  bootstrapInterval,
  type Interval,
  normalizedRecovery,
  type RecoveryValues,
  recoveryInterval,
} from "./bootstrap";
export { type Correlation, correlation } from "./correlation";
export { type SignFlipOptions, type SignFlipResult, signFlipTest } from "./signFlipTest";
