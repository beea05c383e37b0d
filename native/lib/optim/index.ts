export { Adam, type AdamOptions } from "./adam";
export { AdamW } from "./adamW";
export { Optimizer } from "./optimizer";
export { CosineAnnealingLR, LambdaLR, LRScheduler, type Scheduled, StepLR } from "./schedulers";
export { SGD, type SGDOptions } from "./sgd";
