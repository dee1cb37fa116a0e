// Keeps /compare, and every file it needs, so that it opens without a network. Registered for that page alone.
//
// The files' addresses carry the version of the site, and a cache belongs to one version: what is in it never changes. The page
// itself comes from the network as long as there is one. When it names another version than the cache, the new
// version is fetched beside the old one, which goes only when the new one is whole.

const PAGE = "/compare";
const PREFIX = "tidemark-lab-";

addEventListener("install", (event) => {
  event.waitUntil(fetch(PAGE, { cache: "no-store" }).then(refresh).then(() => skipWaiting()));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(event));
  else if (pathname.startsWith("/pkg/") || pathname === "/favicon.svg") event.respondWith(file(request));
});

async function page(event) {
  try {
    const fresh = await fetch(event.request);
    if (fresh.ok) event.waitUntil(refresh(fresh.clone()).catch(() => {}));
    return fresh;
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept) return kept;
    throw error;
  }
}

/** From the cache of its version, or from the network. Fonts and the icon carry no version, and are those of the latest. */
async function file(request) {
  const version = new URL(request.url).searchParams.get("v");
  const cacheName = version ? PREFIX + version : undefined;
  const kept = await caches.match(request, { cacheName, ignoreSearch: true }).catch(() => undefined);
  return kept ?? fetch(request);
}

/** Brings the cache into step with a page that has just come. */
async function refresh(response) {
  if (!response.ok) throw new Error(`status ${response.status}`);
  const version = /name="tidemark-assets" content="([^"]+)"/.exec(await response.clone().text())?.[1];
  if (!version) throw new Error("the page names no version");
  const name = PREFIX + version;
  const cache = await caches.open(name);
  // The page goes in last: a cache that has it is whole.
  if (!(await cache.match(PAGE))) {
    const list = await fetch(`/pkg/offline.json?v=${version}`);
    await cache.addAll((await list.json()).map((path) => `${path}?v=${version}`));
  }
  await cache.put(PAGE, response);
  const others = (await caches.keys()).filter((other) => other.startsWith(PREFIX) && other !== name);
  await Promise.all(others.map((other) => caches.delete(other)));
}
