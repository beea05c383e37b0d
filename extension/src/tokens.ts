/**
 * What the features of this extension offer each other and other extensions: interfaces and tokens only.
 */
import type { CatalogGraph, NodeValue, PatchMark, View } from "@graphpatch/kernel/protocol";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Token } from "@lumino/coreutils";
import type { IDisposable } from "@lumino/disposable";
import type { ISignal } from "@lumino/signaling";
import type { BrowserModel } from "./browser/model";
import type { Drawing, Figure, Theme } from "./renderers/drawing";
import type { ViewBody, ViewContent, ViewTools } from "./renderers/viewBody";

/** Prefix of every plugin and command of this extension. */
export const NAMESPACE = "@graphpatch/jupyterlab";
/** Translation domain. */
export const TRANSLATION_DOMAIN = "graphpatch";

/**
 * - `connecting`: the kernel has not answered yet;
 * - `waiting`: it answered, and knows no graph;
 * - `ready`: there is at least one graph;
 * - `elsewhere`: another view of the same kernel receives its messages, so this page cannot.
 */
export type CatalogStatus = "connecting" | "waiting" | "ready" | "elsewhere";

/** What the last run of a graph did to its nodes, and which of them the page looks at. */
export interface NodeMarks {
  /** Patches that change a node's value, in order. */
  readonly patched: ReadonlyMap<string, readonly PatchMark[]>;
  /** Nodes that the user's own code looked at. */
  readonly probed: ReadonlySet<string>;
  /** Nodes with a live probe, and in how many runs it has seen them. */
  readonly live: ReadonlyMap<string, number>;
}

/** What a live probe saw, drawn. */
export interface ProbePicture {
  /** Of the run after which it was made. */
  readonly runs: number;
  /** MIME bundle; null when nothing has been seen yet. */
  readonly bundle: Readonly<Record<string, unknown>> | null;
}

/** What one kernel knows about its graphs. Mirrors the kernel; holds no widget. */
export interface ICatalogModel extends IDisposable {
  readonly kernelId: string;
  readonly status: CatalogStatus;
  /** Language of the kernel as it names it (`typescript`); null until it has answered. */
  readonly language: string | null;
  /** Graphs in the order they were captured. */
  readonly graphs: readonly CatalogGraph[];
  /** What went wrong last, in words to show; null when nothing did. */
  readonly problem: string | null;
  marks(graphId: string): NodeMarks;
  /** Emitted after any change of the above, with what changed. */
  readonly changed: ISignal<ICatalogModel, "graphs" | "marks" | "status">;

  /** Looks at a node in every later run of its graph, or no longer. */
  setProbe(graphId: string, node: string, isOn: boolean): void;
  /** Statistics of what a probe saw last at a node; null when none did, or when it is gone. */
  requestValue(graphId: string, node: string): Promise<NodeValue | null>;
  /** Picture of what the live probe of a node saw last. */
  requestPicture(graphId: string, node: string): Promise<ProbePicture>;
}

/** The catalogues of all kernels with an open notebook; `current` belongs to the notebook in use. */
export interface INodeCatalog {
  /** Catalogue of the current notebook's kernel; null without a notebook or a kernel. */
  readonly current: ICatalogModel | null;
  readonly currentChanged: ISignal<INodeCatalog, ICatalogModel | null>;
  /** Catalogue of a kernel by its id; null for a kernel no notebook uses. */
  forKernel(kernelId: string): ICatalogModel | null;
  /** Emitted when the catalogue of a kernel comes or goes, with the kernel's id. */
  readonly kernelsChanged: ISignal<INodeCatalog, string>;
}

export const INodeCatalog = new Token<INodeCatalog>(
  `${NAMESPACE}:INodeCatalog`,
  "The named nodes of the graphs that live in the kernels of open notebooks.",
);

/** Live probes: nodes that the page looks at in every run. */
export interface ILiveProbes {
  /** Looks at a node from now on, and shows what it sees in a tab of the main area. */
  open(place: { kernelId: string; graphId: string; node: string }): void;
  /** Looks no longer, and closes the tab. */
  stop(place: { kernelId: string; graphId: string; node: string }): void;
}

export const ILiveProbes = new Token<ILiveProbes>(
  `${NAMESPACE}:ILiveProbes`,
  "Shows the values of nodes after each run.",
);

/** Draws a part of the graph that the node browser shows. */
export interface IGraphView {
  /** Tells the browser that a tab restored from an earlier page belongs to. */
  attach(browser: BrowserModel): void;
  /** Shows a node or module of the browser's graph in a tab, which follows the browser's selection from then on. */
  show(browser: BrowserModel, path: string): void;
}

export const IGraphView = new Token<IGraphView>(
  `${NAMESPACE}:IGraphView`,
  "Draws the surroundings of a node and the insides of a module.",
);

/** A view as it may come from a notebook: of a kind this version knows, or of one it does not. */
export type AnyView = Omit<View, "kind"> & { kind: string };

/** A kind of view that plotly draws. */
export interface IDrawnKind {
  /** Whether shape and dtype say nothing of this view, as of a curve. */
  readonly hidesShape?: boolean;
  /**
   * Turns the values of a figure into what plotly draws.
   *
   * Everything in `view` is untrusted text, and everything in `figure` was checked when it was read.
   * @throws FigureError when the figure does not hold what this kind of view needs.
   */
  draw(view: AnyView, figure: Figure, theme: Theme, trans: TranslationBundle): Drawing;
}

/** A kind of view with a body of its own: controls, several pictures, a table. */
export interface IBodiedKind {
  readonly hidesShape?: boolean;
  /** Whether values may stand elsewhere in the bundle than in a figure. */
  readonly hasOwnValues?: boolean;
  /** Makes the body of one view. @throws FigureError when the content does not hold what this kind of view needs. */
  open(content: ViewContent, tools: ViewTools): ViewBody;
}

/** How one kind of view is drawn. */
export type IViewKind = IDrawnKind | IBodiedKind;

/** Kinds of views by name. Others can add theirs. */
export interface IViewRegistry {
  get(kind: string): IViewKind | undefined;
  /** Adds a kind until the result is disposed. @throws Error when the kind is taken. */
  register(kind: string, view: IViewKind): IDisposable;
}

export const IViewRegistry = new Token<IViewRegistry>(
  `${NAMESPACE}:IViewRegistry`,
  "The kinds of pictures a graphpatch view can be drawn as.",
);

/** A part of the model that views can point at together; what is left out is any. */
export interface Highlight {
  /** Name of a node. Untrusted: text only. */
  readonly node?: string;
  readonly layer?: number;
  readonly head?: number;
  /** Position of a token. */
  readonly token?: number;
}

/**
 * What the pointer is on, shared by all views of a notebook and the node browser. A scope is the id of the notebook's kernel, as in
 * `ICatalogModel.kernelId`.
 */
export interface IHighlights {
  get(scope: string): Highlight | null;
  /** Points at something, or with null at nothing any more. */
  set(scope: string, highlight: Highlight | null): void;
  /** Emitted after a change, with its scope. */
  readonly changed: ISignal<IHighlights, string>;
}

export const IHighlights = new Token<IHighlights>(
  `${NAMESPACE}:IHighlights`,
  "What the pointer is on in a notebook's views and the node browser.",
);

/** Makes views outside of outputs, such as in tabs of the main area. */
export interface IViewMaker {
  /**
   * A widget that shows view bundles for a notebook: it takes live values from its kernel and is linked with its other views. Calling
   * `renderModel` again with a new bundle updates it in place; sliders and zoom stay where they fit.
   */
  create(panel: NotebookPanel): IRenderMime.IRenderer;
}

export const IViewMaker = new Token<IViewMaker>(
  `${NAMESPACE}:IViewMaker`,
  "Makes widgets that show graphpatch views for a notebook.",
);
