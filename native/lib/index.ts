export type { TensorData } from "./binding";
export * from "./dispatch";
export * from "./errors";
export * as optim from "./optim";
export * from "./tensor";
export { type Torch, torch } from "./torch";
