/** Stand-ins for kernels, comms and the catalogue, for specs. */
import type { CatalogGraph } from "@graphpatch/kernel/protocol";
import type { Kernel } from "@jupyterlab/services";
import { Signal } from "@lumino/signaling";
import type { KernelLink } from "../catalog/catalogModel";
import type { CatalogStatus, ICatalogModel, INodeCatalog, NodeMarks } from "../tokens";

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
  current: FakeSource | null = new FakeSource();

  forKernel(): ICatalogModel | null {
    return this.current;
  }

  show(graphs: CatalogGraph[]): void {
    if (!this.current) return;
    this.current.graphs = graphs;
    this.current.changed.emit("graphs");
  }

  mark(patched: string[], probed: string[]): void {
    if (!this.current) return;
    this.current.current = { patched: new Set(patched), probed: new Set(probed) };
    this.current.changed.emit("marks");
  }

  /** The notebook in use goes away. */
  leave(): void {
    this.current = null;
    this.currentChanged.emit(null);
  }
}

class FakeSource implements ICatalogModel {
  readonly kernelId = "kernel-1";
  readonly language = "typescript";
  readonly problem = null;
  readonly isDisposed = false;
  readonly changed: Signal<ICatalogModel, "graphs" | "marks" | "status"> = new Signal(this);
  graphs: readonly CatalogGraph[] = [];
  current: NodeMarks = { patched: new Set(), probed: new Set() };

  get status(): CatalogStatus {
    return this.graphs.length > 0 ? "ready" : "waiting";
  }

  marks(): NodeMarks {
    return this.current;
  }

  dispose(): void {}
}
