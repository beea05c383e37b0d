export { Adam, type AdamOptions } from "./adam";
export { Optimizer } from "./optimizer";
export { SGD, type SGDOptions } from "./sgd";
