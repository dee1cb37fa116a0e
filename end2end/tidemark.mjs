// Starts the demo on a free port and a folder of its own, and stops it after the last test.
// With BASE_URL set, the tests go there instead.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../target/release/tidemark", import.meta.url));
// Small enough to be up in seconds, and busy enough for numbers to move while a test looks.
const ARGUMENTS = ["--listen", "127.0.0.1:0", "--rows", "6000", "--trees", "20", "--interval", "2", "--rate", "200"];
const START_MILLIS = 120_000;
const STOP_MILLIS = 10_000;

export default async function start() {
  if (process.env.BASE_URL) return undefined;

  const folder = mkdtempSync(join(tmpdir(), "tidemark-end2end-"));
  const tidemark = spawn(PROGRAM, ["demo", ...ARGUMENTS, "--data-dir", folder], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => tidemark.once("close", resolve));
  try {
    process.env.BASE_URL = await address(tidemark);
  } catch (error) {
    tidemark.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }

  return async () => {
    const impatient = setTimeout(() => tidemark.kill("SIGKILL"), STOP_MILLIS);
    tidemark.kill("SIGTERM");
    await ended;
    clearTimeout(impatient);
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Where the program says it is, on either of its outputs; what it said instead, when it ends or stays silent. */
function address(tidemark) {
  return new Promise((resolve, reject) => {
    const said = [];
    const fail = (why) => reject(new Error(`tidemark demo ${why}. It said:\n${said.join("\n")}`));
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
