// One closing line for all projects.
export default class Summary {
  #counts = { passed: 0, failed: 0, skipped: 0 };
  #began = Date.now();

  onTestEnd(test, { status }) {
    if (status === "skipped") this.#counts.skipped += 1;
    else this.#counts[status === test.expectedStatus ? "passed" : "failed"] += 1;
  }

  onEnd({ status }) {
    const { passed, failed, skipped } = this.#counts;
    const seconds = ((Date.now() - this.#began) / 1000).toFixed(0);
    console.log(`end to end ${status}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s.`);
  }
}
