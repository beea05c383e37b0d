export { Adam, type AdamOptions } from "./adam";
export { AdamW } from "./adamW";
export { Optimizer } from "./optimizer";
export { SGD, type SGDOptions } from "./sgd";
