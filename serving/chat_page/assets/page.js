// What the scripts of the page share: where it is, what it knows, how it calls the API, and its words.

import { make } from "/chat/assets/drawing.js";
import { TEXTS } from "/chat/assets/texts.js";

export const at = (id) => document.getElementById(id);
export const named = decodeURIComponent(location.pathname.split("/")[2] || "");
export const organization = new URLSearchParams(location.search).get("organization");
export const isFramed = window.top !== window.self;

// `handover` is its state while a person is to answer, `elsewhere` another conversation that was left while one was to answer it.
// `epoch` counts what was done here: what was asked of the server before
// is not shown after. `counted` is how many messages the conversation had when they were last read.

export const page = {
  texts: TEXTS.en, bot: null, visiting: false, conversation: null, running: null, handover: null, wasHandedOver: false,
  elsewhere: null, epoch: 0, counted: 0, active: Date.now(),
};

// A browser may let a page inside another site's keep nothing but its cookie: where a visitor was is then asked of the server.

export const kept = {
  works: true,
  get(key) { try { return localStorage.getItem(key); } catch { kept.works = false; return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } },
  remove(key) { try { localStorage.removeItem(key); } catch { /* not kept */ } },
};
export const place = () => `pixel-chat-${page.visiting ? "visitor" : organization || ""}-${named}`;

export async function call(method, path, body) {
  const headers = { "X-Pixel-Page": "1" };
  if (page.visiting) headers["X-Pixel-Bot"] = page.bot.id;
  else if (organization) headers["X-Organization"] = organization;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" });
}

export async function problem(response) {
  const told = await response.json().catch(() => ({}));
  return told.detail || told.title || `${response.status}`;
}

// A response that is no error. Where the conversation is not to be gone on with, as after the end of a visit or where somebody
// else has begun it, the next question begins another one. What is thrown has the `status`; where no response came it has none.

export async function must(response) {
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  const isLost = (page.visiting && response.status === 401) || told.type === "/problems/others-conversation";
  if (isLost) { page.conversation = null; kept.remove(place()); }
  throw Object.assign(new Error(told.detail || told.title || `${response.status}`), { status: response.status });
}

// Words of the page: what has one of these marks says it in the language that is chosen.

export function speak(language) {
  const code = TEXTS[language] ? language : "en";
  page.texts = TEXTS[code];
  document.documentElement.lang = code;
  at("language").value = code;
  kept.set("pixel-chat-language", code);
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = page.texts[element.dataset.text];
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", page.texts[element.dataset.label]);
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = page.texts[element.dataset.placeholder];
  at("kept-text").textContent = page.visiting ? page.texts.kept.replace("{days}", page.bot.kept_days) : "";
}

export function say(text) { at("said").textContent = text; }

export function button(word, act, properties = {}) {
  const made = make("button", { type: "button", textContent: page.texts[word], ...properties });
  made.dataset.text = word;
  made.addEventListener("click", act);
  return made;
}

// Enter sends, Shift and Enter begin a line; a box is as high as its lines.

export function box(area, form) {
  const grow = () => { area.rows = Math.min(8, area.value.split("\n").length); };
  area.addEventListener("input", () => { page.active = Date.now(); grow(); });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  return grow;
}
