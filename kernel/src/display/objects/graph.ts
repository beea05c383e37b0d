import type { GraphPlace, GraphTree } from "@graphpatch/native";
import { type TreeItem, treeHtml } from "../html";

/** A graph, or a part of one, as a tree to open and close. @param title what stands at its root */
export function graphHtml(tree: GraphTree, title: string): string {
  return treeHtml({ ...placeItem(tree, title), note: `${tree._count} nodes` });
}

function placeItem(place: GraphTree, key: string): TreeItem {
  const children = Object.keys(place);
  return {
    label: key,
    note: noteOf(place, children.length > 0),
    count: place._count,
    *children() {
      for (const child of children) yield placeItem(place[child], labelOf(place, child));
    },
  };
}

/** The key below its parent; a part of a container keeps the `|` that stands before it in its name. */
function labelOf(parent: GraphTree, key: string): string {
  return parent[key]._name === `${parent._name}|${key}` ? `|${key}` : key;
}

function noteOf({ _operator, _shape, _dtype, _count }: GraphPlace, isModule: boolean): string {
  const operator = _operator.replace(/^aten::/, "").replace(/\.\w+$/, "");
  const value = _shape ? `${_dtype}[${_shape.join(", ")}]` : "";
  return [operator, value, isModule ? `${_count} nodes` : ""].filter((part) => part !== "").join(" · ");
}
