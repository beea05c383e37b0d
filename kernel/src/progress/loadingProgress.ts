import type { AutoClass, Task } from "@graphpatch/native";
import type { Displays } from "../display/display";
import type { Native } from "../preload/native";

const BAR = 24;

/** Shows the loading of models as one line that is replaced as it goes on. */
export function showLoading(native: Native, displays: Displays): void {
  showLoadingOf(native.AutoModelForCausalLM, displays);
  showLoadingOf(native.AutoModelForMaskedLM, displays);
  showLoadingOf(native.AutoModel, displays);
}

function showLoadingOf<T extends Task>(auto: AutoClass<T>, displays: Displays): void {
  const load = auto.fromPretrained;
  auto.fromPretrained = async (pathOrName, options = {}) => {
    const { text } = displays.newDisplay();
    const started = performance.now();
    return load.call(auto, pathOrName, {
      ...options,
      onProgress: (progress) => {
        const { done, total } = progress;
        text(progressLine(`loading ${pathOrName}`, done, total, performance.now() - started));
        options.onProgress?.(progress);
      },
    });
  };
}

/** `loading x ████░░░░ 120/272 · 1.2 s`, with the time left while there is some. */
export function progressLine(what: string, done: number, total: number, elapsedMs: number): string {
  const filled = Math.round((BAR * done) / Math.max(total, 1));
  const left = done > 0 && done < total ? `, ${seconds((elapsedMs * (total - done)) / done)} left` : "";
  return `${what} ${"█".repeat(filled)}${"░".repeat(BAR - filled)} ${done}/${total} · ${seconds(elapsedMs)}${left}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
