import { ArgumentError } from "../errors";
import { closestNames } from "../graph/closest";
import { joinIndices } from "../graph/names";
import type { Module } from "../nn/module";
import { DISK, placeNamed } from "./devices";

/**
 * Where each module's weights are: `"auto"`, one place for all of them, or places by module path; the longest path that a
 * module is at or below counts, `""` is the whole model.
 */
export type DeviceMap = string | Readonly<Record<string, string>>;

/** Where modules keep their weights and where they compute. */
export class Placement {
  /**
   * @param places by path
   * @param main where modules compute whose weights are on disk, and what no path says
   */
  constructor(
    readonly places: ReadonlyMap<string, string>,
    readonly main: string,
  ) {}

  /** Where the weights of the module at `path` are. */
  storageOf(path: string): string {
    for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf("."), 0))) {
      const place = this.places.get(at);
      if (place !== undefined) return place;
      if (at === "") return this.main;
    }
  }

  /** Where the module at `path` computes. */
  deviceOf(path: string): string {
    const storage = this.storageOf(path);
    return storage === DISK ? this.main : storage;
  }
}

/** Everything in ordinary memory. */
export const ON_CPU = new Placement(new Map(), "cpu");

/**
 * A placement from what the user gave, other than `"auto"`.
 * @throws ArgumentError for a path that is no module's, with the closest ones, for weights that no path covers, and for
 *   a place that is none. DeviceError for a GPU that is not there.
 */
export function placementOf(model: Module, map: DeviceMap): Placement {
  const entries = typeof map === "string" ? { "": map } : map;
  const known = new Map([...model.namedModules()].map(([path]) => [joinIndices(path), path]));
  const places = new Map<string, string>();
  for (const [given, place] of Object.entries(entries)) {
    const path = known.get(joinIndices(given));
    if (path === undefined) {
      const close = closestNames(given, new Set(known.values()));
      const hint = close.length > 0 ? `; did you mean ${close.map((name) => `"${name}"`).join(" or ")}?` : "";
      throw new ArgumentError(`deviceMap: ${model.constructor.name} has no module "${given}"${hint}`);
    }
    places.set(path, placeNamed(place));
  }
  checkCovered(model, places);
  const devices = [...places.values()].filter((place) => place !== DISK);
  const main = devices.find((device) => device.startsWith("cuda")) ?? devices[0] ?? "cpu";
  return new Placement(places, main);
}

function checkCovered(model: Module, places: ReadonlyMap<string, string>): void {
  const isCovered = (path: string): boolean =>
    places.has("") || [...places.keys()].some((at) => path === at || path.startsWith(`${at}.`));
  const left = [...model.namedModules()].filter(
    ([path, module]) => !isCovered(path) && !module.ownParameters().next().done,
  );
  if (left.length === 0) return;
  const names = left.slice(0, 5).map(([path]) => `"${path}"`);
  const more = left.length > 5 ? ` and ${left.length - 5} more` : "";
  throw new ArgumentError(
    `deviceMap says nothing of ${names.join(", ")}${more}; give them a place, or "" for all that is not named`,
  );
}
