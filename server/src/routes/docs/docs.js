// The part of /docs that needs a browser: sending what is in a form, and showing what came back.
"use strict";

for (const form of document.querySelectorAll("form.try")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form).catch((error) => show(form, String(error)));
  });
}

async function send(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("input")) {
    if (input.dataset.in === "path") {
      path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    } else if (input.dataset.in === "query" && input.value !== "") {
      query.set(input.name, input.value);
    }
  }
  const area = form.querySelector("textarea");
  const request = { method: form.dataset.method.toUpperCase(), headers: {} };
  if (area) {
    request.body = area.value;
    request.headers["content-type"] = area.dataset.kind;
  }
  const asked = query.size > 0 ? `${path}?${query}` : path;
  show(form, `${request.method} ${asked} …`);
  const began = performance.now();
  const response = await fetch(asked, request);
  const text = await response.text();
  const took = Math.round(performance.now() - began);
  show(form, `${response.status} ${response.statusText} · ${took} ms · ${response.headers.get("content-type") ?? ""}\n\n${readable(text)}`);
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text.length > 20000 ? `${text.slice(0, 20000)}\n…` : text;
  }
}

function show(form, text) {
  const answer = form.querySelector(".answer");
  answer.hidden = false;
  answer.textContent = text;
}
