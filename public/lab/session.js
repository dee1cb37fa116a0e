// The last session, in the browser's own database: the report, what it was asked for with, and the files if they are small.

/** Files are kept up to this size, both together. */
const MOST_BYTES = 200 * 2 ** 20;
const STORE = "sessions";
const LAST = "last";

function open() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("tidemark-lab", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** Does one thing to the store, and closes the database, so that no other page waits for this one. */
async function within(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Keeps a session in place of the one before. A browser that keeps nothing (a private window, a full disk) is no failure. */
export async function keep({ report, request, files }) {
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  const kept = bytes <= MOST_BYTES ? files.map(({ file, name }) => ({ file, name })) : undefined;
  await within("readwrite", (store) => store.put({ saved: Date.now(), report, request, files: kept }, LAST)).catch(() => {});
}

/** The session that was kept last: `then(saved, report, request, files)`, not called if there is none. */
export async function last(then) {
  const session = await within("readonly", (store) => store.get(LAST)).catch(() => undefined);
  if (session) then(session.saved, session.report, session.request, session.files ?? []);
}

/** Wipes it. */
export async function forget() {
  await within("readwrite", (store) => store.delete(LAST)).catch(() => {});
}
