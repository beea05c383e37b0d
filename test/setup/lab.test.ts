import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { parseLabOptions } from "../../scripts/lab/options.mjs";
import { freePort } from "../../scripts/lab/port.mjs";

describe("npm start's options", () => {
  it("keeps its own and hands the others on", () => {
    expect(
      parseLabOptions(["--no-browser", "--port", "9000", "--ServerApp.password=", "--ip=0.0.0.0", "--cuda"]),
    ).toEqual({
      browser: false,
      port: 9000,
      ip: "0.0.0.0",
      cuda: true,
      rest: ["--ServerApp.password="],
    });
  });

  it("refuses a port that is none, with the usage", () => {
    expect(() => parseLabOptions(["--port", "many"])).toThrow("--port needs a number.\n\nnpm start");
    expect(() => parseLabOptions(["--port"])).toThrow("--port needs a number");
  });
});

describe("the port", () => {
  it("is the next one when the first is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    expect(await freePort(port, "127.0.0.1")).toBeGreaterThan(port);
    server.close();
  });
});
