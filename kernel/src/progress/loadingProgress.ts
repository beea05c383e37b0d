import type { AutoClass, Task } from "@graphpatch/native";
import type { Displays } from "../display/display";
import type { Native } from "../preload/native";

/** Shows the loading of models as one line that is replaced as it goes on. */
export function showLoading(native: Native, displays: Displays): void {
  showLoadingOf(native.AutoModelForCausalLM, native, displays);
  showLoadingOf(native.AutoModelForMaskedLM, native, displays);
  showLoadingOf(native.AutoModel, native, displays);
}

function showLoadingOf<T extends Task>(
  auto: AutoClass<T>,
  { describeProgress }: Native,
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
