import { ModuleList } from "../nn/containers";
import type { Module } from "../nn/module";
import type { Tensor } from "../tensor/tensor";
import { Placement } from "./deviceMap";
import { DISK } from "./devices";

/** What has to be in one place: a layer of a list, or what a module has beside its lists. */
interface Unit {
  readonly path: string;
  readonly bytes: number;
  /** The unit that has all of this one's weights already (a tied head). */
  readonly sharedWith: Unit | null;
}

/**
 * Places a model by the memory that there is: in the order of its modules on the first device until it is full, then on the
 * next, and the rest on disk. Layers are not taken apart, and what a module has beside its list of layers (embeddings,
 * the last norm) stays together, as it computes with them itself.
 *
 * @param bytesOf how much memory a parameter of the module at `path` will take
 * @param room bytes that weights may take on each device, the fastest first (see `freeMemory`)
 */
export function autoPlacement(
  model: Module,
  bytesOf: (path: string, name: string, parameter: Tensor) => number,
  room: ReadonlyMap<string, number>,
): Placement {
  const units = unitsOf(model, bytesOf);
  const [main = "cpu"] = room.keys();
  const total = units.reduce((sum, { bytes }) => sum + bytes, 0);
  const places = new Map<string, string>([["", main]]);
  if (total <= (room.get(main) ?? 0)) return new Placement(places, main);
  // Weights from the disk need room on the main device when it is their turn.
  const reserve = Math.max(...units.map(({ bytes }) => bytes));
  const left = [...room].map(([device, bytes]) => ({
    device,
    bytes: device === main ? bytes - reserve : bytes,
  }));
  const placeOfUnit = new Map<Unit, string>();
  for (const unit of units) {
    const owner = unit.sharedWith && placeOfUnit.get(unit.sharedWith);
    while (!owner && left.length > 0 && left[0].bytes < unit.bytes) left.shift();
    const place = owner ?? left[0]?.device ?? DISK;
    if (!owner && left.length > 0) left[0].bytes -= unit.bytes;
    placeOfUnit.set(unit, place);
    places.set(unit.path, place);
  }
  return new Placement(places, main);
}

function unitsOf(model: Module, bytesOf: (path: string, name: string, parameter: Tensor) => number): Unit[] {
  const units: Unit[] = [];
  const ownerOf = new Map<Tensor, Unit>();
  const add = (path: string, modules: Iterable<[string, Module]>): void => {
    const parameters = new Map<Tensor, number>();
    for (const [at, module] of modules) {
      for (const [name, tensor] of module.ownParameters()) parameters.set(tensor, bytesOf(at, name, tensor));
    }
    const owners = new Set([...parameters.keys()].map((tensor) => ownerOf.get(tensor) ?? null));
    const [owner] = owners;
    const bytes = [...parameters].reduce((sum, [tensor, size]) => sum + (ownerOf.has(tensor) ? 0 : size), 0);
    const unit = { path, bytes, sharedWith: owners.size === 1 ? owner : null };
    for (const tensor of parameters.keys()) if (!ownerOf.has(tensor)) ownerOf.set(tensor, unit);
    units.push(unit);
  };
  const split = (path: string, module: Module): void => {
    const below = (name: string): string => (path === "" ? name : `${path}.${name}`);
    const children = [...module.namedChildren()];
    const beside = children.filter(([, child]) => !hasList(child));
    add(path, [[path, module], ...beside.flatMap(([name, child]) => [...child.namedModules(below(name))])]);
    for (const [name, child] of children) {
      if (child instanceof ModuleList) {
        for (const [index, layer] of child.namedChildren()) {
          const at = `${below(name)}.${index}`;
          add(at, layer.namedModules(at));
        }
      } else if (hasList(child)) split(below(name), child);
    }
  };
  split("", model);
  return units;
}

function hasList(module: Module): boolean {
  return [...module.namedModules()].some(([, inside]) => inside instanceof ModuleList);
}
