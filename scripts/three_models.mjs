// A service with three models for the pictures: one whose truth has turned, one that is asked other things than it knows, one that is fine.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROGRAM, begin } from "../end2end/tidemark.mjs";
import { generator } from "../end2end/tests/example.mjs";

const WINDOW = 500;
const WINDOWS = 24;
const FEATURES = ["income", "age", "amount", "tenure", "distance", "n_orders"];
// From this window on two of them are not what they were.
const CHANGED = 17;
const MODELS = {
  "loan-default": { turned: 0.35 },
  "customer-churn": { shift: 0.8 },
  "card-fraud": {},
};

/** Rows of uniform features; the first one says how likely the truth is. From the row `changed` on, something is different. */
function rows(seed, count, { turned = 0, shift = 0 }, changed = Infinity) {
  const random = generator(seed);
  return Array.from({ length: count }, (_, row) => {
    const is = row >= changed;
    const features = FEATURES.map((_, place) => random() + (is && (place === 2 || place === 3) ? shift : 0));
    const truth = random() < 0.1 + 0.8 * features[0] !== (is && random() < turned);
    return { features, truth: truth ? 1 : 0 };
  });
}

/** Trains and starts them, asks them, and tells them what was true. Data and models lie in `folder`. */
export async function threeModels(folder) {
  const files = Object.keys(MODELS).map((name, nth) => {
    const training = join(folder, `${name}.csv`);
    const lines = rows(nth, 6000, {}).map(({ features, truth }) => [...features, truth].join(","));
    writeFileSync(training, `${FEATURES.join(",")},truth\n${lines.join("\n")}\n`);
    const file = join(folder, `${name}.tidemark`);
    const trained = spawnSync(PROGRAM, ["train", training, "--target", "truth", "--trees", "30", "--max-depth", "6", "--out", file]);
    if (trained.status !== 0) throw new Error(`${name} was not trained: ${trained.stderr}`);
    return ["--model", file];
  });
  const args = ["--data-dir", join(folder, "models"), "--window", `${WINDOW}`, "--min-window", `${WINDOW}`, "--interval", "1"];
  const service = await begin(["serve", ...files.flat(), ...args]);
  for (let window = 0; window < WINDOWS; window++) {
    await Promise.all(Object.entries(MODELS).map(([name, change], nth) => ask(service, name, rows(100 * window + nth, WINDOW, change, window < CHANGED ? Infinity : 0))));
    // A comparison for every window.
    await new Promise((resolve) => { setTimeout(resolve, 1100); });
  }
  return service;
}

async function ask({ address }, model, asked) {
  const post = async (path, body) => {
    const url = new URL(`api/v1/models/${model}/${path}`, address);
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const row = ({ features }) => Object.fromEntries(FEATURES.map((name, place) => [name, features[place]]));
  const { ids } = await post("predict", { rows: asked.map(row) });
  await post("labels", ids.map((id, place) => ({ id, label: asked[place].truth })));
}
