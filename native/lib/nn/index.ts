export { GELU, ReLU, Sigmoid, SiLU, Tanh } from "./activations";
export { ModuleDict, ModuleList, Sequential } from "./containers";
export { Conv1D, Dropout, Embedding, LayerNorm, type LayerOptions, Linear, RMSNorm } from "./layers";
export { type LoadReport, Module } from "./module";
export { Parametrization } from "./parametrization";
