export { GgufFile } from "./gguf/ggufFile";
export { SafetensorsFile } from "./safetensors";
export { type SaveOptions, type SaveProgress, saveSafetensors } from "./safetensorsWriter";
export { ShardedSafetensors } from "./shardedSafetensors";
export type { WeightSource } from "./weightSource";
