import type { Layout, LayoutRequest } from "./layout";

/** Lays out in a worker, which is started when it is first needed and ended to cancel. */
export class LayoutThread {
  /** What was asked for before and is not done yet is cancelled. @returns null when it is cancelled itself */
  layOut(request: LayoutRequest): Promise<Layout | null> {
    this.cancel();
    const worker = this.worker ?? start();
    this.worker = worker;
    return new Promise((resolve, reject) => {
      this.pending = resolve;
      worker.onmessage = ({ data }: MessageEvent<Layout>) => {
        this.pending = null;
        resolve(data);
      };
      worker.onerror = (event) => {
        this.end();
        reject(new Error(event.message || "the layout worker could not be started"));
      };
      worker.postMessage(request);
    });
  }

  cancel(): void {
    if (this.pending) this.end();
  }

  dispose(): void {
    this.end();
  }

  private end(): void {
    this.worker?.terminate();
    this.worker = null;
    this.pending?.(null);
    this.pending = null;
  }

  private worker: Worker | null = null;
  private pending: ((layout: Layout | null) => void) | null = null;
}

function start(): Worker {
  return new Worker(new URL("./layoutWorker.js", import.meta.url), { name: "graphpatch-layout" });
}
