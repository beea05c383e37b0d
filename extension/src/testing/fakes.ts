/** Stand-ins for kernels, comms and the catalogue, for specs. */
import type { CatalogGraph, NodeValue, PatchMark } from "@graphpatch/kernel/protocol";
import type { Kernel } from "@jupyterlab/services";
import { Signal } from "@lumino/signaling";
import type { KernelLink } from "../catalog/catalogModel";
import type { CatalogStatus, ICatalogModel, INodeCatalog, NodeMarks, ProbePicture } from "../tokens";

/** A kernel connection that records what it is sent. */
export class FakeKernel {
  id = "kernel-1";
  handleComms = true;
  /** Comms that live in the kernel, by id. */
  living: string[] = [];
  readonly sent: { comm: string; data: unknown }[] = [];
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly connectionStatusChanged = new Signal<this, Kernel.ConnectionStatus>(this);
  readonly info = Promise.resolve({ language_info: { name: "typescript" } });
  readonly comms = new Map<string, FakeComm>();
  private target: ((comm: FakeComm, message: unknown) => void) | null = null;

  hasComm(id: string): boolean {
    return this.comms.has(id);
  }

  createComm(_target: string, id: string): FakeComm {
    if (this.comms.has(id)) throw new Error("Comm is already created");
    const comm = new FakeComm(id, this);
    this.comms.set(id, comm);
    return comm;
  }

  registerCommTarget(_target: string, callback: (comm: FakeComm, message: unknown) => void): void {
    this.target = callback;
  }

  removeCommTarget(): void {
    this.target = null;
  }

  async requestCommInfo(): Promise<unknown> {
    return { content: { status: "ok", comms: Object.fromEntries(this.living.map((id) => [id, {}])) } };
  }

  /** The kernel opens the comm. */
  open(id: string, data: unknown = {}): FakeComm | null {
    if (!this.target) return null;
    const comm = this.createComm("", id);
    this.living.push(id);
    this.target(comm, { content: { data } });
    return comm;
  }

  /** Everything of the old process is gone, as when Lab restarts a kernel. */
  restart(): void {
    this.statusChanged.emit("restarting");
    this.comms.clear();
    this.living = [];
    this.connectionStatusChanged.emit("connecting");
    this.connectionStatusChanged.emit("connected");
  }

  /** As the model takes it; the fake has the part that is used. */
  get link(): KernelLink {
    return this as unknown as KernelLink;
  }
}

/** One end of a comm. */
export class FakeComm {
  isDisposed = false;
  onMsg: (message: unknown) => void = () => {};
  onClose: (message: unknown) => void = () => {};

  constructor(
    readonly commId: string,
    private readonly kernel: FakeKernel,
  ) {}

  send(data: unknown): void {
    this.kernel.sent.push({ comm: this.commId, data });
  }

  /** The kernel sends something. */
  receive(data: unknown): void {
    this.onMsg({ content: { data } });
  }
}

/** A catalogue whose current kernel has whatever a spec shows. */
export class FakeCatalog implements INodeCatalog {
  readonly currentChanged: Signal<INodeCatalog, ICatalogModel | null> = new Signal(this);
  readonly kernelsChanged: Signal<INodeCatalog, string> = new Signal(this);
  current: FakeSource | null = new FakeSource();

  forKernel(): ICatalogModel | null {
    return this.current;
  }

  show(graphs: CatalogGraph[]): void {
    if (!this.current) return;
    this.current.graphs = graphs;
    this.current.changed.emit("graphs");
  }

  mark(patched: string[], probed: string[], live: string[] = []): void {
    if (!this.current) return;
    const fired: PatchMark = { patch: "ZeroPatch", fired: true, maxChange: "1" };
    this.current.current = {
      patched: new Map(patched.map((name) => [name, [fired]])),
      probed: new Set(probed),
      live: new Map(live.map((name) => [name, 1])),
    };
    this.current.changed.emit("marks");
  }

  /** The notebook in use goes away. */
  leave(): void {
    this.current = null;
    this.currentChanged.emit(null);
  }
}

export class FakeSource implements ICatalogModel {
  readonly kernelId = "kernel-1";
  readonly language = "typescript";
  readonly problem = null;
  readonly isDisposed = false;
  readonly changed: Signal<ICatalogModel, "graphs" | "marks" | "status"> = new Signal(this);
  graphs: readonly CatalogGraph[] = [];
  current: NodeMarks = { patched: new Map(), probed: new Set(), live: new Map() };
  value: NodeValue | null = null;
  picture: ProbePicture = { runs: 0, bundle: null };
  readonly probes: [graph: string, node: string, isOn: boolean][] = [];

  get status(): CatalogStatus {
    return this.graphs.length > 0 ? "ready" : "waiting";
  }

  marks(): NodeMarks {
    return this.current;
  }

  setProbe(graphId: string, node: string, isOn: boolean): void {
    this.probes.push([graphId, node, isOn]);
  }

  async requestValue(): Promise<NodeValue | null> {
    return this.value;
  }

  async requestPicture(): Promise<ProbePicture> {
    return this.picture;
  }

  dispose(): void {}
}
