export { describeProgress, type ProgressState } from "./format";
export { progress } from "./iterate";
export { Progress, type ProgressLine, type ProgressOptions, setProgressDisplay } from "./progress";
