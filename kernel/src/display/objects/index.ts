import type { GraphTree, Patch } from "@graphpatch/native";
import { isTreePlace } from "../../completion/treePlace";
import type { Native } from "../../preload/native";
import { withTreeView } from "../../views";
import { type Displayer, describe, type MimeBundle } from "../mimeBundle";
import { encodingHtml, encodingText } from "./encoding";
import { graphHtml } from "./graph";
import { moduleHtml } from "./module";
import { patchesHtml } from "./patch";
import { tensorHtml, tensorText } from "./tensor";

/** How the library's objects are shown that are no pictures: as text, and as HTML that reads without scripts. */
export function objectDisplayer(native: () => Native | null): Displayer {
  return (value) => {
    const library = native();
    return library && typeof value === "object" && value !== null ? bundleOfObject(value, library) : null;
  };
}

function bundleOfObject(value: object, library: Native): MimeBundle | null {
  const { PatchableGraph, Tensor, Patch, BatchEncoding, annotationOf, nn } = library;
  if (value instanceof PatchableGraph) return treeBundle(value.graph, value.label, String(value));
  if (isTreePlace(value)) {
    const tree = value as unknown as GraphTree;
    return treeBundle(tree, tree._name === "" ? tree._operator : tree._name, describe(value));
  }
  if (value instanceof nn.Module) return bundle(moduleHtml(value), describe(value));
  if (value instanceof BatchEncoding) return bundle(encodingHtml(value), encodingText(value));
  if (value instanceof Patch) return bundle(patchesHtml([{ node: null, patch: value }]), describe(value));
  if (value instanceof Tensor) {
    // What is annotated is drawn.
    if (value.isDisposed || annotationOf(value)) return null;
    return bundle(tensorHtml(value), tensorText(value));
  }
  const patches = patchesIn(value, Patch);
  return patches && bundle(patchesHtml(patches), describe(value));
}

function treeBundle(tree: GraphTree, title: string, text: string): MimeBundle {
  return withTreeView(title, tree._name, bundle(graphHtml(tree, title), text));
}

/** The patches of a list, or of an object by node; null for anything else. */
function patchesIn(value: object, kind: Native["Patch"]): { node: string | null; patch: Patch }[] | null {
  const isPatch = (one: unknown): one is Patch => one instanceof kind;
  if (Array.isArray(value)) {
    return value.length > 0 && value.every(isPatch) ? value.map((patch) => ({ node: null, patch })) : null;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return null;
  const found = Object.entries(value).map(([node, one]) => ({ node, list: [one].flat() as unknown[] }));
  if (found.length === 0 || !found.every(({ list }) => list.length > 0 && list.every(isPatch))) return null;
  return found.flatMap(({ node, list }) => list.filter(isPatch).map((patch) => ({ node, patch })));
}

function bundle(html: string | null, text: string): MimeBundle {
  return {
    data: html === null ? { "text/plain": text } : { "text/html": html, "text/plain": text },
    metadata: {},
  };
}
