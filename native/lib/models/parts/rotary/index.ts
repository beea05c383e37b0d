export { applyPartialRotary, applyRotary, type PositionEmbeddings, RotaryEmbedding } from "./embedding";
export { type RopeParameters, readRopeFields, readRopeParameters, rotatedChannels } from "./parameters";
