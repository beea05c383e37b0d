export { type HubName, parseHubName } from "./hubName";
export type { DownloadProgress } from "./progress";
export { type HubOptions, HubRepository } from "./repository";
