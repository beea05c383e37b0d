import {
  CATALOG_TARGET,
  type CatalogGraph,
  type CatalogMessage,
  type CatalogRequest,
  decodeGraph,
  isCatalogMessage,
  type NodeMark,
  type NodeRequest,
  type NodeValue,
} from "@graphpatch/kernel/protocol";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { JSONObject } from "@lumino/coreutils";
import { type ISignal, Signal } from "@lumino/signaling";
import type { CatalogStatus, ICatalogModel, NodeMarks, ProbePicture } from "../tokens";

/** The part of a kernel connection the catalogue needs. */
export type KernelLink = Pick<
  Kernel.IKernelConnection,
  | "id"
  | "info"
  | "handleComms"
  | "hasComm"
  | "createComm"
  | "registerCommTarget"
  | "removeCommTarget"
  | "requestCommInfo"
  | "statusChanged"
  | "connectionStatusChanged"
>;

export const NO_MARKS: NodeMarks = { patched: new Map(), probed: new Set(), live: new Map() };
const RESYNC: CatalogRequest = { type: "resync" };

/**
 * Mirrors the graphs of one kernel over the catalogue comm.
 *
 * The kernel opens the comm when its first graph is captured. A page that comes later, or whose connection
 * broke, asks the kernel for the comm and for everything again.
 */
export class CatalogModel implements ICatalogModel {
  constructor(private readonly kernel: KernelLink) {
    this.kernelId = kernel.id;
    kernel.statusChanged.connect(this.onStatus, this);
    kernel.connectionStatusChanged.connect(this.onConnection, this);
    void this.readLanguage();
    if (!kernel.handleComms) {
      this._status = "elsewhere";
      return;
    }
    kernel.registerCommTarget(CATALOG_TARGET, this.onOpen);
    void this.findComm();
  }

  readonly kernelId: string;

  get status(): CatalogStatus {
    return this._status;
  }

  get language(): string | null {
    return this._language;
  }

  get graphs(): readonly CatalogGraph[] {
    return this._graphs;
  }

  get problem(): string | null {
    return this._problem;
  }

  get changed(): ISignal<ICatalogModel, "graphs" | "marks" | "status"> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  marks(graphId: string): NodeMarks {
    return this._marks.get(graphId) ?? NO_MARKS;
  }

  setProbe(graphId: string, node: string, isOn: boolean): void {
    this.ask({ type: isOn ? "probe" : "unprobe", id: graphId, node });
  }

  async requestValue(graphId: string, node: string): Promise<NodeValue | null> {
    const answer = await this.answerTo({ type: "value", id: graphId, node });
    return answer?.type === "value" ? answer.value : null;
  }

  async requestPicture(graphId: string, node: string): Promise<ProbePicture> {
    const answer = await this.answerTo({ type: "picture", id: graphId, node });
    return answer?.type === "picture" ? answer : { runs: 0, bundle: null };
  }

  dispose(): void {
    if (this._isDisposed) return;
    this._isDisposed = true;
    this.dropRequests();
    this.kernel.statusChanged.disconnect(this.onStatus, this);
    this.kernel.connectionStatusChanged.disconnect(this.onConnection, this);
    if (this.kernel.handleComms) this.kernel.removeCommTarget(CATALOG_TARGET, this.onOpen);
    Signal.clearData(this);
  }

  private ask(request: NodeRequest): boolean {
    if (!this.comm || this.comm.isDisposed) return false;
    this.comm.send({ ...request });
    return true;
  }

  /** The message that answers; null when the kernel cannot, or goes away. */
  private answerTo(request: NodeRequest): Promise<CatalogMessage | null> {
    const key = requestKey(request);
    return new Promise((resolve) => {
      const waiting = this.waiting.get(key);
      // Who asks again before the answer is here gets the same one.
      if (waiting) waiting.push(resolve);
      else if (this.ask(request)) this.waiting.set(key, [resolve]);
      else resolve(null);
    });
  }

  private answered(message: CatalogMessage & { type: "value" | "picture" }): void {
    const key = requestKey(message);
    const waiting = this.waiting.get(key) ?? [];
    this.waiting.delete(key);
    for (const resolve of waiting) resolve(message);
  }

  private dropRequests(): void {
    for (const waiting of this.waiting.values()) for (const resolve of waiting) resolve(null);
    this.waiting.clear();
  }

  /** Takes up a comm that the kernel opened before this page knew it. */
  private async findComm(): Promise<void> {
    try {
      const reply = await this.kernel.requestCommInfo({ target_name: CATALOG_TARGET });
      if (this._isDisposed || reply.content.status !== "ok") return;
      // createComm throws on an id this connection knows: that comm is bound already.
      const id = Object.keys(reply.content.comms).find((candidate) => !this.kernel.hasComm(candidate));
      if (id !== undefined) {
        this.bind(this.kernel.createComm(CATALOG_TARGET, id));
        this.comm?.send({ ...RESYNC });
      } else if (this._status === "connecting") {
        this.setStatus("waiting");
      }
    } catch (error) {
      // The kernel died or was replaced while it was asked; its successor announces itself.
      if (!this._isDisposed) this.fail(`The kernel did not say which graphs it has: ${messageOf(error)}`);
    }
  }

  private async readLanguage(): Promise<void> {
    try {
      const info = await this.kernel.info;
      if (this._isDisposed) return;
      this._language = info.language_info.name;
      this._changed.emit("status");
    } catch {
      // A kernel that ends before it has said what it is: nothing to show, `language` stays null.
    }
  }

  private readonly onOpen = (comm: Kernel.IComm, message: KernelMessage.ICommOpenMsg): void => {
    this.bind(comm);
    const { data } = message.content;
    // The opening message may carry the first snapshot or nothing at all.
    if (Object.keys(data).length > 0) this.apply(data);
    else comm.send({ ...RESYNC });
  };

  private bind(comm: Kernel.IComm): void {
    this.comm = comm;
    comm.onMsg = (message) => this.apply(message.content.data);
    comm.onClose = () => {
      if (this.comm === comm) this.forget("waiting");
    };
  }

  private apply(data: JSONObject): void {
    if (this._isDisposed) return;
    const message: unknown = data;
    if (!isCatalogMessage(message)) {
      this.fail("The kernel sent nodes in a form this version of the extension does not understand.");
      return;
    }
    this._problem = null;
    this.take(message);
  }

  private take(message: CatalogMessage): void {
    switch (message.type) {
      case "snapshot":
        this._marks.clear();
        this.setGraphs(message.graphs.map(decodeGraph));
        return;
      case "graph-added": {
        const graph = decodeGraph(message.graph);
        this.setGraphs([...this._graphs.filter(({ id }) => id !== graph.id), graph]);
        return;
      }
      case "graph-removed":
        this._marks.delete(message.id);
        this.setGraphs(this._graphs.filter((graph) => graph.id !== message.id));
        return;
      case "ran":
        this.setMarks(message.id, marksOf(message.marks));
        return;
      case "probes":
        this.setMarks(message.id, { live: new Map(message.probes.map(({ node, runs }) => [node, runs])) });
        return;
      case "value":
      case "picture":
        this.answered(message);
        return;
      case "refused":
        this.fail(message.message);
        this.dropRequests();
    }
  }

  private setMarks(graphId: string, marks: Partial<NodeMarks>): void {
    this._marks.set(graphId, { ...this.marks(graphId), ...marks });
    this._changed.emit("marks");
  }

  private setGraphs(graphs: CatalogGraph[]): void {
    this._graphs = graphs;
    this._status = graphs.length > 0 ? "ready" : "waiting";
    this._changed.emit("graphs");
  }

  private setStatus(status: CatalogStatus): void {
    this._status = status;
    this._changed.emit("status");
  }

  private fail(problem: string): void {
    this._problem = problem;
    if (this._status === "connecting") this._status = "waiting";
    this._changed.emit("status");
  }

  /** The kernel's graphs are gone. */
  private forget(status: CatalogStatus): void {
    this.comm = null;
    this.dropRequests();
    this._marks.clear();
    this._problem = null;
    this._graphs = [];
    this._status = status;
    this._changed.emit("graphs");
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    if (this._status === "elsewhere") return;
    const gone = status === "restarting" || status === "autorestarting" || status === "dead";
    if (gone) this.forget("waiting");
  }

  private onConnection(_: unknown, status: Kernel.ConnectionStatus): void {
    // What happened while the connection was down is unknown: ask again.
    if (status !== "connected" || this._status === "elsewhere") return;
    if (this.comm && !this.comm.isDisposed) this.comm.send({ ...RESYNC });
    else void this.findComm();
  }

  private comm: Kernel.IComm | null = null;
  /** Who waits for the kernel's answers, by what was asked. */
  private readonly waiting = new Map<string, ((message: CatalogMessage | null) => void)[]>();
  private _graphs: readonly CatalogGraph[] = [];
  private readonly _marks = new Map<string, NodeMarks>();
  private _status: CatalogStatus = "connecting";
  private _language: string | null = null;
  private _problem: string | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<ICatalogModel, "graphs" | "marks" | "status">(this);
}

function requestKey({ type, id, node }: { type: string; id: string; node: string }): string {
  return JSON.stringify([type, id, node]);
}

function marksOf(marks: readonly NodeMark[]): Pick<NodeMarks, "patched" | "probed"> {
  return {
    patched: new Map(
      marks.filter(({ patches }) => patches.length > 0).map(({ node, patches }) => [node, patches]),
    ),
    probed: new Set(marks.filter(({ isProbed }) => isProbed).map(({ node }) => node)),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
