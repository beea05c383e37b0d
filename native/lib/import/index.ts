export { attentionDifference } from "./attentionDifference";
export type { ImportOptions } from "./options";
