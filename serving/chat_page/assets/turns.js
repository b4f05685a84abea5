// The turns that are shown, in order, and what can be done with each.
//
// A turn knows its message (`id`, `parentId`, `author`, `sibling` of `siblings`). Without an id it is none: the welcome
// (`stays`), what is said while a person is to answer (`of` a question), or a question that is not stored yet.

import { make, show } from "/chat/assets/drawing.js";
import { at, box, button, call, page, problem } from "/chat/assets/page.js";
import { cited, marks, openPassage } from "/chat/assets/passages.js";

export const turns = [];
export const acts = {}; // what the buttons do: edit(turn, text, told), retry(turn), step(turn, by)

const SPEAKERS = { user: "you", bot: "bot", agent: "person" };

export function add(author, text, known = {}) {
  const body = make("div", { className: "text" });
  const tools = make("div", { className: "acts" });
  const speaker = worded("span", SPEAKERS[author], author === "agent" ? "by" : "hidden");
  const article = make("article", { className: author === "user" ? "user" : "assistant" }, speaker, body, tools);
  show(body, text, marks(new Map()));
  at("log").append(article);
  const turn = { author, text, article, body, tools, sibling: 1, siblings: 1, ...known };
  turns.push(turn);
  return turn;
}

// Who looks at the end keeps looking at it while something above it or below the log changes its height.

let isDown = true;
const log = at("log");
log.addEventListener("scroll", () => { isDown = log.scrollHeight - log.scrollTop - log.clientHeight < 40; });
const stay = () => { if (isDown) down(); };
new ResizeObserver(stay).observe(log);

export function down() { log.scrollTop = log.scrollHeight; }

export function remove(turn) {
  turn.article.remove();
  turns.splice(turns.indexOf(turn), 1);
}

// A turn and all that follow it.

export function cut(turn) {
  for (const one of turns.slice(turns.indexOf(turn))) remove(one);
}

export function clear() {
  turns.length = 0;
  at("log").replaceChildren();
}

function worded(tag, word, className) {
  const made = make(tag, { className, textContent: page.texts[word] });
  made.dataset.text = word;
  return made;
}

// What stands below an answer.

export function finish(answer, turn) {
  cited(turn.body, answer.content, answer.citations);
  turn.text = answer.content;
  list(turn, "sources", "sources", answer.citations.length ? answer.citations : answer.related, (source) =>
    [`${source.number} · ${source.document_name}`, () => openPassage(source)]);
  list(turn, "more", "about", answer.suggestions, (one) => [one, () => { at("question").value = one; at("question").focus(); }]);
  if (answer.receipt_url) turn.tools.before(thumbs(answer.message_id, 0));
}

function list(turn, kind, title, items, told) {
  if (!items.length) return;
  const made = make("ul", { className: kind }, worded("li", title, "hint"));
  for (const item of items) {
    const [label, act] = told(item);
    const one = make("button", { type: "button", textContent: label });
    one.addEventListener("click", act);
    made.append(make("li", {}, one));
  }
  turn.tools.before(made);
}

function thumbs(messageId, rated) {
  const foot = make("div", { className: "foot" });
  const comment = make("input", { type: "text", maxLength: 1000, placeholder: page.texts.comment, hidden: true });
  comment.setAttribute("aria-label", page.texts.comment);
  comment.dataset.label = comment.dataset.placeholder = "comment";
  const told = make("span", { className: "hint" });
  told.setAttribute("role", "status");
  const buttons = [[1, "up"], [-1, "down"]].map(([rating, word]) => {
    const one = button(word, () => rate(rating));
    one.setAttribute("aria-pressed", String(rated === rating));
    return one;
  });
  async function rate(rating) {
    const body = { rating, comment: comment.value.trim() || null };
    const response = await call("PUT", `/api/v1/messages/${messageId}/feedback`, body);
    if (!response.ok) { told.textContent = await problem(response); return; }
    rated = rating;
    buttons.forEach((one, index) => one.setAttribute("aria-pressed", String((index ? -1 : 1) === rating)));
    comment.hidden = rating !== -1;
    told.textContent = page.texts.thanks;
  }
  comment.addEventListener("change", () => rate(rated));
  foot.append(...buttons, comment, told);
  return foot;
}

// Something went wrong with a turn.

export function failed(turn, message, ...more) {
  turn.tools.before(make("p", { className: "problem", textContent: message }), ...more);
}

// Messages of the server -> the turns that are shown; the turns that are new.

export function sync(messages) {
  const ids = new Set(messages.map((message) => message.id));
  for (const turn of [...turns]) if (!turn.stays && !ids.has(turn.id) && !ids.has(turn.of)) remove(turn);
  const fresh = [];
  for (const message of messages) {
    let turn = turns.find((one) => one.id === message.id);
    if (!turn) fresh.push((turn = stored(message)));
    Object.assign(turn, { parentId: message.parent_id, ordinal: message.ordinal, sibling: message.sibling, siblings: message.siblings });
  }
  dress();
  return fresh;
}

function stored(message) {
  const turn = add(message.author, message.content, { id: message.id, state: message.state });
  if (message.author !== "bot") return turn;
  if (message.state === "complete") {
    turn.tools.before(thumbs(message.id, message.rating || 0));
    recall(turn);
  } else turn.tools.before(worded("p", message.state === "streaming" ? "answering" : "cut", "hint"));
  return turn;
}

async function recall(turn) {
  const citations = await call("GET", `/api/v1/messages/${turn.id}/citations`).catch(() => null);
  if (citations && citations.ok) cited(turn.body, turn.text, await citations.json());
  stay();
}

// The buttons of every turn, as right and state allow. What has the focus keeps it.

export function dress() {
  const held = document.activeElement && document.activeElement.dataset.key;
  const messages = turns.filter((turn) => turn.id);
  messages.forEach((turn, index) => {
    if (page.handover) close(turn);
    turn.tools.replaceChildren(...tools(turn, messages[index - 1], index === messages.length - 1));
  });
  if (held) (find(held) || at("question")).focus({ preventScroll: true });
}

export const find = (key) => document.querySelector(`[data-key="${key}"]:not(:disabled)`);

// While a person is to answer there is one thread, which they read: nobody goes off into another branch of it.

function tools(turn, before, isLast) {
  if (page.handover) return [];
  const made = turn.siblings > 1 ? [versions(turn)] : [];
  if (turn.author === "user") made.push(act(turn, "edit", () => open(turn), { hidden: Boolean(turn.form) }));
  const isOver = turn.author === "bot" && isLast && !page.running;
  if (isOver && before && before.author === "user") made.push(act(turn, "again", () => acts.retry(turn)));
  return made;
}

function act(turn, word, does, properties = {}) {
  const made = button(word, does, { disabled: Boolean(page.running), ...properties });
  made.dataset.key = `${word}-${turn.id}`;
  return made;
}

function versions(turn) {
  const told = page.texts.version.replace("{number}", turn.sibling).replace("{count}", turn.siblings);
  const made = make("div", { className: "versions" }, ...[["earlier", "‹", -1], ["later", "›", 1]].map(([word, sign, by]) => {
    const isEnd = turn.sibling + by < 1 || turn.sibling + by > turn.siblings;
    const arrow = act(turn, word, () => acts.step(turn, by), { textContent: sign, disabled: isEnd || Boolean(page.running) });
    delete arrow.dataset.text;
    arrow.dataset.label = word;
    arrow.setAttribute("aria-label", page.texts[word]);
    return arrow;
  }));
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", page.texts.versions);
  made.dataset.label = "versions";
  made.firstChild.after(make("span", { textContent: told }));
  return made;
}

// A question in other words.

function open(turn) {
  const area = make("textarea", { maxLength: 8000, value: turn.text, required: true });
  area.setAttribute("aria-label", page.texts.edit);
  area.dataset.label = "edit";
  const told = make("p", { className: "problem", hidden: true });
  told.setAttribute("role", "alert");
  const send = worded("button", "editSend", "main");
  const back = () => { if (page.running) return; close(turn); dress(); find(`edit-${turn.id}`).focus(); };
  const form = make("form", { className: "edit" }, area, told, make("div", { className: "choices" }, button("cancel", back), send));
  box(area, form)();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (area.value.trim() && !page.running) acts.edit(turn, area.value.trim(), { area, told });
  });
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") back(); });
  turn.form = form;
  turn.body.hidden = true;
  turn.body.after(form);
  turn.article.classList.add("editing");
  dress();
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
}

function close(turn) {
  if (!turn.form) return;
  turn.form.remove();
  turn.form = null;
  turn.body.hidden = false;
  turn.article.classList.remove("editing");
}
