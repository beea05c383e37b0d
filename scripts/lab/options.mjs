// @ts-check

/**
 * @typedef {object} LabOptions
 * @property {boolean} browser whether Lab opens the browser itself
 * @property {number | null} port
 * @property {string} ip
 * @property {boolean} cuda whether the set-up installs CUDA's libraries
 * @property {string[]} rest handed to `jupyter lab` as they are
 */

export const usage = `npm start [-- options]
  --no-browser    print the address instead of opening the browser
  --port N        instead of the first free port from 8888
  --ip ADDRESS    instead of 127.0.0.1, e.g. 0.0.0.0 in a container
  --cuda          also install what an NVIDIA GPU needs (once; Linux, 3 GB)
Other options are handed to \`jupyter lab\`.`;

/**
 * @param {readonly string[]} args
 * @returns {LabOptions}
 * @throws {Error} with the usage, when an option lacks its value
 */
export function parseLabOptions(args) {
  /** @type {LabOptions} */
  const options = { browser: true, port: null, ip: "127.0.0.1", cuda: false, rest: [] };
  for (let i = 0; i < args.length; i++) {
    const [name, inline] = args[i].split(/=(.*)/s);
    const value = () => inline ?? args[++i];
    if (name === "--no-browser") {
      options.browser = false;
    } else if (name === "--cuda") {
      options.cuda = true;
    } else if (name === "--port") {
      const port = Number(value());
      if (!Number.isInteger(port) || port < 1 || port > 65535)
        throw new Error(`--port needs a number.\n\n${usage}`);
      options.port = port;
    } else if (name === "--ip") {
      const ip = value();
      if (!ip) throw new Error(`--ip needs an address.\n\n${usage}`);
      options.ip = ip;
    } else {
      options.rest.push(args[i]);
    }
  }
  return options;
}
