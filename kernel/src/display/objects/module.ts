import type { nn, Tensor } from "@graphpatch/native";
import { type TreeItem, treeHtml } from "../html";

/** A model or layer as a tree of its parts, with the sizes of their parameters. */
export function moduleHtml(module: nn.Module): string {
  return treeHtml(moduleItem(module, module.constructor.name, false));
}

function moduleItem(module: nn.Module, label: string, withClass: boolean): TreeItem {
  const parameters = [...module.ownParameters(), ...module.ownBuffers()];
  const children = [...module.namedChildren()];
  const size = total(module);
  return {
    label,
    note: [withClass ? module.constructor.name : "", size > 0 ? `${readable(size)} parameters` : ""]
      .filter((part) => part !== "")
      .join(" · "),
    count: [...module.namedModules()].length,
    *children() {
      for (const [name, tensor] of parameters) yield tensorItem(name, tensor);
      for (const [name, child] of children) yield moduleItem(child, name, true);
    },
  };
}

function tensorItem(label: string, { dtype, shape, device, requires_grad }: Tensor): TreeItem {
  const place = device === "cpu" ? "" : ` on ${device}`;
  const note = `${dtype}[${shape.join(", ")}]${place}${requires_grad ? ", trained" : ""}`;
  return { label, note, count: 1, children: () => [] };
}

function total(module: nn.Module): number {
  let sum = 0;
  for (const tensor of module.parameters()) sum += tensor.numel();
  return sum;
}

/** `134.5 M`. */
function readable(count: number): string {
  if (count < 1e4) return String(count);
  const [unit, size] = count >= 1e9 ? ["G", 1e9] : count >= 1e6 ? ["M", 1e6] : ["k", 1e3];
  return `${(count / size).toFixed(1)} ${unit}`;
}
