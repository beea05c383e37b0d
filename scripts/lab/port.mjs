// @ts-check
import { createServer } from "node:net";

/**
 * @param {number} from
 * @param {string} ip
 * @returns {Promise<number>} the first port from there on that nothing listens on
 */
export async function freePort(from, ip) {
  for (let port = from; port < from + 100; port++) if (await isFree(port, ip)) return port;
  throw new Error(`No free port between ${from} and ${from + 99}.`);
}

/**
 * @param {number} port
 * @param {string} ip
 * @returns {Promise<boolean>}
 */
export function isFree(port, ip) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, ip, () => server.close(() => resolve(true)));
  });
}
