export { GgufFile } from "./gguf/ggufFile";
export { SafetensorsFile } from "./safetensors";
export { ShardedSafetensors } from "./shardedSafetensors";
export type { WeightSource } from "./weightSource";
