import { type LayoutRequest, layOut } from "./layout";

/** The thread that lays out; it answers each request with a layout. */
self.addEventListener("message", ({ data }: MessageEvent<LayoutRequest>) => {
  self.postMessage(layOut(data));
});
