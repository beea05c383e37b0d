import type { Displays } from "../display/display";
import type { Native } from "../preload/native";

/** Shows the loading of models as one line that is replaced as it goes on. */
export function showLoading(
  { AutoModelForCausalLM: auto, describeProgress }: Native,
  displays: Displays,
): void {
  const load = auto.fromPretrained;
  auto.fromPretrained = async (pathOrName, options = {}) => {
    const { text } = displays.newDisplay();
    let stage = "";
    let started = 0;
    return load.call(auto, pathOrName, {
      ...options,
      onProgress: (progress) => {
        if (progress.stage !== stage) started = performance.now();
        stage = progress.stage;
        text(describeProgress(pathOrName, progress, performance.now() - started));
        options.onProgress?.(progress);
      },
    });
  };
}
