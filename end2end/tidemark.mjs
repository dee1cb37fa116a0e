// Starts the demo on a free port and a folder of its own, and stops it after the last test.
// With BASE_URL set, the tests go there instead.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const PROGRAM = fileURLToPath(new URL("../target/release/tidemark", import.meta.url));
// Small enough to be up in seconds, and busy enough for numbers to move while a test looks.
const ARGUMENTS = ["--rows", "6000", "--trees", "20", "--interval", "2", "--rate", "200"];
const START_MILLIS = 120_000;
const STOP_MILLIS = 10_000;

export default async function start() {
  if (process.env.BASE_URL) return undefined;

  const folder = mkdtempSync(join(tmpdir(), "tidemark-end2end-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const { address, stop } = await begin(["demo", ...ARGUMENTS, "--data-dir", folder]);
    process.env.BASE_URL = address;
    return () => stop().then(remove);
  } catch (error) {
    remove();
    throw error;
  }
}

/** Starts the program on a free port: where it is, and how to stop it. */
export async function begin(args) {
  const tidemark = spawn(PROGRAM, [...args, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => tidemark.once("close", resolve));
  const stop = async () => {
    const impatient = setTimeout(() => tidemark.kill("SIGKILL"), STOP_MILLIS);
    tidemark.kill("SIGTERM");
    await ended;
    clearTimeout(impatient);
  };
  try {
    return { address: await addressOf(tidemark), stop };
  } catch (error) {
    tidemark.kill("SIGKILL");
    throw error;
  }
}

/** Where the program says it is, on either of its outputs; what it said instead, when it ends or stays silent. */
function addressOf(tidemark) {
  return new Promise((resolve, reject) => {
    const said = [];
    const fail = (why) => reject(new Error(`tidemark ${why}. It said:\n${said.join("\n")}`));
    const tooLate = setTimeout(() => fail(`gave no address within ${START_MILLIS / 1000} s`), START_MILLIS);
    tidemark.once("error", (error) => fail(`did not start: ${error.message}`));
    tidemark.once("close", (code) => fail(`ended with status ${code}`));
    // Reading goes on after the address: a full pipe would stop the program.
    for (const output of [tidemark.stdout, tidemark.stderr]) {
      createInterface({ input: output }).on("line", (line) => {
        said.push(line);
        const found = /Tidemark is at (http:\/\/\S+)/.exec(line);
        if (found) {
          clearTimeout(tooLate);
          resolve(found[1]);
        }
      });
    }
  });
}
