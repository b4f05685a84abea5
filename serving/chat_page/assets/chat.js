// The chat page: of members who sign in, and of visitors of a bot that is published to anyone.

import { events, make, marked, show } from "/chat/assets/drawing.js";
import { TEXTS } from "/chat/assets/texts.js";

const RETRIES = 6;
const LOOK_EVERY_MS = 5000;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MEMBER = "pixel-chat-member";
const at = (id) => document.getElementById(id);
const named = decodeURIComponent(location.pathname.split("/")[2] || "");
const organization = new URLSearchParams(location.search).get("organization");
const isFramed = window.top !== window.self;
let texts = TEXTS.en;
let bot = null;
let visiting = false;
let conversation = null;
let running = null;
let waits = false;
let seen = new Set();

// A browser may let a page inside another site's keep nothing but its cookie: where a visitor was is then asked of the server.

const kept = {
  works: true,
  get(key) { try { return localStorage.getItem(key); } catch { kept.works = false; return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } },
  remove(key) { try { localStorage.removeItem(key); } catch { /* not kept */ } },
};
const place = () => `pixel-chat-${visiting ? "visitor" : organization || ""}-${named}`;

async function call(method, path, body) {
  const headers = { "X-Pixel-Page": "1" };
  if (visiting) headers["X-Pixel-Bot"] = bot.id;
  else if (organization) headers["X-Organization"] = organization;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" });
}

async function problem(response) {
  const told = await response.json().catch(() => ({}));
  return told.detail || told.title || `${response.status}`;
}

// A response that is no error. A visit that is over takes its conversation with it; the next question begins another one.

async function must(response) {
  if (response.ok) return response;
  if (visiting && response.status === 401) { conversation = null; kept.remove(place()); }
  throw new Error(await problem(response));
}

// Words of the page.

function speak(language) {
  const code = TEXTS[language] ? language : "en";
  texts = TEXTS[code];
  document.documentElement.lang = code;
  at("language").value = code;
  kept.set("pixel-chat-language", code);
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = texts[element.dataset.text];
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", texts[element.dataset.label]);
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = texts[element.dataset.placeholder];
  at("kept-text").textContent = visiting ? texts.kept.replace("{days}", bot.kept_days) : "";
}

function marks(citations) {
  return (number) => {
    const citation = citations.get(number);
    if (!citation) return null;
    const button = make("button", { type: "button", className: "cite", textContent: `${number}` });
    button.setAttribute("aria-label", `${texts.open} ${number}: ${citation.document_name}`);
    button.addEventListener("click", () => openPassage(citation));
    return button;
  };
}

function bubble(role, text, speaker = role === "user" ? texts.you : texts.bot) {
  const body = make("div", { className: "text" });
  const article = make("article", { className: role }, make("span", { className: "hidden", textContent: speaker }), body);
  show(body, text, marks(new Map()));
  at("log").append(article);
  at("log").scrollTop = at("log").scrollHeight;
  return { article, body };
}

async function openPassage(citation) {
  const dialog = at("passage");
  at("passage-name").textContent = citation.document_name;
  const where = [...(citation.heading_path || [])];
  if (citation.page) where.push(`${texts.page} ${citation.page}`);
  at("passage-place").textContent = where.join(" › ");
  at("passage-text").textContent = "…";
  dialog.showModal();
  if (visiting && running) await running.over; // visitors open what an answer has shown: once it is there
  const response = await call("GET", citation.url);
  if (!response.ok) { at("passage-text").textContent = await problem(response); return; }
  const passage = await response.json();
  const pieces = [];
  if (passage.before) pieces.push(make("span", { className: "around", textContent: `${passage.before}\n` }));
  pieces.push(...marked(passage.text, citation.quotes || []));
  if (passage.after) pieces.push(make("span", { className: "around", textContent: `\n${passage.after}` }));
  at("passage-text").replaceChildren(...pieces);
  const first = at("passage-text").querySelector("mark");
  if (first) first.scrollIntoView({ block: "center" });
}

// What stands below an answer.

function finish(answer, shown) {
  cited(shown, answer.content, answer.citations);
  list(shown, "sources", texts.sources, answer.citations.length ? answer.citations : answer.related, (source) =>
    [`${source.number} · ${source.document_name}`, () => openPassage(source)]);
  list(shown, "more", texts.about, answer.suggestions, (one) => [one, () => { at("question").value = one; at("question").focus(); }]);
  if (answer.receipt_url) shown.article.append(thumbs(answer.message_id, 0));
  waits = Boolean(answer.handover);
}

function cited(shown, text, citations) {
  show(shown.body, text, marks(new Map(citations.map((citation) => [citation.number, citation]))));
}

function list(shown, kind, title, items, told) {
  if (!items.length) return;
  const made = make("ul", { className: kind }, make("li", { className: "hint", textContent: title }));
  for (const item of items) {
    const [label, act] = told(item);
    const button = make("button", { type: "button", textContent: label });
    button.addEventListener("click", act);
    made.append(make("li", {}, button));
  }
  shown.article.append(made);
}

function thumbs(messageId, rated) {
  const foot = make("div", { className: "foot" });
  const comment = make("input", { type: "text", maxLength: 1000, placeholder: texts.comment, hidden: true });
  comment.setAttribute("aria-label", texts.comment);
  const told = make("span", { className: "hint" });
  told.setAttribute("role", "status");
  const buttons = [[1, texts.up], [-1, texts.down]].map(([rating, label]) => {
    const button = make("button", { type: "button", textContent: label });
    button.setAttribute("aria-pressed", String(rated === rating));
    button.addEventListener("click", () => rate(rating));
    return button;
  });
  async function rate(rating) {
    const body = { rating, comment: comment.value.trim() || null };
    const response = await call("PUT", `/api/v1/messages/${messageId}/feedback`, body);
    if (!response.ok) { told.textContent = await problem(response); return; }
    rated = rating;
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String((index ? -1 : 1) === rating)));
    comment.hidden = rating !== -1;
    told.textContent = texts.thanks;
  }
  comment.addEventListener("change", () => rate(rated));
  foot.append(...buttons, comment, told);
  return foot;
}

// Asking: the stream is read again from its last event when the connection breaks.

async function begin() {
  if (visiting) await must(await call("POST", `/chat/${bot.id}/visitor`));
  const started = await must(await call("POST", "/api/v1/conversations", { chatbot_id: bot.id, channel: "web" }));
  conversation = (await started.json()).id;
  kept.set(place(), conversation);
}

async function ask(question) {
  busy(true);
  bubble("user", question);
  const shown = bubble("assistant", "");
  shown.body.classList.add("waiting");
  const state = { text: "", citations: new Map(), url: "", id: "", answer: null, error: null, messageId: "" };
  state.over = new Promise((end) => { state.end = end; });
  running = state;
  const draw = () => { show(shown.body, state.text, marks(state.citations)); at("log").scrollTop = at("log").scrollHeight; };
  try {
    if (!conversation) await begin();
    let response = await call("POST", `/api/v1/conversations/${conversation}/messages`, { content: question, stream: true });
    for (let tries = 0; ; tries += 1) {
      if (response) await must(response);
      if (response) await read(response, state, draw).catch(() => {});
      if (state.answer || (state.error && !state.error.resume_url)) break;
      if (!state.url || tries >= RETRIES) throw new Error((state.error && state.error.detail) || texts.lost);
      at("said").textContent = texts.lost;
      await new Promise((later) => setTimeout(later, 500 * 2 ** tries));
      state.error = null;
      response = await call("GET", `${state.url}?after=${encodeURIComponent(state.id)}`).catch(() => null);
    }
    if (state.error) throw new Error(state.error.detail);
    finish(state.answer, shown);
    at("said").textContent = `${texts.done} ${state.answer.content}`;
  } catch (error) {
    shown.article.append(make("p", { className: "problem", textContent: error.message }));
    const again = make("button", { type: "button", textContent: texts.again });
    again.addEventListener("click", () => { again.remove(); ask(question); });
    shown.article.append(again);
    at("said").textContent = error.message;
  } finally {
    shown.body.classList.remove("waiting");
    running = null;
    state.end();
    busy(false);
    at("log").scrollTop = at("log").scrollHeight;
  }
}

async function read(response, state, draw) {
  for await (const blocks of events(response)) {
    for (const fields of blocks) {
      if (fields.data) take(fields.event, JSON.parse(fields.data), state);
      if (fields.id) state.id = fields.id;
    }
    draw();
  }
}

function take(name, data, state) {
  if (name === "answer.started") { state.url = data.stream_url; state.messageId = data.message_id; }
  else if (name === "answer.reset") { state.text = ""; state.citations.clear(); }
  else if (name === "answer.delta") state.text += data.text;
  else if (name === "answer.citation") state.citations.set(data.number, data);
  else if (name === "answer.completed") state.answer = data;
  else if (name === "error") state.error = data;
}

function busy(is) {
  at("send").hidden = is;
  at("stop").hidden = !is;
  at("forget").disabled = is;
  at("question").setAttribute("aria-busy", String(is));
  if (!is) at("question").focus();
}

// While a person is to answer, what they write appears by itself.

async function look() {
  if (!waits || !conversation || running || document.hidden) return;
  const response = await call("GET", `/api/v1/conversations/${conversation}/messages`).catch(() => null);
  if (!response || !response.ok || running) return;
  for (const message of await response.json()) {
    if (message.author !== "agent" || seen.has(message.id)) continue;
    seen.add(message.id);
    bubble("assistant", message.content, texts.person);
    at("said").textContent = `${texts.person}: ${message.content}`;
  }
}

// Coming in and going. A visitor needs no account; who has one signs in and then comes as a member.

async function enter() {
  bot = null;
  visiting = false;
  let told = kept.get(MEMBER) || !ID.test(named) ? await memberBot() : null;
  if (!bot && ID.test(named)) await visitorBot();
  if (!bot && !told) told = await memberBot();
  if (!bot && told.status === 401) { door(); return; }
  at("door").hidden = true;
  at("room").hidden = at("new").hidden = false;
  at("leave").hidden = visiting;
  at("enter").hidden = !visiting || isFramed; // nobody is to type a password inside another site's page
  at("kept").hidden = !visiting;
  at("log").replaceChildren();
  at("ask").hidden = !bot;
  if (!bot) { bubble("assistant", told.ok ? texts.gone : await problem(told)); return; }
  speak(at("language").value);
  at("name").textContent = document.title = bot.name;
  fresh();
  await restore();
  at("question").focus();
}

async function memberBot() {
  const response = await call("GET", "/api/v1/chatbots");
  if (response.status === 401) kept.remove(MEMBER);
  const found = response.ok ? (await response.json()).find((one) => one.slug === named || one.id === named) : null;
  if (found) bot = { ...found, welcome_message: found.config.welcome_message };
  return response;
}

async function visitorBot() {
  const response = await call("GET", `/chat/${encodeURIComponent(named)}/about`);
  if (!response.ok) return;
  bot = await response.json();
  visiting = true;
}

function door() {
  at("door").hidden = false;
  at("room").hidden = at("new").hidden = at("enter").hidden = true;
  at("back").hidden = !visiting;
  at("email").focus();
}

function fresh() {
  conversation = null;
  waits = false;
  seen = new Set();
  at("log").replaceChildren();
  if (bot && bot.welcome_message) bubble("assistant", bot.welcome_message);
}

async function restore() {
  const id = kept.get(place()) || (kept.works ? null : bot.conversation_id);
  if (!id) return;
  const response = await call("GET", `/api/v1/conversations/${encodeURIComponent(id)}/messages`);
  if (!response.ok) { kept.remove(place()); return; }
  conversation = id;
  for (const message of await response.json()) {
    const isPerson = message.author === "agent";
    const shown = bubble(message.role, message.content, isPerson ? texts.person : undefined);
    waits = message.author !== "bot";
    seen.add(message.id);
    if (message.author !== "bot" || message.state !== "complete") continue;
    const citations = await call("GET", `/api/v1/messages/${message.id}/citations`);
    if (citations.ok) cited(shown, message.content, await citations.json());
    shown.article.append(thumbs(message.id, message.rating || 0));
  }
}

async function forget() {
  at("forgetting").close();
  const response = await call("DELETE", `/chat/${bot.id}/visitor`);
  if (!response.ok && response.status !== 401) { at("said").textContent = await problem(response); return; }
  kept.remove(place());
  fresh();
  at("said").textContent = texts.forgotten;
  at("question").focus();
}

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = at("sign-in").querySelector(".problem");
  told.hidden = true;
  const response = await call("POST", "/chat/session", { email: at("email").value, password: at("password").value });
  if (response.ok) { at("password").value = ""; kept.set(MEMBER, "1"); await enter(); return; }
  told.textContent = await problem(response);
  told.hidden = false;
  at("password").focus();
});
at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = at("question").value.trim();
  if (!question || running) return;
  at("question").value = "";
  grow();
  ask(question);
});
at("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); at("ask").requestSubmit(); }
});
function grow() {
  at("question").rows = Math.min(8, at("question").value.split("\n").length);
}
at("question").addEventListener("input", grow);
at("stop").addEventListener("click", () => { if (running && running.messageId) call("POST", `/api/v1/messages/${running.messageId}/stop`); });
at("close").addEventListener("click", () => at("passage").close());
at("new").addEventListener("click", () => { kept.remove(place()); fresh(); at("question").focus(); });
at("enter").addEventListener("click", door);
at("back").addEventListener("click", enter);
at("forget").addEventListener("click", () => at("forgetting").showModal());
at("forget-no").addEventListener("click", () => at("forgetting").close());
at("forget-yes").addEventListener("click", forget);
at("leave").addEventListener("click", async () => {
  await call("DELETE", "/chat/session");
  kept.remove(place());
  kept.remove(MEMBER);
  location.reload();
});
at("language").addEventListener("change", () => speak(at("language").value));
setInterval(look, LOOK_EVERY_MS);

speak(kept.get("pixel-chat-language") || navigator.language.slice(0, 2));
enter();
