export { type HubName, parseHubName } from "./hubName";
export { type DownloadProgress, describeProgress } from "./progress";
export { type HubOptions, HubRepository } from "./repository";
