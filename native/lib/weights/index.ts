export { GgufFile } from "./gguf/ggufFile";
export type { SaveProgress, WeightsProgress } from "./progress";
export { SafetensorsFile } from "./safetensors";
export { type SaveOptions, saveSafetensors } from "./safetensorsWriter";
export { ShardedSafetensors } from "./shardedSafetensors";
export type { WeightSource } from "./weightSource";
